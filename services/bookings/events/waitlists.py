"""What happens in lines of people who wait."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from services.bookings.models import WaitlistEntry
from shared.messaging import event


@event("waitlist.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistChanged:
    """Somebody's place in a line."""

    entry_id: UUID
    service_id: int
    session_id: int | None
    user_id: int
    status: str

    @classmethod
    def of(cls, entry: WaitlistEntry) -> Self:
        """Return the state of a place in a line."""
        return cls(
            entry_id=entry.id,
            service_id=entry.service_id,
            session_id=entry.service_session_id,
            user_id=entry.user_id,
            status=entry.status,
        )


@event("waitlist.spot_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistSpotOpened:
    """A place is offered; while `exclusive`, to this person alone."""

    entry_id: UUID
    user_id: int
    service_id: int
    service_name: str
    session_id: int | None
    start_time: datetime | None
    timezone: str
    offer_expires_at: datetime
    exclusive: bool
