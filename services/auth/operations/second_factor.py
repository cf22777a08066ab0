"""The second factor: an authenticator app and recovery codes."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.auth.domain import totp
from services.auth.domain.devices import Client
from services.auth.domain.errors import (
    MfaAlreadyOn,
    MfaInvalid,
    MfaNotOn,
    MfaRequired,
    MfaRequiredForStaff,
    TooManyTries,
)
from services.auth.domain.sealing import seal, unseal
from services.auth.events import UserChanged
from services.auth.models import AuthSession, RecoveryCode, Totp, User
from services.auth.operations import action_tokens, throttling
from services.auth.operations.activity import alert, note
from services.auth.operations.sessions import end_sessions
from services.auth.settings import settings
from shared.identity.action_tokens import MFA_LOGIN
from shared.messaging import record

ISSUER = "Estuary"
SETUP_LASTS = timedelta(minutes=10)


def ask(session: Session, user: User, code: str | None, *, first: str, client: Client, now: datetime) -> list[str]:
    """Return the methods of a sign-in whose first factor is proven: with the second, if the account has one.

    Raises MfaInvalid for a wrong code, and MfaRequired, with a token to come back with, when there is none.
    """
    if not user.mfa_enabled:
        return [first]
    if not code:
        details = {"first": first}
        token = action_tokens.issue(session, MFA_LOGIN, user_id=user.id, email=user.email, now=now, details=details)
        raise MfaRequired(errors={"mfa_token": [action_tokens.formed(token)], "methods": ["totp", "recovery_code"]})
    return [first, check(session, user, code, client=client, now=now)]


def check(session: Session, user: User, code: str, *, client: Client, now: datetime) -> str:
    """Use a code up and return its kind; wrong ones are counted, which the caller commits (`keeping_refusals`).

    Raises MfaInvalid, TooManyTries. Emits SecurityAlert for a recovery code.
    """
    tries = throttling.counter(throttling.CODES, "mfa", user.id)
    wait = throttling.seconds_blocked(session, [tries], now=now)
    if wait:
        raise TooManyTries(retry_after=wait)
    kind = _kind_of(session, user, code, now=now)
    if kind is None:
        throttling.count(session, tries, now=now)
        note(session, "second_factor", result="refused", user_id=user.id, client=client, now=now)
        raise MfaInvalid
    throttling.forget(session, tries)
    if kind == "recovery_code":
        alert(session, "recovery_code_used", user_id=user.id, client=client, now=now)
    return kind


def _kind_of(session: Session, user: User, code: str, *, now: datetime) -> str | None:
    if totp.is_code(code):
        return "totp" if _use_totp(session, user, totp.digits(code), now=now) else None
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == _hashed(user, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.user_id)
        .execution_options(synchronize_session=False)
    )
    return None if used is None else "recovery_code"


def prepare_totp(session: Session, user: User, *, now: datetime) -> tuple[str, str, datetime]:
    """Make a secret for an authenticator app; returns it in base32, as an address for a QR code, and until when.

    Not in force before `confirm_totp`. Raises MfaAlreadyOn.
    """
    if user.mfa_enabled:
        raise MfaAlreadyOn
    secret = secrets.token_bytes(20)
    session.execute(delete(Totp).where(Totp.user_id == user.id))
    session.add(
        Totp(user_id=user.id, secret=seal(settings().auth_encryption_key, secret, place=_place(user)), created_at=now)
    )
    shown = base64.b32encode(secret).decode()
    uri = f"otpauth://totp/{ISSUER}:{quote(user.email)}?secret={shown}&issuer={ISSUER}"
    return shown, uri, now + SETUP_LASTS


def confirm_totp(
    session: Session, user: User, code: str, *, keep: AuthSession | None, client: Client, now: datetime
) -> list[str]:
    """Put the prepared app in force by its first code, and return ten recovery codes, never shown again.

    All sessions but `keep` end. Wrong codes are counted (`keeping_refusals`). Raises MfaNotOn when nothing was prepared
    of late, MfaAlreadyOn, MfaInvalid, TooManyTries. Emits UserChanged, SecurityAlert, SessionRevoked.
    """
    if user.mfa_enabled:
        raise MfaAlreadyOn
    prepared = session.get(Totp, user.id, with_for_update=True)
    if prepared is None or prepared.created_at + SETUP_LASTS <= now:
        raise MfaNotOn
    if check(session, user, code, client=client, now=now) != "totp":
        raise MfaInvalid
    prepared.confirmed_at = now
    user.mfa_enabled_at = now
    record(session, UserChanged.of(user), subject=user)
    alert(session, "mfa_enabled", user_id=user.id, client=client, now=now)
    note(session, "mfa_enabled", user_id=user.id, client=client, now=now)
    _end_others(session, user, keep=keep, now=now)
    return _fresh_recovery_codes(session, user)


def replace_recovery_codes(session: Session, user: User, *, client: Client, now: datetime) -> list[str]:
    """Return ten new recovery codes; the old ones are worth nothing. Raises MfaNotOn."""
    if not user.mfa_enabled:
        raise MfaNotOn
    note(session, "recovery_codes_replaced", user_id=user.id, client=client, now=now)
    return _fresh_recovery_codes(session, user)


def disable(
    session: Session,
    user: User,
    *,
    keep: AuthSession | None,
    client: Client,
    now: datetime,
    by_staff: int | None = None,
) -> None:
    """Take the second factor off; all sessions but `keep` end.

    Raises MfaRequiredForStaff, unless staff do it for them. Emits UserChanged, SecurityAlert, SessionRevoked.
    """
    if by_staff is None and user.is_staff and settings().staff_needs_mfa:
        raise MfaRequiredForStaff
    if not user.mfa_enabled:
        return
    forget(session, user)
    record(session, UserChanged.of(user), subject=user)
    alert(session, "mfa_disabled", user_id=user.id, client=client, now=now)
    note(session, "mfa_disabled", user_id=user.id, client=client, now=now, actor_id=by_staff)
    _end_others(session, user, keep=keep, now=now)


def forget(session: Session, user: User) -> None:
    """Delete app and codes, and say nothing."""
    session.execute(delete(Totp).where(Totp.user_id == user.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    user.mfa_enabled_at = None


def recovery_codes_left(session: Session, user: User) -> int:
    """Return how many recovery codes were not used yet."""
    unused = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return int(session.scalar(unused) or 0)


def _end_others(session: Session, user: User, *, keep: AuthSession | None, now: datetime) -> None:
    others = [AuthSession.id != keep.id] if keep is not None else []
    end_sessions(session, *others, user_id=user.id, reason="mfa_changed", now=now)


def _use_totp(session: Session, user: User, code: str, *, now: datetime) -> bool:
    """Accept a code of the app once; the row is locked, so that of two equal codes at once one is refused."""
    app = session.get(Totp, user.id, with_for_update=True, populate_existing=True)
    if app is None:
        return False
    secret = unseal(settings().auth_encryption_key, app.secret, place=_place(user))
    step = totp.accepted_step(secret, code, now=now, after=app.last_step)
    if step is None:
        return False
    app.last_step = step
    session.flush()
    return True


def _fresh_recovery_codes(session: Session, user: User) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = []
    for _ in range(10):
        text = base64.b32encode(secrets.token_bytes(7)).decode()[:10]
        codes.append(f"{text[:5]}-{text[5:]}")
    session.add_all(RecoveryCode(user_id=user.id, code_hash=_hashed(user, code)) for code in codes)
    session.flush()
    return codes


def _hashed(user: User, code: str) -> bytes:
    """50 random bits need no slow hash; whoever holds the table still has no way back without the key."""
    bare = code.replace("-", "").replace(" ", "").upper()
    return hmac.digest(
        settings().auth_encryption_key[0].encode(), f"recovery {user.id} {bare}".encode(), hashlib.sha256
    )


def _place(user: User) -> str:
    return f"totp {user.id}"
