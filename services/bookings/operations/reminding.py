"""Reminding people of what is soon."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.events import BookingReminderDue
from services.bookings.models import Booking, BookingReminder
from services.bookings.operations.announcing import place_of, room_name_of
from services.bookings.settings import settings
from shared.messaging import record

LATE = timedelta(minutes=15)


def send_due(session: Session, *, now: datetime, limit: int) -> int:
    """Announce up to `limit` reminders that are due; return how many were dealt with.

    One that is late and would come after the next is dropped. In a group the practitioner hears once per session.
    Emits BookingReminderDue.
    """
    due = session.scalars(
        select(BookingReminder)
        .where(BookingReminder.is_sent.is_(False), BookingReminder.scheduled_time <= now)
        .order_by(BookingReminder.scheduled_time)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    bookings = {
        booking.id: booking
        for booking in session.scalars(select(Booking).where(Booking.id.in_({one.booking_id for one in due})))
    }
    for reminder in due:
        reminder.is_sent = True
        booking = bookings.get(reminder.booking_id)
        if booking is None or not _is_timely(reminder, booking, now=now):
            continue
        reminder.sent_at = now
        _announce(session, booking, reminder.offset_minutes)
    return len(due)


def _is_timely(reminder: BookingReminder, booking: Booking, *, now: datetime) -> bool:
    start = booking.start_time
    if booking.status != words.CONFIRMED or start is None or start <= now:
        return False
    if now - reminder.scheduled_time <= LATE:
        return True
    later = [minutes for minutes in settings().reminder_offsets if minutes < reminder.offset_minutes]
    return not later or start - now > timedelta(minutes=later[0])


def _announce(session: Session, booking: Booking, offset_minutes: int) -> None:
    audience, attendees = "both", 1
    if booking.service_session_id is not None:
        first, attendees = _group(session, booking.service_session_id)
        audience = "both" if first == booking.id else "client"
    fact = BookingReminderDue.of(
        booking,
        offset_minutes=offset_minutes,
        audience=audience,
        attendee_count=attendees,
        sessions_remaining=None,
        place=place_of(session, booking),
        room_name=room_name_of(session, booking),
    )
    record(session, fact, about=("booking", booking.id))


def _group(session: Session, session_id: int) -> tuple[int | None, int]:
    """Return the booking on which the practitioner is reminded of the whole session, and how many come."""
    row = session.execute(
        select(func.min(Booking.id), func.count()).where(
            Booking.service_session_id == session_id, Booking.status == words.CONFIRMED
        )
    ).one()
    return row[0], row[1]
