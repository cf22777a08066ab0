"""Writing down what happened to accounts."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client, masked
from services.auth.events import SecurityAlert
from services.auth.models import ActionToken, Activity
from shared.ids import uuid7
from shared.messaging import record


def note(
    session: Session,
    action: str,
    *,
    user_id: int | None,
    client: Client,
    now: datetime,
    result: str = "ok",
    actor_id: int | None = None,
    session_id: UUID | str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of the activity log; `details` never holds a secret. `actor_id` names staff who did it."""
    session.execute(
        insert(Activity).values(
            id=uuid7(),
            at=now,
            user_id=user_id,
            actor_id=actor_id,
            action=action,
            result=result,
            ip=storable_ip(client.ip),
            user_agent=client.user_agent,
            session_id=str(session_id) if session_id else None,
            request_id=client.request_id,
            details=dict(details or {}),
        )
    )


def alert(
    session: Session, kind: str, *, user_id: int, client: Client, now: datetime, link: ActionToken | None = None
) -> None:
    """Tell the owner of an account of something they should know. Emits SecurityAlert."""
    told = SecurityAlert(
        user_id=user_id,
        kind=kind,
        at=now,
        device=client.device,
        ip_hint=masked(client.ip),
        email=link.email if link else None,
        action_token_id=link.id if link else None,
        expires_at=link.expires_at if link else None,
    )
    record(session, told, about=("user", user_id))


def storable_ip(ip: str) -> str | None:
    """Return the address if it is one."""
    try:
        return str(ip_address(ip))
    except ValueError:
        return None
