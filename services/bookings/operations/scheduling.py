"""Giving a session credit, or a booking whose time was given back, its time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import (
    AlreadyScheduled,
    CreditExpired,
    InvalidTransition,
    NotBookable,
    SlotTaken,
)
from services.bookings.models import Booking, SessionSeat
from services.bookings.models.busy import taken_between
from services.bookings.models.occupancy import BOOKING
from services.bookings.models.offers import Offer, Reference, find_offer
from services.bookings.operations.announcing import announce, announce_children, set_reminders
from services.bookings.operations.building import copy_service, insert, told_confirmed
from services.bookings.operations.checking import check_slot, checked_end
from services.bookings.operations.classes import take_classes
from services.bookings.operations.expiring import clear_stale
from services.bookings.operations.finding import Found, lock_booking
from services.bookings.operations.occupying import lock_calendar, take_time_of
from services.bookings.operations.seating import give_seat
from shared.errors import Invalid, PaymentRequired
from shared.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The time, or the dated session, that is wished for; and what goes with it."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    service_session_id: int | None = None
    timezone: str | None = None
    practitioner: Reference | None = None
    location_id: int | None = None
    client_notes: str | None = None


def schedule_booking(session: Session, reference: str, when: When, *, by: Identity, now: datetime) -> Booking:
    """Give a draft its time. Emits BookingConfirmed.

    Raises BookingNotFound, PaymentRequired while its purchase is unpaid, AlreadyScheduled, InvalidTransition,
    CreditExpired, SlotTaken, SlotUnavailable, SessionFull, SessionUnavailable, AlreadyBooked.
    """
    found = lock_booking(session, reference, by=by, and_calendar=True)
    check_open(found)
    give_time(session, found, when, by=by, now=now)
    return found.booking


def check_open(found: Found) -> None:
    """Refuse a booking that is not waiting for its time."""
    booking, parent = found.booking, found.parent
    if parent is not None and parent.status == words.PENDING:
        raise PaymentRequired
    if booking.status == words.PENDING:
        raise PaymentRequired
    if booking.status in (words.CONFIRMED, words.IN_PROGRESS):
        raise AlreadyScheduled
    if booking.status != words.DRAFT:
        raise InvalidTransition.of(booking.status)


def give_time(session: Session, found: Found, when: When, *, by: Identity, now: datetime) -> None:
    """Confirm a locked draft at the wished time; a course has its own times. The practitioner's calendar is held."""
    booking = found.booking
    offer = find_offer(
        session,
        booking.service_id,
        practitioner=when.practitioner or booking.practitioner_id,
        client_id=booking.client_id,
        service_session_id=when.service_session_id,
    )
    if offer is None or not offer.takes_bookings or offer.calendar is None or offer.practitioner is None:
        raise NotBookable
    if offer.practitioner.id not in offer.service.practitioner_ids:
        raise Invalid.field("practitioner_id", "This practitioner does not give this service.")
    if offer.practitioner.id != booking.practitioner_id:
        lock_calendar(session, offer.practitioner.id)
        copy_service(booking, offer.service, offer.practitioner, offer.client)
    booking.timezone = when.timezone or booking.timezone
    booking.client_notes = when.client_notes if when.client_notes is not None else booking.client_notes
    if booking.kind == words.SESSION:
        if when.start_time is None:
            raise Invalid.field("start_time", "A session needs a start time.")
        place_in_time(session, booking, offer, start=when.start_time, end=when.end_time, now=now)
    elif booking.kind == words.WORKSHOP:
        _place_in_session(session, booking, offer.seat, now=now)
    others: list[Booking] = []
    if booking.kind == words.COURSE:
        assert found.parent is not None
        others = take_classes(session, booking, found.parent, now=now)
    was = booking.status
    booking.become(words.CONFIRMED, now=now)
    booking.confirmed_at = now
    insert(session, booking, *others)
    if booking.holds_time:
        take_time_of(session, booking)
    for one in (booking, *others):
        set_reminders(session, one, now=now)
    announce(
        session,
        booking,
        told_confirmed(session, booking, how="credit"),
        action="scheduled",
        by=by,
        from_status=was,
    )
    if others and found.parent is not None:
        announce_children(session, others, action="scheduled", by=by)
        announce(session, found.parent, action="classes_joined", by=by)


def place_in_time(
    session: Session, booking: Booking, offer: Offer, *, start: datetime, end: datetime | None, now: datetime
) -> None:
    """Set the times of a booking that is bought already, if they are on offer; its block is taken by the caller.

    Raises CreditExpired, SlotTaken, SlotUnavailable, Invalid.
    """
    duration = offer.service.duration_minutes
    right_end = checked_end(start, end, duration_minutes=duration, now=now)
    if booking.valid_until is not None and start >= booking.valid_until:
        raise CreditExpired
    calendar = offer.calendar
    if calendar is None or offer.practitioner is None:
        raise NotBookable
    taken = taken_between(
        session,
        offer.practitioner.id,
        start,
        right_end + timedelta(minutes=calendar.buffer_minutes),
        now=now,
        leaving_out=(BOOKING, booking.id),
    )
    check_slot(offer, taken, start, right_end, now=now, override=False, valid_until=booking.valid_until, is_credit=True)
    if clear_stale(session, taken, now=now):
        raise SlotTaken
    booking.start_time, booking.end_time = start, right_end
    booking.buffer_minutes = calendar.buffer_minutes


def _place_in_session(session: Session, booking: Booking, seat: SessionSeat | None, *, now: datetime) -> None:
    if seat is None or seat.service_id != booking.service_id:
        raise Invalid.field("service_session_id", "Choose one of the workshop's sessions.")
    if booking.valid_until is not None and seat.starts_at is not None and seat.starts_at >= booking.valid_until:
        raise CreditExpired
    give_seat(session, seat.id, now=now)
    booking.service_session_id = seat.id
    booking.start_time, booking.end_time = seat.starts_at, seat.ends_at
