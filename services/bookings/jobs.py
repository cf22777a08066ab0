"""What happens to bookings by itself. Each run takes rows that nobody else holds, until none is due."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from prometheus_client import Gauge
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models import Booking, Hold
from services.bookings.operations.dated import follow_one
from services.bookings.operations.expiring import expire
from services.bookings.operations.finding import Found
from services.bookings.operations.lapsing import lapse, warn
from services.bookings.operations.lifecycle import begin, finish
from services.bookings.operations.occupying import drop_holds
from services.bookings.operations.offering import (
    close_lines,
    lapse_offers,
    offer_seats,
    offer_time,
    seats_waited_for,
    services_waited_for,
)
from services.bookings.operations.recounting import drop_stray_blocks, recount_seats
from services.bookings.operations.reminding import send_due
from services.bookings.settings import settings
from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.identity.caller import SYSTEM
from shared.messaging import daily, every

BATCH = 200
HISTORY_MONTHS = 84
SEAT_DRIFT = Gauge("bookings_seat_drift", "Seats and blocks that the nightly count had to correct.")


def _until_none_is_left(step: Callable[[Session, datetime], int]) -> None:
    """Run a step again and again, each time in a transaction of its own, while it finds a full batch."""
    while True:
        with transaction() as session:
            if step(session, utc_now()) < BATCH:
                return


def _locked(session: Session, *due: ColumnElement[bool], order: Any) -> list[Found]:
    """Return due bookings that nobody else holds, each after its parent; a child whose parent is held waits."""
    rows = session.execute(select(Booking.id, Booking.parent_id).where(*due).order_by(order).limit(BATCH)).all()
    wanted = {row.id for row in rows} | {row.parent_id for row in rows if row.parent_id is not None}
    held = {
        booking.id: booking
        for booking in session.scalars(
            select(Booking)
            .where(Booking.id.in_(wanted))
            .order_by(Booking.parent_id.is_not(None), Booking.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    }
    return [
        Found(held[row.id], held.get(row.parent_id) if row.parent_id else None)
        for row in rows
        if row.id in held and (row.parent_id is None or row.parent_id in held)
    ]


@every(seconds=10)
def expire_holds() -> None:
    """Give back the time of what was not paid in time, and of forms that were never sent."""
    _until_none_is_left(_expire_bookings)
    _until_none_is_left(_expire_holds)


def _expire_bookings(session: Session, now: datetime) -> int:
    due = session.scalars(
        select(Booking)
        .where(Booking.status == words.PENDING, Booking.parent_id.is_(None), Booking.hold_expires_at <= now)
        .order_by(Booking.hold_expires_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for booking in due:
        expire(session, booking, now=now)
    return len(due)


def _expire_holds(session: Session, now: datetime) -> int:
    dead = session.scalars(
        select(Hold)
        .where(Hold.expires_at <= now)
        .order_by(Hold.expires_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    drop_holds(session, dead)
    return len(dead)


@every(seconds=30)
def start_due() -> None:
    """Let appointments begin at their time."""
    _until_none_is_left(_start)


def _start(session: Session, now: datetime) -> int:
    due = (Booking.status == words.CONFIRMED, Booking.start_time <= now, ~_is_parent())
    found = _locked(session, *due, order=Booking.start_time)
    begun = [one for one in found if one.booking.status == words.CONFIRMED]
    for one in begun:
        begin(session, one, how="clock", by=SYSTEM, now=now)
    return len(begun)


@every(minutes=1)
def complete_due() -> None:
    """Complete appointments that nobody completed, an hour after their end, so that they are earned."""
    _until_none_is_left(_complete)


def _complete(session: Session, now: datetime) -> int:
    due = (
        Booking.status.in_((words.CONFIRMED, words.IN_PROGRESS)),
        Booking.end_time <= now - settings().complete_after,
        ~_is_parent(),
    )
    found = _locked(session, *due, order=Booking.end_time)
    open_ones = [one for one in found if one.booking.status in (words.CONFIRMED, words.IN_PROGRESS)]
    for one in open_ones:
        finish(session, one, by=SYSTEM, now=now, detail=words.COMPLETED_BY_CLOCK)
    return len(open_ones)


def _is_parent() -> ColumnElement[bool]:
    return (Booking.sessions_total.is_not(None)) & (Booking.parent_id.is_(None))


@every(seconds=30)
def reminders() -> None:
    """Remind of what is soon."""
    _until_none_is_left(lambda session, now: send_due(session, now=now, limit=BATCH))


@every(seconds=2)
def follow_sessions() -> None:
    """Tell the bookings of dated sessions that were moved or canceled, a hundred a transaction."""
    more = True
    while more:
        with transaction() as session:
            more = follow_one(session, now=utc_now())


@every(seconds=15)
def waitlist_offers() -> None:
    """Offer what became free to people in line, in their order; take back offers that ran out."""
    _until_none_is_left(lambda session, now: lapse_offers(session, now=now))
    _until_none_is_left(lambda session, now: close_lines(session, now=now))
    with transaction() as session:
        sessions = seats_waited_for(session, now=utc_now())
        services = services_waited_for(session, now=utc_now())
    for session_id in sessions:
        with transaction() as session:
            offer_seats(session, session_id, now=utc_now())
    for service_id in services:
        with transaction() as session:
            offer_time(session, service_id, now=utc_now())


@every(hours=1)
def lapse_credits() -> None:
    """Let unused session credits lapse, and warn 14 and 3 days before."""
    _until_none_is_left(_lapse)
    _until_none_is_left(lambda session, now: warn(session, now=now))


def _lapse(session: Session, now: datetime) -> int:
    due = (Booking.status == words.DRAFT, Booking.valid_until <= now, Booking.parent_id.is_not(None))
    found = [one for one in _locked(session, *due, order=Booking.valid_until) if one.booking.status == words.DRAFT]
    lapse(session, found, now=now)
    return len(found)


@daily(at="03:40")
def recount() -> None:
    """Hold seats and time against the bookings, and correct what differs."""
    last: int | None = 0
    drift = 0
    while last is not None:
        with transaction() as session:
            last, wrong = recount_seats(session, after=last, limit=BATCH)
            drift += wrong
    with transaction() as session:
        drift += drop_stray_blocks(session, now=utc_now())
    SEAT_DRIFT.set(drift)


@daily(at="03:50")
def keep_history() -> None:
    """Make the history's coming months, and drop those older than seven years."""
    with transaction() as session:
        keep_partitions(session, "booking_history", now=utc_now(), keep_months=HISTORY_MONTHS)
