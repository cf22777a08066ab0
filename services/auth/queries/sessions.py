"""The list of one's own sign-ins."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from services.auth.domain.devices import describe, masked
from services.auth.models import AuthSession
from shared.listing import Listing, Row

HIDDEN_AFTER = timedelta(days=30)

SESSIONS = Listing(
    columns=select(
        AuthSession.id,
        AuthSession.created_at,
        AuthSession.last_seen_at,
        AuthSession.expires_at,
        AuthSession.ip,
        AuthSession.user_agent,
        AuthSession.device_name,
        AuthSession.methods,
    ),
    key=AuthSession.id,
    orderings={"last_seen_at": AuthSession.last_seen_at},
    default_ordering="-last_seen_at",
)
MINE = [
    AuthSession.user_id == bindparam("me"),
    AuthSession.revoked_at.is_(None),
    AuthSession.expires_at > bindparam("now"),
]


def session_entry(row: Row, *, current: str | None, now: datetime) -> dict[str, Any]:
    """Return how a session is shown to its owner; where it came from is hidden after thirty days."""
    ip = str(row["ip"] or "")
    return {
        "id": row["id"],
        "is_current": str(row["id"]) == current,
        "created_at": row["created_at"],
        "last_seen_at": row["last_seen_at"],
        "expires_at": row["expires_at"],
        "ip": masked(ip) if now - row["created_at"] > HIDDEN_AFTER else ip,
        "location": None,
        "device": describe(row["user_agent"]),
        "device_name": row["device_name"],
        "methods": row["methods"],
    }
