"""Taking and giving back time and seats. Whoever takes time holds the practitioner's lock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import SessionFull, SessionUnavailable, SlotTaken
from services.bookings.models import Booking, CalendarBlock, Hold, SessionSeat
from services.bookings.models.busy import hold_calendar
from services.bookings.models.occupancy import BOOKING, HOLD, SERVICE_SESSION

_TAKE = text("""
    INSERT INTO calendar_blocks (practitioner_id, during, source, source_id, exclusive)
    VALUES (:practitioner_id, tstzrange(:starts, :ends, '[)'), :source, :source_id, true)
    ON CONFLICT DO NOTHING RETURNING id
""")


def lock_calendar(session: Session, *practitioner_ids: int) -> None:
    """Hold the calendars of these practitioners until the transaction ends; taken in order, so never crosswise."""
    for practitioner_id in sorted(set(practitioner_ids)):
        hold_calendar(session, practitioner_id)


def take_time(
    session: Session, *, practitioner_id: int, start: datetime, end: datetime, source: str, source_id: int
) -> None:
    """Take `[start, end)`, its buffer included. Raises SlotTaken if any exclusive block overlaps.

    ON CONFLICT waits for whoever is just taking or freeing that time, and never deadlocks with them.
    """
    session.flush()
    wanted = {"practitioner_id": practitioner_id, "starts": start, "ends": end}
    taken = session.execute(_TAKE, {**wanted, "source": source, "source_id": source_id}).first()
    if taken is None:
        raise SlotTaken


def take_time_of(session: Session, booking: Booking) -> None:
    """Take the time of a booking of kind session, its buffer included. Raises SlotTaken."""
    assert booking.start_time is not None
    assert booking.end_time is not None
    session.flush()
    take_time(
        session,
        practitioner_id=booking.practitioner_id,
        start=booking.start_time,
        end=booking.end_time + timedelta(minutes=booking.buffer_minutes),
        source=BOOKING,
        source_id=booking.id,
    )


def free_time(session: Session, source: str, *source_ids: int) -> None:
    """Give back the time that these bookings, holds or sessions took."""
    session.execute(
        delete(CalendarBlock).where(CalendarBlock.source == source, CalendarBlock.source_id.in_(source_ids))
    )


def take_seat(session: Session, session_id: int, *, now: datetime, was_offered: bool = False) -> None:
    """Take a seat of a dated session, one kept for this person if `was_offered`.

    Raises SessionFull, SessionUnavailable.
    """
    seats = SessionSeat
    room = or_(seats.capacity.is_(None), seats.taken + seats.offered < seats.capacity)
    taken = session.execute(
        update(seats)
        .where(
            seats.id == session_id,
            seats.status == "scheduled",
            seats.deleted_at.is_(None),
            seats.starts_at > now,
            seats.offered > 0 if was_offered else room,
        )
        .values(taken=seats.taken + 1, offered=seats.offered - (1 if was_offered else 0))
        .returning(seats.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise seat_refusal(session.get(SessionSeat, session_id, populate_existing=True), now=now)


def seat_refusal(seat: SessionSeat | None, *, now: datetime) -> SessionFull | SessionUnavailable:
    """Return why no seat could be had."""
    if seat is None or seat.deleted_at is not None or seat.status != "scheduled":
        return SessionUnavailable()
    if seat.starts_at is None or seat.starts_at <= now:
        return SessionUnavailable("This session has started already.")
    return SessionFull()


def keep_seat(session: Session, session_id: int, *, now: datetime) -> None:
    """Keep a seat without taking it. Raises SessionFull, SessionUnavailable."""
    seats = SessionSeat
    kept = session.execute(
        update(seats)
        .where(
            seats.id == session_id,
            seats.status == "scheduled",
            seats.deleted_at.is_(None),
            seats.starts_at > now,
            or_(seats.capacity.is_(None), seats.taken + seats.offered < seats.capacity),
        )
        .values(offered=seats.offered + 1)
        .returning(seats.id)
        .execution_options(synchronize_session=False)
    ).first()
    if kept is None:
        raise seat_refusal(session.get(SessionSeat, session_id, populate_existing=True), now=now)


def let_seat_go(session: Session, session_id: int) -> None:
    """Give back a seat that was kept."""
    session.execute(
        update(SessionSeat)
        .where(SessionSeat.id == session_id)
        .values(offered=func.greatest(SessionSeat.offered - 1, 0))
        .execution_options(synchronize_session=False)
    )


def leave_seat(session: Session, session_id: int) -> None:
    """Give back a seat that was taken."""
    session.execute(
        update(SessionSeat)
        .where(SessionSeat.id == session_id)
        .values(taken=func.greatest(SessionSeat.taken - 1, 0))
        .execution_options(synchronize_session=False)
    )


def release(session: Session, *bookings: Booking) -> None:
    """Give back what these bookings held; call it before they leave the statuses that hold something.

    Each row is locked by the caller, so nothing is given back twice.
    """
    timed = [booking.id for booking in bookings if booking.holds_time and booking.start_time is not None]
    if timed:
        free_time(session, BOOKING, *timed)
    for seat in sorted(booking.service_session_id or 0 for booking in bookings if booking.holds_seat):
        leave_seat(session, seat)


def drop_holds(session: Session, holds: Sequence[Hold]) -> None:
    """Let go of what was kept for forms that were never sent, or were sent just now."""
    if not holds:
        return
    timed = [hold.id for hold in holds if hold.service_session_id is None]
    if timed:
        free_time(session, HOLD, *timed)
    for seat in sorted(hold.service_session_id for hold in holds if hold.service_session_id is not None):
        let_seat_go(session, seat)
    session.execute(delete(Hold).where(Hold.id.in_([hold.id for hold in holds])))


def lay_session(session: Session, seat: SessionSeat, practitioner_ids: set[int], *, buffer_minutes: int) -> None:
    """Put a dated session into its practitioners' calendars, in place of where it was.

    It may lie over something that is booked already: then it is there, not exclusive, and shown as a conflict.
    """
    free_time(session, SERVICE_SESSION, seat.id)
    if seat.deleted_at is not None or seat.status not in ("scheduled", "in_progress"):
        return
    if seat.starts_at is None or seat.ends_at is None or seat.ends_at <= seat.starts_at:
        return
    during = Range(seat.starts_at, seat.ends_at + timedelta(minutes=buffer_minutes), bounds="[)")
    for practitioner_id in sorted(practitioner_ids):
        values = {
            "practitioner_id": practitioner_id,
            "during": during,
            "source": SERVICE_SESSION,
            "source_id": seat.id,
        }
        laid = session.execute(
            insert(CalendarBlock).values(**values, exclusive=True).on_conflict_do_nothing().returning(CalendarBlock.id)
        ).first()
        if laid is None:
            session.execute(insert(CalendarBlock).values(**values, exclusive=False))


def children_of(session: Session, parent_id: int, *, lock: bool = False) -> list[Booking]:
    """Return the children of a purchase in the order of their sessions; locked in the order of their ids."""
    statement = select(Booking).where(Booking.parent_id == parent_id).order_by(Booking.id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = list(session.scalars(statement))
    return sorted(found, key=lambda child: (child.session_number or 0, child.id))


def follow_children(parent: Booking, children: Sequence[Booking], *, now: datetime) -> bool:
    """Let a purchase follow its sessions: in progress once one began, completed once all are done.

    The parent is locked. Returns whether its status changed.
    """
    if parent.status not in (words.CONFIRMED, words.IN_PROGRESS):
        return False
    statuses = {child.status for child in children}
    if words.COMPLETED in statuses and statuses <= set(words.TERMINAL):
        parent.become(words.COMPLETED, now=now)
        parent.completed_at = now
        return True
    begun = statuses & {words.IN_PROGRESS, words.COMPLETED, words.NO_SHOW}
    if begun and parent.status == words.CONFIRMED:
        parent.become(words.IN_PROGRESS, now=now)
        parent.started_at = parent.started_at or now
        return True
    return False
