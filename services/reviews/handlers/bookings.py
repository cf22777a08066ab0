"""What bookings tells: who met whom. Every event carries the whole state, so any of them makes the row."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.models import Booking
from services.reviews.operations.following import follow_booking
from shared.messaging import Message, handles, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingState:
    """The part of a booking that makes it reviewable."""

    id: int
    public_uuid: UUID
    user_id: int
    practitioner_id: int
    service_id: int | None = None
    status: str
    payment_status: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    completed_at: datetime | None = None


@handles("booking.changed", BookingState)
@handles("booking.completed", BookingState)
def keep_booking(session: Session, event: BookingState, message: Message) -> None:
    """Keep the newest state; the first completion begins the time in which it may be reviewed."""
    before = session.scalar(select(Booking.completed_at).where(Booking.booking_id == event.id))
    completed = event.completed_at or (message.occurred_at if event.status == words.COMPLETED else None)
    values = {
        **{
            name: getattr(event, name) for name in ("public_uuid", "user_id", "practitioner_id", "service_id", "status")
        },
        "is_refunded": event.payment_status == words.REFUNDED,
        "starts_at": event.start_time,
        "ends_at": event.end_time,
        "completed_at": before or completed,
    }
    if replace_replica(session, Booking, key={"booking_id": event.id}, values=values, message=message):
        follow_booking(session, event.id)
