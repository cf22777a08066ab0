"""What the gateway has to know of auth: keys and revocations."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.auth.models import Revocation
from services.auth.models.keys import public_keys

# A transaction may commit this much later than it noted its revocation; what is told twice does no harm.
OVERLAP = timedelta(seconds=30)


def jwks(session: Session, *, now: datetime) -> dict[str, Any]:
    """Return the public keys as a JWKS."""
    return {"keys": public_keys(session, now=now)}


def known_since(session: Session, since: datetime | None, *, now: datetime) -> dict[str, Any]:
    """Return the keys, and the live revocations noted after `since` (all of them without).

    `watermark` is what to ask with the next time.
    """
    noted = session.scalar(select(func.clock_timestamp()))
    assert noted is not None
    statement = select(Revocation).where(Revocation.expires_at > now)
    if since is not None:
        statement = statement.where(Revocation.noted_at >= since)
    return {
        "keys": jwks(session, now=now),
        "revocations": [
            {
                "kind": one.kind,
                "value": one.value,
                "not_before": one.not_before,
                "expires_at": int(one.expires_at.timestamp()),
            }
            for one in session.scalars(statement)
        ],
        "watermark": (noted - OVERLAP).isoformat(),
    }
