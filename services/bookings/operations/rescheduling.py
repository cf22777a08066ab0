"""Moving a booking to another time: the same row, the same id, the same payment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import (
    InvalidTransition,
    NotBookable,
    NotReschedulable,
    RescheduleLimit,
    SlotTaken,
)
from services.bookings.events import BookingRescheduled, BookingRescheduleRequested
from services.bookings.models import Booking
from services.bookings.models.busy import taken_between
from services.bookings.models.occupancy import BOOKING
from services.bookings.models.offers import Offer, find_offer
from services.bookings.operations.announcing import (
    announce,
    drop_reminders,
    place_of,
    room_name_of,
    set_reminders,
)
from services.bookings.operations.building import insert
from services.bookings.operations.checking import check_slot
from services.bookings.operations.expiring import clear_stale
from services.bookings.operations.finding import lock_booking
from services.bookings.operations.occupying import free_time, leave_seat, release, take_time_of
from services.bookings.operations.seating import give_seat
from services.bookings.settings import settings
from shared.errors import Forbidden, Invalid
from shared.identity import Identity

LATEST_WITHOUT_POLICY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a booking shall go, and why. Without `notify` nobody is told of it by the marketplace."""

    start_time: datetime
    end_time: datetime | None = None
    service_session_id: int | None = None
    reason: str | None = None
    timezone: str | None = None
    override_availability: bool = False
    notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A booking and where it was."""

    booking: Booking
    previous_start: datetime
    previous_end: datetime


def reschedule_booking(session: Session, reference: str, move: Move, *, by: Identity, now: datetime) -> Moved:
    """Move a confirmed booking; the present time again changes nothing.

    Its own time is not in its way. If the new one is taken the old one is kept. Raises BookingNotFound,
    NotReschedulable, RescheduleLimit, SlotTaken, SlotUnavailable, SessionFull, SessionUnavailable, Invalid.
    Emits BookingRescheduled.
    """
    booking = lock_booking(session, reference, by=by, and_calendar=True).booking
    role = booking.role_of(by)
    start, end = booking.start_time, booking.end_time
    if booking.status != words.CONFIRMED or start is None or end is None or booking.is_parent:
        raise NotReschedulable(errors={"status": [booking.status]})
    if booking.kind == words.COURSE:
        raise NotReschedulable("A class of a course has its date from the course.")
    if move.override_availability and role == words.CLIENT:
        raise Forbidden(errors={"override_availability": ["You may not set this."]})
    before = Moved(booking=booking, previous_start=start, previous_end=end)
    same_session = move.service_session_id in (None, booking.service_session_id)
    if move.start_time == start and same_session:
        return before
    _check_allowed(booking, role=role, now=now)
    if booking.service_session_id is not None:
        _to_session(session, booking, move, now=now)
    else:
        _to_time(session, booking, move, now=now)
    booking.original_start_time = booking.original_start_time or start
    booking.reschedule_count += 1 if role == words.CLIENT else 0
    booking.timezone = move.timezone or booking.timezone
    set_reminders(session, booking, now=now)
    tell_moved(session, before, by=by, reason=move.reason, how=role or words.STAFF, is_quiet=not move.notify)
    return before


def tell_moved(
    session: Session,
    moved: Moved,
    *,
    by: Identity,
    reason: str | None,
    how: str,
    free_cancel_until: datetime | None = None,
    is_quiet: bool = False,
) -> None:
    """Announce that a booking has another time. Emits BookingRescheduled."""
    booking = moved.booking
    session.flush()
    fact = BookingRescheduled.of(
        booking,
        previous_start_time=moved.previous_start,
        previous_end_time=moved.previous_end,
        by=how,
        reason=reason,
        free_cancel_until=free_cancel_until,
        notify=not is_quiet,
        place=place_of(session, booking),
        room_name=room_name_of(session, booking),
    )
    changes = (
        {"start_time": [moved.previous_start.isoformat(), booking.start_time.isoformat()]} if booking.start_time else {}
    )
    announce(session, booking, fact, action="rescheduled", by=by, reason=reason, changes=changes)


def latest_reschedule(booking: Booking) -> datetime | None:
    """Return the last instant at which the client may move the booking."""
    if booking.start_time is None:
        return None
    return booking.free_cancellation_until or booking.start_time - LATEST_WITHOUT_POLICY


def _check_allowed(booking: Booking, *, role: str | None, now: datetime) -> None:
    if role != words.CLIENT:
        if booking.end_time is not None and now >= booking.end_time:
            raise NotReschedulable("This is over.")
        return
    latest = latest_reschedule(booking)
    if latest is not None and now > latest:
        raise NotReschedulable("It is too late to reschedule this.")
    if booking.reschedule_count >= settings().bookings_max_reschedules:
        raise RescheduleLimit


def _offer(session: Session, booking: Booking, session_id: int | None = None) -> Offer:
    offer = find_offer(session, booking.service_id, practitioner=booking.practitioner_id, service_session_id=session_id)
    if offer is None or offer.calendar is None:
        raise NotBookable
    return offer


def _to_time(session: Session, booking: Booking, move: Move, *, now: datetime) -> None:
    assert booking.start_time is not None
    assert booking.end_time is not None
    offer = _offer(session, booking)
    if move.start_time <= now:
        raise Invalid.field("start_time", "Must lie in the future.")
    end = move.start_time + (booking.end_time - booking.start_time)
    if move.end_time is not None and move.end_time != end:
        raise Invalid.field("end_time", "Must keep the length of the appointment, or be left out.")
    if booking.valid_until is not None and move.start_time >= booking.valid_until:
        raise NotReschedulable("The session lapses before that.")
    taken = taken_between(
        session,
        booking.practitioner_id,
        move.start_time,
        end + timedelta(minutes=booking.buffer_minutes),
        now=now,
        leaving_out=(BOOKING, booking.id),
    )
    check_slot(
        offer,
        taken,
        move.start_time,
        end,
        now=now,
        override=move.override_availability,
        valid_until=booking.valid_until,
        is_credit=True,
    )
    if clear_stale(session, taken, now=now):
        raise SlotTaken
    free_time(session, BOOKING, booking.id)
    booking.start_time, booking.end_time = move.start_time, end
    take_time_of(session, booking)


def _to_session(session: Session, booking: Booking, move: Move, *, now: datetime) -> None:
    if move.service_session_id is None:
        raise NotReschedulable("Choose another session of this workshop.")
    offer = _offer(session, booking, move.service_session_id)
    seat = offer.seat
    if seat is None or seat.service_id != booking.service_id:
        raise Invalid.field("service_session_id", "This service has no such session.")
    price = seat.price_cents if seat.price_cents is not None else offer.service.price_cents
    if booking.parent_id is None and price != booking.price_charged_cents:
        raise NotReschedulable("The other session has another price.")
    old = booking.service_session_id
    assert old is not None
    # In the order of ids, so that two who change places do not wait for each other.
    if old < seat.id:
        leave_seat(session, old)
    give_seat(session, seat.id, now=now)
    if old > seat.id:
        leave_seat(session, old)
    booking.service_session_id = seat.id
    booking.start_time, booking.end_time = seat.starts_at, seat.ends_at
    insert(session, booking)


def request_reschedule(
    session: Session,
    reference: str,
    *,
    by: Identity,
    reason: str | None,
    suggested_times: list[datetime],
    now: datetime,
) -> Booking:
    """Give a confirmed appointment's time back and ask the client for another. What was paid is kept.

    Raises BookingNotFound, Forbidden, InvalidTransition. Emits BookingRescheduleRequested.
    """
    booking = lock_booking(session, reference, by=by).booking
    if booking.role_of(by) == words.CLIENT:
        raise Forbidden
    if booking.status == words.DRAFT and booking.status_detail == words.RESCHEDULE_REQUESTED:
        return booking
    over = booking.end_time is not None and now >= booking.end_time
    if booking.status != words.CONFIRMED or booking.kind != words.SESSION or over:
        raise InvalidTransition.of(booking.status)
    release(session, booking)
    drop_reminders(session, booking)
    booking.original_start_time = booking.original_start_time or booking.start_time
    booking.become(words.DRAFT, detail=words.RESCHEDULE_REQUESTED, now=now)
    booking.start_time = booking.end_time = None
    session.flush()
    fact = BookingRescheduleRequested.of(booking, reason=reason, suggested_times=suggested_times)
    announce(
        session,
        booking,
        fact,
        action="reschedule_requested",
        by=by,
        from_status=words.CONFIRMED,
        reason=reason,
    )
    return booking
