"""How often somebody may ask what costs us or a provider."""

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.locations.models import Throttle
from shared.database import database
from shared.errors import RateLimited
from shared.identity import Identity

PER_USER: Final = 30
PER_ADDRESS: Final = 60


def throttle(action: str, *, by: Identity, now: datetime) -> None:
    """Count one use of `action`. Raises RateLimited beyond 30 a minute and user, 60 a minute and address."""
    who = f"user {by.user_id}" if by.is_signed_in else f"address {by.client_ip}"
    most = PER_USER if by.is_signed_in else PER_ADDRESS
    minute = now.replace(second=0, microsecond=0)
    key = hashlib.sha256(f"{action} {who}".encode()).hexdigest()[:32]
    counted = (
        insert(Throttle)
        .values(key=key, minute=minute, used=1)
        .on_conflict_do_update(index_elements=["key", "minute"], set_={"used": Throttle.used + 1})
        .returning(Throttle.used)
    )
    with database().transaction() as session:
        used = session.execute(counted).scalar_one()
    if used > most:
        raise RateLimited(retry_after=60 - now.second)


def forget_minutes(session: Session, *, before: datetime) -> None:
    """Delete counts of minutes that are over."""
    session.execute(delete(Throttle).where(Throttle.minute < before))
