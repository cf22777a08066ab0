"""Refresh tokens of the replaced system: taken once, for a session of ours."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import AccountDisabled, TokenExpired, TokenNotAccepted, TokenRevoked
from services.auth.domain.refresh_tokens import GRACE
from services.auth.models import AuthSession, LegacyRefresh, User
from services.auth.operations.activity import alert, note
from services.auth.operations.sessions import end_sessions, open_session
from services.auth.operations.tokens import Grant, grant
from services.auth.settings import settings


@dataclass(frozen=True, slots=True)
class _Read:
    key: str
    user_id: int
    expires_at: datetime


def exchange_legacy(session: Session, token: str, *, client: Client, now: datetime) -> Grant:
    """Return a session of ours for a refresh token of the replaced system; refusals leave traces.

    Within ten seconds the same token gets the same session's newest tokens; later it is taken for stolen, and the
    session ends. Raises TokenNotAccepted, TokenExpired, TokenRevoked, AccountDisabled. Emits SessionRevoked.
    """
    read = _read(token, now=now)
    user = session.get(User, read.user_id, with_for_update=True)
    if user is None or user.account_status == "deleted":
        raise TokenNotAccepted
    if not user.is_active:
        raise AccountDisabled
    held = session.get(LegacyRefresh, read.key)
    if held is None:
        granted = open_session(session, user, methods=["legacy"], client=client, now=now)
        session.execute(
            insert(LegacyRefresh).values(
                key=read.key, session_id=granted.auth_session.id, used_at=now, expires_at=read.expires_at
            )
        )
        note(session, "sign_in", user_id=user.id, client=client, now=now, details={"methods": ["legacy"]})
        return granted
    auth_session = session.get(AuthSession, held.session_id)
    if auth_session is None or auth_session.revoked_at is not None:
        raise TokenRevoked
    if held.used_at + GRACE >= now:
        return grant(session, user, auth_session, now=now)
    end_sessions(session, AuthSession.id == auth_session.id, user_id=user.id, reason="refresh_reuse", now=now)
    if auth_session.used_generation > 0:
        alert(session, "refresh_reuse", user_id=user.id, client=client, now=now)
    note(session, "refresh_reuse", result="refused", user_id=user.id, client=client, now=now)
    raise TokenRevoked


def _read(token: str, *, now: datetime) -> _Read:
    """Return what a genuine token of the replaced system says. Raises TokenNotAccepted, TokenExpired."""
    secret = settings().jwt_legacy_secret
    if not secret:
        raise TokenNotAccepted
    try:
        if "kid" in jwt.get_unverified_header(token):
            raise TokenNotAccepted
        options = {"require": ["exp"], "verify_exp": False, "verify_sub": False, "verify_aud": False}
        said = jwt.decode(token, secret, algorithms=["HS256"], options=options)  # type: ignore[arg-type]
    except jwt.InvalidTokenError as refused:
        raise TokenNotAccepted from refused
    kind = said.get("token_type", said.get("type"))
    user_id, expires = str(said.get("user_id", said.get("sub", ""))), said["exp"]
    if kind != "refresh" or not user_id.isascii() or not user_id.isdigit() or not 0 < int(user_id) < 2**63:
        raise TokenNotAccepted
    if not isinstance(expires, int | float) or isinstance(expires, bool):
        raise TokenNotAccepted
    if expires <= now.timestamp():
        raise TokenExpired
    key = str(said.get("jti") or hashlib.sha256(token.encode()).hexdigest())[:255]
    return _Read(key, int(user_id), datetime.fromtimestamp(min(expires, 2**33), UTC))
