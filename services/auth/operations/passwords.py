"""Changing and resetting passwords."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.auth.clients.hashing import hasher
from services.auth.domain.devices import Client
from services.auth.domain.errors import InvalidToken, PasswordRefused, TooManyTries
from services.auth.events import PasswordChanged, PasswordResetRequested, UserChanged
from services.auth.models import ActionToken, AuthSession, User
from services.auth.operations import action_tokens, throttling
from services.auth.operations.accounts import user_by_email
from services.auth.operations.activity import note
from services.auth.operations.registration import hash_new_password
from services.auth.operations.sessions import end_sessions, refuse_tokens
from services.auth.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Conflict
from shared.identity.action_tokens import RESET_PASSWORD
from shared.messaging import record

# Earlier than any token of ours: refuses those of the replaced system only, which name no session.
LEGACY_TOKENS_ONLY = 1


def knows_own_password(user: User, password: str) -> bool:
    """Say whether somebody who is signed in knows their present password; failures count.

    Opens transactions of its own. Raises TooManyTries, Unavailable.
    """
    counter = throttling.counter(throttling.CODES, "password", user.id)
    _require_unblocked(counter)
    if hasher().check(password, user.password_hash).matches:
        # Tries at the same time are all hashed; the count decides which of them are answered.
        _require_unblocked(counter)
        return True
    with transaction() as session:
        is_within = throttling.may(session, counter, now=utc_now())
    if not is_within:
        _require_unblocked(counter)
    return False


def _require_unblocked(counter: throttling.Counter) -> None:
    with transaction() as session:
        wait = throttling.seconds_blocked(session, [counter], now=utc_now())
    if wait:
        raise TooManyTries(retry_after=wait)


def hash_replacement(user: User, password: str) -> str:
    """Return the hash of a person's next password. Raises PasswordRefused on `new_password`; takes long."""
    if user.password_hash is not None and hasher().check(password, user.password_hash).matches:
        raise PasswordRefused(["The new password must differ from the present one."], field="new_password")
    return hash_new_password(
        password, email=user.email, first_name=user.first_name, last_name=user.last_name, field="new_password"
    )


def change_password(
    session: Session,
    user: User,
    *,
    password_hash: str,
    seen_at: datetime | None,
    keep: AuthSession | None,
    client: Client,
    now: datetime,
) -> None:
    """Give a person another password and end all their sessions but `keep`.

    `seen_at` is when the password was set that was checked. Raises Conflict when it changed since.
    Emits PasswordChanged, UserChanged, SessionRevoked.
    """
    if user.password_changed_at != seen_at:
        raise Conflict("The password was changed at the same moment. Try again.")
    _set_password(session, user, password_hash, how="changed", client=client, now=now)
    others = [AuthSession.id != keep.id] if keep is not None else []
    end_sessions(session, *others, user_id=user.id, reason="password_changed", now=now)


def request_reset(session: Session, email: str, *, client: Client, now: datetime) -> None:
    """Have a link mailed that sets a new password, if the address is somebody's who may sign in.

    For an unknown address the same row is written, without anybody's name. Nothing is said about either.
    Emits PasswordResetRequested.
    """
    limits = [
        throttling.counter(throttling.MAIL_A_MINUTE, "reset", email.lower()),
        throttling.counter(throttling.MAIL_A_DAY, "reset", email.lower()),
        throttling.counter(throttling.MAIL_NETWORK, client.network),
    ]
    if throttling.seconds_blocked(session, limits, now=now):
        return
    if not all([throttling.may(session, one, now=now) for one in limits]):  # noqa: C419 - every limit counts this.
        return
    user = user_by_email(session, email)
    if user is None or not user.is_active:
        action_tokens.issue(session, RESET_PASSWORD, user_id=None, email=email, now=now)
        return
    send_reset(session, user, now=now)
    note(session, "password_reset_requested", user_id=user.id, client=client, now=now)


def send_reset(session: Session, user: User, *, now: datetime) -> None:
    """Have the link mailed. Emits PasswordResetRequested."""
    token = action_tokens.issue(session, RESET_PASSWORD, user_id=user.id, email=user.email, now=now)
    told = PasswordResetRequested.of(token, user, has_password=user.password_hash is not None)
    record(session, told, about=("action_token", token.id))


def holder_of_reset(session: Session, sent: str, *, now: datetime) -> User:
    """Return whose password a mailed link resets, without using it up. Raises InvalidToken."""
    token = action_tokens.find(session, sent, RESET_PASSWORD)
    user = session.get(User, token.user_id) if token.user_id else None
    if user is None or not user.is_active or not _is_open(token, user, now=now):
        raise InvalidToken
    return user


def reset_password(session: Session, sent: str, *, password_hash: str, client: Client, now: datetime) -> User:
    """Set a new password by a mailed link: all sessions and other links end, and the address is proven.

    Also lifts the account's sign-in counters, so that nobody is locked out by strangers. Raises InvalidToken.
    Emits PasswordChanged, UserChanged, SessionRevoked.
    """
    token = action_tokens.use(session, sent, RESET_PASSWORD, now=now)
    user = session.get(User, token.user_id, with_for_update=True) if token.user_id else None
    if user is None or not user.is_active or user.email != token.email:
        raise InvalidToken
    action_tokens.use_up_all(session, RESET_PASSWORD, user_id=user.id, now=now)
    if not user.email_verified:
        user.prove_email(now=now)
    _set_password(session, user, password_hash, how="reset", client=client, now=now)
    end_sessions(session, user_id=user.id, reason="password_reset", now=now)
    throttling.forget(session, throttling.counter(throttling.UNKNOWN_DEVICE, user.email.lower()))
    return user


def _is_open(token: ActionToken, user: User, *, now: datetime) -> bool:
    return token.used_at is None and token.expires_at > now and token.email == user.email


def _set_password(session: Session, user: User, password_hash: str, *, how: str, client: Client, now: datetime) -> None:
    user.password_hash = password_hash
    user.password_changed_at = now
    record(session, UserChanged.of(user), subject=user)
    record(session, PasswordChanged(user_id=user.id, how=how, device=client.device, at=now), about=("user", user.id))
    if settings().jwt_legacy_secret:
        refuse_tokens(session, user_id=user.id, reason=f"password_{how}", now=now, not_before=LEGACY_TOKENS_ONLY)
    note(session, f"password_{how}", user_id=user.id, client=client, now=now)
