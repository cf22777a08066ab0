"""Proving and changing addresses."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import EmailTaken, InvalidToken, TooManyTries
from services.auth.events import EmailChangeRequested, EmailVerificationRequested, UserChanged
from services.auth.models import User
from services.auth.operations import action_tokens, throttling
from services.auth.operations.accounts import user_by_email
from services.auth.operations.activity import alert, note
from services.auth.operations.sessions import end_sessions
from shared.errors import Conflict
from shared.identity.action_tokens import CHANGE_EMAIL, RESET_PASSWORD, VERIFY_EMAIL
from shared.messaging import record


def request_verification(session: Session, user: User, *, now: datetime) -> None:
    """Have a link mailed that proves the address. Emits EmailVerificationRequested."""
    token = action_tokens.issue(session, VERIFY_EMAIL, user_id=user.id, email=user.email, now=now)
    record(session, EmailVerificationRequested.of(token, user), about=("action_token", token.id))


def resend_verification(session: Session, user: User, *, now: datetime) -> bool:
    """Have the link mailed again, unless the address is proven; returns whether it is.

    Raises TooManyTries beyond one a minute or five a day. Emits EmailVerificationRequested.
    """
    if user.email_verified:
        return False
    _count_mail(session, "verify", user.email, now=now)
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
        user.prove_email(now=now)
        record(session, UserChanged.of(user), subject=user)
        note(session, "email_verified", user_id=user.id, client=client, now=now)
    return user


def request_change(session: Session, user: User, new_email: str, *, client: Client, now: datetime) -> None:
    """Have a link mailed to the address that somebody wants to have; until it is used the old one counts.

    When another account has the address, its owner is told instead, and nobody learns that here. Raises TooManyTries.
    Emits EmailChangeRequested, or SecurityAlert.
    """
    _count_mail(session, "change", str(user.id), now=now)
    if new_email == user.email:
        return
    note(session, "email_change_requested", user_id=user.id, client=client, now=now)
    owner = user_by_email(session, new_email)
    if owner is not None and owner.id != user.id:
        if owner.is_active:
            alert(session, "registration_attempt", user_id=owner.id, client=client, now=now)
        return
    user.pending_email = new_email
    action_tokens.use_up_all(session, CHANGE_EMAIL, user_id=user.id, now=now)
    token = action_tokens.issue(session, CHANGE_EMAIL, user_id=user.id, email=new_email, now=now)
    told = EmailChangeRequested.of(token, user, old_email=user.email)
    record(session, told, about=("action_token", token.id))


def confirm_change(session: Session, sent: str, *, client: Client, now: datetime) -> User:
    """Take the new address by the link mailed to it; all sessions and older links end.

    Raises InvalidToken, Conflict when the address was taken meanwhile. Emits UserChanged, SecurityAlert,
    SessionRevoked.
    """
    token = action_tokens.use(session, sent, CHANGE_EMAIL, now=now)
    user = session.get(User, token.user_id, with_for_update=True)
    if user is None or not user.is_active or user.pending_email != token.email:
        raise InvalidToken
    owner = user_by_email(session, token.email)
    if owner is not None and owner.id != user.id:
        raise Conflict("Another account has this address by now.")
    alert(session, "email_changed", user_id=user.id, client=client, now=now)
    set_email(session, user, token.email, is_proven=True, now=now)
    note(session, "email_changed", user_id=user.id, client=client, now=now)
    return user


def set_email(session: Session, user: User, email: str, *, is_proven: bool, now: datetime) -> None:
    """Give an account another address; all sessions and all links mailed to the old one end.

    Raises EmailTaken. Emits UserChanged, SessionRevoked.
    """
    try:
        with session.begin_nested():
            user.email = email
            user.pending_email = None
            user.email_verified_at = None
            if is_proven:
                user.prove_email(now=now)
            session.flush()
    except IntegrityError as taken:
        raise EmailTaken from taken
    for purpose in (VERIFY_EMAIL, RESET_PASSWORD, CHANGE_EMAIL):
        action_tokens.use_up_all(session, purpose, user_id=user.id, now=now)
    record(session, UserChanged.of(user), subject=user)
    end_sessions(session, user_id=user.id, reason="email_changed", now=now)


def _count_mail(session: Session, what: str, whose: str, *, now: datetime) -> None:
    """Let a mail pass once a minute, five times a day. Raises TooManyTries."""
    for limit in (throttling.MAIL_A_MINUTE, throttling.MAIL_A_DAY):
        counter = throttling.counter(limit, what, whose.lower())
        wait = throttling.seconds_blocked(session, [counter], now=now)
        if wait or not throttling.may(session, counter, now=now):
            raise TooManyTries(retry_after=wait or 60)
