"""Enrolling in a course: a parent, and a seat in every class to come."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import SessionUnavailable
from services.bookings.domain.shares import shares
from services.bookings.models import Booking, SessionSeat
from services.bookings.models.offers import sessions_of
from services.bookings.operations.announcing import announce_children, set_reminders
from services.bookings.operations.building import announce_new, copy_service, insert, new_booking
from services.bookings.operations.checking import Request, check_limits, place_for, price_of
from services.bookings.operations.following import open_credits
from services.bookings.operations.occupying import lock_calendar, take_seat
from services.bookings.operations.packages import create_multi
from services.bookings.operations.wishes import Wish
from shared.identity import Identity


def create_course(session: Session, wish: Wish, *, by: Identity, now: datetime) -> Booking:
    """Enrol in a course. Raises what `create_booking` does, and ServiceNotFound."""
    return enrol(session, create_multi(session, wish, kind=words.COURSE, by=by, now=now))


def enrol(session: Session, request: Request) -> Booking:
    """Take a seat in every class that is still to come, all or none. The price is the course's, however many are left.

    Emits BookingCreated for the parent. Raises SessionUnavailable if no class is left, SessionFull, AlreadyBooked,
    LimitReached.
    """
    classes = sessions_of(session, request.service.id, now=request.now)
    if not classes:
        raise SessionUnavailable("No class of this course is left to join.")
    lock_calendar(session, request.practitioner.id)
    check_limits(session, request)
    price, discount = price_of(request)
    location_id = place_for(session, request)
    for seat_id in sorted(seat.id for seat in classes):
        take_seat(session, seat_id, now=request.now)
    parent = new_booking(
        request,
        kind=words.COURSE,
        start=classes[0].starts_at,
        end=max(seat.ends_at for seat in classes if seat.ends_at is not None),
        price_cents=price,
        discount_cents=discount,
        location_id=location_id,
    )
    parent.sessions_total = len(classes)
    insert(session, parent)
    children = list(_seats_of(parent, classes, request))
    insert(session, *children)
    if parent.status == words.CONFIRMED:
        for child in open_credits(parent, children, now=request.now):
            set_reminders(session, child, now=request.now)
    announce_new(session, parent, request)
    announce_children(session, children, action="created", by=request.by)
    return parent


def _seats_of(parent: Booking, classes: Sequence[SessionSeat], request: Request) -> Iterator[Booking]:
    """Yield the client's seat in each class, with its share of the price."""
    parts = shares(parent.final_amount_cents, len(classes))
    for number, (seat, share) in enumerate(zip(classes, parts, strict=True), start=1):
        child = Booking(
            kind=words.COURSE,
            parent_id=parent.id,
            session_number=number,
            service_session_id=seat.id,
            client_id=parent.client_id,
            timezone=parent.timezone,
            location_id=seat.location_id or parent.location_id,
            start_time=seat.starts_at,
            end_time=seat.ends_at,
            title=seat.title,
            price_charged_cents=share,
            final_amount_cents=share,
            allocated_cents=share,
            collect=parent.collect,
            payment={},
            created_at=request.now,
            updated_at=request.now,
        )
        copy_service(child, request.service, request.practitioner, request.client)
        child.become(words.PENDING, detail=words.AWAITING_PAYMENT, now=request.now)
        child.hold_expires_at = parent.hold_expires_at
        yield child
