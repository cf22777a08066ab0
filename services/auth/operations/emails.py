"""Proving and changing addresses."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import InvalidToken
from services.auth.events import EmailVerificationRequested, UserChanged
from services.auth.models import User
from services.auth.operations import action_tokens, throttling
from services.auth.operations.activity import note
from shared.errors import RateLimited
from shared.identity.action_tokens import VERIFY_EMAIL
from shared.messaging import record


def request_verification(session: Session, user: User, *, now: datetime) -> None:
    """Have a link mailed that proves the address. Emits EmailVerificationRequested."""
    token = action_tokens.issue(session, VERIFY_EMAIL, user_id=user.id, email=user.email, now=now)
    record(session, EmailVerificationRequested.of(token, user), about=("action_token", token.id))


def resend_verification(session: Session, user: User, *, now: datetime) -> bool:
    """Have the link mailed again, unless the address is proven; returns whether it is.

    Raises RateLimited beyond one a minute or five a day. Emits EmailVerificationRequested.
    """
    if user.email_verified:
        return False
    for limit in (throttling.MAIL_A_MINUTE, throttling.MAIL_A_DAY):
        counter = throttling.counter(limit, "verify", user.email.lower())
        wait = throttling.seconds_blocked(session, [counter], now=now)
        if wait or not throttling.may(session, counter, now=now):
            raise RateLimited(retry_after=wait or 60)
    request_verification(session, user, now=now)
    return True


def verify_email(session: Session, sent: str, *, client: Client, now: datetime) -> User:
    """Take the holder of a mailed link at their word: the address is theirs.

    A used link of an address that is proven by now is no error: mail scanners and double clicks use links twice.
    Raises InvalidToken. Emits UserChanged.
    """
    token = action_tokens.find(session, sent, VERIFY_EMAIL)
    user = session.get(User, token.user_id, with_for_update=True)
    if user is None or user.email != token.email:
        raise InvalidToken
    if token.used_at is not None and user.email_verified:
        return user
    action_tokens.use(session, sent, VERIFY_EMAIL, now=now)
    if not user.email_verified:
        user.email_verified_at = now
        record(session, UserChanged.of(user), subject=user)
        note(session, "email_verified", user_id=user.id, client=client, now=now)
    return user
