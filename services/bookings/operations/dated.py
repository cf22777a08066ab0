"""Dated sessions of workshops and courses: keeping up with what catalog says of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models import Booking, CalendarCopy, Service, SessionSeat
from services.bookings.operations.announcing import set_reminders
from services.bookings.operations.cancelling import Cancellation, cancel_found
from services.bookings.operations.finding import Found
from services.bookings.operations.occupying import lay_session
from services.bookings.operations.rescheduling import Moved, tell_moved
from shared.identity.caller import SYSTEM
from shared.messaging import Message, remove_replica, replace_replica

CANCELED = "canceled"
MOVED = "moved"
BATCH = 100


def take_session(session: Session, session_id: int, values: dict[str, Any], *, message: Message) -> None:
    """Take in the newest state of a dated session; its seats stay as they are.

    If it was canceled or moved, its bookings are told by `follow_sessions`.
    """
    before = session.get(SessionSeat, session_id)
    was = (before.status, before.starts_at, before.ends_at) if before else None
    session.expunge_all()
    if not replace_replica(session, SessionSeat, key={"id": session_id}, values=values, message=message):
        return
    seat = session.get(SessionSeat, session_id)
    assert seat is not None
    lay_in_calendars(session, seat)
    if seat.status == CANCELED:
        seat.follow = CANCELED
    elif was is not None and was[1] is not None and (seat.starts_at, seat.ends_at) != was[1:]:
        seat.follow = MOVED


def drop_session(session: Session, session_id: int, *, message: Message) -> None:
    """Take in that a dated session is gone; whoever booked it hears that it is canceled."""
    remove_replica(session, SessionSeat, key={"id": session_id}, message=message)
    seat = session.get(SessionSeat, session_id, populate_existing=True)
    if seat is not None and seat.deleted_at is not None:
        seat.follow = CANCELED
        lay_in_calendars(session, seat)


def lay_in_calendars(session: Session, seat: SessionSeat) -> None:
    """Put the session into the calendar of everybody who gives it."""
    service = session.get(Service, seat.service_id)
    people = {seat.practitioner_id} if seat.practitioner_id is not None else set()
    if service is not None:
        people |= service.practitioner_ids
    owner = session.get(CalendarCopy, seat.practitioner_id) if seat.practitioner_id is not None else None
    lay_session(session, seat, people, buffer_minutes=owner.calendar.buffer_minutes if owner else 0)


def follow_one(session: Session, *, now: datetime) -> bool:
    """Tell up to a hundred bookings what became of their session; return whether there was anything to do.

    The session's row is not locked until all of its bookings have been told, so that canceling a seat never waits
    for this the other way round.
    """
    seat = session.scalar(select(SessionSeat).where(SessionSeat.follow.is_not(None)).order_by(SessionSeat.id).limit(1))
    if seat is None:
        return False
    ids = session.execute(
        select(Booking.id, Booking.parent_id).where(*_due(seat)).order_by(Booking.id).limit(BATCH)
    ).all()
    if not ids:
        _done(session, seat.id)
        return True
    wanted = {row.id for row in ids} | {row.parent_id for row in ids if row.parent_id is not None}
    locked = {
        booking.id: booking
        for booking in session.scalars(
            select(Booking)
            .where(Booking.id.in_(wanted))
            .order_by(Booking.parent_id.is_not(None), Booking.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    for row in ids:
        booking = locked[row.id]
        if booking.status not in words.OPEN:
            continue
        if seat.follow == MOVED:
            _move(session, booking, seat, now=now)
        else:
            _cancel(session, Found(booking, locked.get(row.parent_id) if row.parent_id else None), seat, now=now)
    return True


def _due(seat: SessionSeat) -> list[ColumnElement[bool]]:
    """Return the clauses for the bookings that were not told yet."""
    due = [Booking.service_session_id == seat.id, Booking.status.in_(words.OPEN)]
    if seat.follow == MOVED:
        moved = Booking.start_time.is_distinct_from(seat.starts_at) | Booking.end_time.is_distinct_from(seat.ends_at)
        due.append(moved)
    return due


def _done(session: Session, session_id: int) -> None:
    """Note that all were told; whoever came, or what changed, in between is told by the next run."""
    seat = session.get(SessionSeat, session_id, with_for_update=True, populate_existing=True)
    if seat is not None and session.scalar(select(Booking.id).where(*_due(seat)).limit(1)) is None:
        seat.follow = None


def _move(session: Session, booking: Booking, seat: SessionSeat, *, now: datetime) -> None:
    start, end = booking.start_time, booking.end_time
    if start is None or end is None or seat.starts_at is None or seat.ends_at is None:
        return
    booking.original_start_time = booking.original_start_time or start
    booking.start_time, booking.end_time = seat.starts_at, seat.ends_at
    # They may leave without loss until it begins, as the new time is not their choice.
    booking.policy = {**booking.policy, "code": "custom", "tiers": [{"hours_before": 0, "refund_percent": 100}]}
    booking.free_cancellation_hours = 0
    if booking.status == words.CONFIRMED:
        set_reminders(session, booking, now=now)
    tell_moved(
        session,
        Moved(booking=booking, previous_start=start, previous_end=end),
        by=SYSTEM,
        reason=seat.reason,
        how=words.PRACTITIONER,
        free_cancel_until=seat.starts_at,
    )


def _cancel(session: Session, found: Found, seat: SessionSeat, *, now: datetime) -> None:
    if found.booking.status == words.IN_PROGRESS:
        found.booking.become(words.CONFIRMED, now=now)
    how = Cancellation(
        reason=seat.reason or "The session was canceled",
        reason_code="session_canceled",
        detail=words.SESSION_CANCELED,
        role=words.PRACTITIONER,
    )
    if found.booking.status == words.PENDING and found.parent is not None and found.parent.status == words.PENDING:
        found = Found(found.parent, None)
    cancel_found(session, found, how, now=now)
