"""Telling of a change: one line of history and the events, in the transaction of the change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.events import BookingChanged, BookingState, Place
from services.bookings.models import Booking, BookingHistory, BookingReminder, Location, SessionSeat
from services.bookings.settings import settings
from shared.clock import utc_now
from shared.database.waiting import notify
from shared.identity import Identity
from shared.identity.caller import SYSTEM
from shared.messaging import record

_HISTORY = insert(BookingHistory)


def announce(
    session: Session,
    booking: Booking,
    *facts: BookingState,
    action: str,
    by: Identity = SYSTEM,
    from_status: str | None = None,
    reason: str | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Write the change into the history and record `booking.changed` with `facts` about it.

    The booking is flushed first. Facts are given as built by `told`, after the flush.
    """
    line = history_line(booking, action=action, by=by, from_status=from_status, reason=reason, changes=changes)
    session.execute(_HISTORY, line)
    for fact in facts:
        record(session, fact, subject=booking)
    record(session, BookingChanged.of(booking), subject=booking)


def history_line(
    booking: Booking,
    *,
    action: str,
    by: Identity = SYSTEM,
    from_status: str | None = None,
    reason: str | None = None,
    changes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the values of a line of history."""
    role = booking.role_of(by) or words.SYSTEM
    return {
        "at": utc_now(),
        "booking_id": booking.id,
        "action": action,
        "from_status": from_status,
        "to_status": booking.status,
        "actor_id": by.user_id or None,
        "actor_role": role,
        "reason": reason,
        "changes": changes or {},
    }


def announce_children(session: Session, children: Sequence[Booking], *, action: str, by: Identity = SYSTEM) -> None:
    """Tell of children that follow their parent: states only, no facts, so that a purchase is one mail."""
    if not children:
        return
    session.flush()
    session.execute(_HISTORY, [history_line(child, action=action, by=by) for child in children])
    for child in children:
        record(session, BookingChanged.of(child), subject=child)


def wake_waiting(session: Session, booking: Booking) -> None:
    """Wake the request that waits for what becomes of the booking's payment."""
    notify(session, f"booking_{booking.id}")


def set_reminders(session: Session, booking: Booking, *, now: datetime) -> None:
    """Plan the reminders of a confirmed booking, in place of those planned before."""
    drop_reminders(session, booking)
    start = booking.start_time
    if start is None or booking.is_parent:
        return
    due = [
        {"booking_id": booking.id, "offset_minutes": minutes, "scheduled_time": start - timedelta(minutes=minutes)}
        for minutes in settings().reminder_offsets
        if start - timedelta(minutes=minutes) > now
    ]
    if due:
        session.execute(upsert(BookingReminder).on_conflict_do_nothing(), due)


def drop_reminders(session: Session, booking: Booking) -> None:
    """Forget the reminders that were not sent yet."""
    session.execute(
        delete(BookingReminder).where(BookingReminder.booking_id == booking.id, BookingReminder.is_sent.is_(False))
    )


def place_of(session: Session, booking: Booking) -> Place | None:
    """Return where the appointment takes place; None when virtual or unknown."""
    if booking.location_type == "virtual" or booking.location_id is None:
        return None
    location = session.get(Location, booking.location_id)
    return Place(name=location.name, full_address=location.full_address) if location else None


def room_name_of(session: Session, booking: Booking) -> str | None:
    """Return the name of the video room, which a dated session's bookings share; None in person."""
    if booking.location_type == words.IN_PERSON or booking.is_parent or booking.start_time is None:
        return None
    if booking.service_session_id is None:
        return f"booking-{booking.public_uuid}"
    seat = session.get(SessionSeat, booking.service_session_id)
    return f"session-{seat.public_uuid}" if seat else None
