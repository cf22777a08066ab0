"""What a session's owner is given: an access token and a refresh token."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.auth.domain import refresh_tokens
from services.auth.models import AuthSession, User
from services.auth.operations.keys import current_signer
from services.auth.settings import settings
from shared.identity.minting import mint_access_token

SECOND_FACTORS = frozenset({"totp", "recovery_code"})
# The registered names of methods (RFC 8176); the others are named as they are.
_AMR = {"password": "pwd", "totp": "otp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A session with what its owner takes home; the tokens are stored nowhere."""

    user: User
    auth_session: AuthSession
    access_token: str
    refresh_token: str | None
    device_token: str | None = None


def grant(
    session: Session, user: User, auth_session: AuthSession, *, now: datetime, device_token: str | None = None
) -> Grant:
    """Return fresh tokens of the session: an access token, and the refresh token of its newest generation.

    A session in which staff act for somebody can not be refreshed.
    """
    return Grant(
        user=user,
        auth_session=auth_session,
        access_token=access_token(session, user, auth_session, now=now),
        refresh_token=None if auth_session.impersonator_id else refresh_token(auth_session),
        device_token=device_token,
    )


def access_token(session: Session, user: User, auth_session: AuthSession, *, now: datetime) -> str:
    """Return a signed access token that says what the user may do at this moment."""
    signer = current_signer(session, now=now)
    lifetime = settings().access_token_lifetime
    if auth_session.impersonator_id is not None:
        lifetime = min(lifetime, auth_session.expires_at - now)
    return mint_access_token(
        signer.private_key,
        signer.kid,
        issuer=settings().public_url,
        user_id=user.id,
        uuid=str(user.uuid),
        session_id=str(auth_session.id),
        token_id=secrets.token_urlsafe(12),
        roles=roles_in(user, auth_session),
        practitioner_id=user.practitioner_id,
        tier=user.tier,
        amr=[_AMR.get(method, method) for method in auth_session.methods],
        auth_time=int(auth_session.auth_time.timestamp()),
        actor_id=auth_session.impersonator_id,
        is_pending=user.account_status == "pending",
        issued_at=int(now.timestamp()),
        lifetime_seconds=int(lifetime.total_seconds()),
    )


def roles_in(user: User, auth_session: AuthSession) -> list[str]:
    """Return the roles that this session has: staff may need a second factor to be staff."""
    held = user.roles
    if settings().staff_needs_mfa and not SECOND_FACTORS & set(auth_session.methods):
        return [role for role in held if role != "staff"]
    return held


def refresh_token(auth_session: AuthSession) -> str:
    """Return the refresh token of the session's newest generation."""
    return refresh_tokens.form(
        settings().refresh_key[0],
        salt=auth_session.salt,
        session_id=auth_session.id,
        generation=auth_session.generation,
    )
