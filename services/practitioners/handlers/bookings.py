"""What bookings tells: one event carries everything that is needed here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.practitioners.domain.counting import TAKES_TIME
from services.practitioners.models import BookingCopy, Practitioner
from services.practitioners.operations.busy import keep_booking_busy
from services.practitioners.operations.counting import counted, lock_numbers, move_numbers, recount_client
from services.practitioners.operations.queueing import queue_next_available
from shared.clock import utc_now
from shared.messaging import Message, handles, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanged:
    """The part of a booking that concerns time, money and who came."""

    id: int
    kind: str
    status: str
    status_detail: str | None = None
    user_id: int
    practitioner_id: int
    service_id: int
    service_type: str = "session"
    parent_booking_id: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    buffer_minutes: int = 0
    amount_cents: int = 0
    booked_at: datetime
    completed_at: datetime | None = None


_COPIED = (
    *("kind", "status", "status_detail", "user_id", "practitioner_id", "service_id", "service_type"),
    *("parent_booking_id", "start_time", "end_time", "buffer_minutes", "amount_cents", "booked_at", "completed_at"),
)


@handles("booking.changed", BookingChanged)
def keep_booking(session: Session, event: BookingChanged, message: Message) -> None:
    """Keep the booking, and move busy times and numbers by what changed."""
    lock_numbers(session, event.practitioner_id)
    old = session.get(BookingCopy, event.id)
    before = counted(old) if old else None
    taken_before = (old.start_time, old.end_time, old.status in TAKES_TIME) if old else (None, None, False)
    practitioner = session.get(Practitioner, event.practitioner_id)
    called_off = event.status == "canceled"
    values = {
        **{name: getattr(event, name) for name in _COPIED},
        "canceled_at": ((old and old.canceled_at) or message.occurred_at) if called_off else None,
        "counted_zone": practitioner.timezone if practitioner else "UTC",
    }
    if not replace_replica(session, BookingCopy, key={"id": event.id}, values=values, message=message):
        return
    session.expire_all()
    booking = session.get_one(BookingCopy, event.id)
    keep_booking_busy(session, booking)
    move_numbers(session, event.practitioner_id, before=before, after=counted(booking))
    recount_client(session, event.practitioner_id, event.user_id, now=utc_now() + timedelta(days=366))
    if taken_before != (booking.start_time, booking.end_time, booking.status in TAKES_TIME):
        queue_next_available(session, [event.practitioner_id])
