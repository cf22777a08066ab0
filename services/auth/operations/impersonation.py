"""Acting for somebody: fifteen minutes, written down, told to the person. Source: RFC 8693, section 4.1 (`act`)."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import ImpersonationForbidden
from services.auth.models import AuthSession, User
from services.auth.operations.activity import alert, note, storable_ip
from services.auth.operations.tokens import SECOND_FACTORS, Grant, grant
from services.auth.settings import settings
from shared.errors import NotFound
from shared.ids import uuid7

LASTS = timedelta(minutes=15)


def impersonate(
    session: Session, user: User, *, by: User, proof: AuthSession | None, reason: str, client: Client, now: datetime
) -> Grant:
    """Return an access token that acts for a person; no refresh token, no money, no credentials.

    Never for staff or for oneself, and where staff need a second factor, only by a session (`proof`) that had one.
    Raises NotFound, ImpersonationForbidden. Emits SecurityAlert.
    """
    if user.account_status == "deleted":
        raise NotFound
    if user.is_staff or user.id == by.id or not user.is_active:
        raise ImpersonationForbidden
    if settings().staff_needs_mfa and not (proof and SECOND_FACTORS & set(proof.methods)):
        raise ImpersonationForbidden("Sign in with a second factor to act for somebody.")
    acting = AuthSession(
        id=uuid7(),
        user_id=user.id,
        methods=["impersonation"],
        auth_time=now,
        created_at=now,
        last_seen_at=now,
        expires_at=now + LASTS,
        generation=1,
        used_generation=0,
        salt=secrets.token_bytes(16),
        rotations=[],
        ip=storable_ip(client.ip),
        user_agent=client.user_agent,
        impersonator_id=by.id,
    )
    session.add(acting)
    session.flush()
    note(
        session,
        "impersonated",
        user_id=user.id,
        actor_id=by.id,
        client=client,
        now=now,
        session_id=acting.id,
        details={"reason": reason},
    )
    if settings().impersonation_notice:
        alert(session, "impersonated", user_id=user.id, client=client, now=now)
    return grant(session, user, acting, now=now)
