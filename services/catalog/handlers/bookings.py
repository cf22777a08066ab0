"""What bookings tells: who booked what, and who waits. Counters move by the difference of two states."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.catalog.models import Booking, WaitlistEntry
from services.catalog.operations.counting import BookingState, Waiting, count_booking, count_waiting
from shared.messaging import Message, handles, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanged:
    """The part of a booking that is counted."""

    id: int
    public_uuid: UUID | None = None
    user_id: int
    service_id: int
    session_ids: list[int] = field(default_factory=list)
    participants: int = 1
    status: str
    parent_booking_id: int | None = None
    booked_at: datetime
    end_time: datetime | None = None


_FIELDS = tuple(name for name in BookingChanged.__slots__ if name != "id")


@handles("booking.changed", BookingChanged)
def keep_booking(session: Session, event: BookingChanged, message: Message) -> None:
    """Keep the booking, and move seats, bookings and popularity by what changed."""
    before = BookingState.held(session, event.id)
    values = {name: getattr(event, name) for name in _FIELDS}
    if replace_replica(session, Booking, key={"booking_id": event.id}, values=values, message=message):
        count_booking(session, before, BookingState.of(event))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistChanged:
    """Somebody waits, or no longer."""

    entry_id: UUID
    service_id: int
    session_id: int | None = None
    user_id: int
    status: str


@handles("waitlist.changed", WaitlistChanged)
def keep_waiting(session: Session, event: WaitlistChanged, message: Message) -> None:
    """Keep the entry, and move the number of those who wait."""
    before = Waiting.held(session, event.entry_id)
    values = {name: getattr(event, name) for name in ("service_id", "session_id", "user_id", "status")}
    if replace_replica(session, WaitlistEntry, key={"entry_id": event.entry_id}, values=values, message=message):
        after = Waiting(event.service_id, event.session_id, event.status == "waiting")
        count_waiting(session, before, after)
