"""Enrolling in a course: a parent, and a seat in every class to come."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import SessionUnavailable
from services.bookings.domain.shares import shares
from services.bookings.models import Booking
from services.bookings.models.offers import sessions_of
from services.bookings.operations.building import insert, new_booking
from services.bookings.operations.checking import Request, check_limits, place_for, price_of
from services.bookings.operations.occupying import lock_calendar
from services.bookings.operations.packages import create_multi
from services.bookings.operations.purchases import new_child, tell_purchase
from services.bookings.operations.seating import give_seat
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
        give_seat(session, seat_id, now=request.now)
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
    parts = shares(parent.final_amount_cents, len(classes))
    children = [
        new_child(
            parent,
            request,
            kind=words.COURSE,
            number=number,
            share_cents=share,
            service_session_id=seat.id,
            location_id=seat.location_id or parent.location_id,
            start_time=seat.starts_at,
            end_time=seat.ends_at,
            title=seat.title,
        )
        for number, (seat, share) in enumerate(zip(classes, parts, strict=True), start=1)
    ]
    insert(session, *children)
    tell_purchase(session, parent, children, request)
    return parent
