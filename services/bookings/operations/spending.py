"""Spending session credits. A credit is a draft child of a package or bundle, so it can be spent only once."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import BookingNotFound, NoSessionCredit
from services.bookings.models import Booking
from services.bookings.models.offers import Reference
from services.bookings.operations.checking import Request
from services.bookings.operations.finding import Found, naming
from services.bookings.operations.occupying import lock_calendar
from services.bookings.operations.scheduling import When, give_time
from shared.errors import Invalid


def spend(session: Session, request: Request) -> Booking:
    """Schedule the credit for this service that lapses first. Raises NoSessionCredit, and what scheduling does.

    Two who spend the last one at once take different rows, or one finds none.
    """
    wish = request.wish
    lock_calendar(session, request.practitioner.id)
    open_ones = [
        Booking.client_id == request.client_id,
        Booking.service_id == request.service.id,
        Booking.status == words.DRAFT,
        Booking.status_detail == words.UNSCHEDULED,
        Booking.parent_id.is_not(None),
        (Booking.valid_until.is_(None)) | (Booking.valid_until > request.now),
    ]
    if wish.parent_booking is not None:
        open_ones.append(Booking.parent_id == _parent_id(session, wish.parent_booking, request))
    soonest = (Booking.valid_until.asc().nulls_last(), Booking.id)
    parent = None
    if request.service.service_type == words.COURSE:
        # Joining the classes changes the purchase too, and a purchase is locked before its sessions everywhere.
        parent_id = session.scalar(select(Booking.parent_id).where(*open_ones).order_by(*soonest).limit(1))
        parent = session.get(Booking, parent_id, with_for_update=True) if parent_id is not None else None
        open_ones.append(Booking.parent_id == parent_id)
    child = session.scalar(
        select(Booking).where(*open_ones).order_by(*soonest).limit(1).with_for_update(skip_locked=True)
    )
    if child is None:
        raise NoSessionCredit
    when = When(
        start_time=wish.start_time,
        end_time=wish.end_time,
        service_session_id=wish.service_session_id,
        timezone=wish.timezone,
        practitioner=request.practitioner.id,
        location_id=wish.location_id,
        client_notes=wish.client_notes,
    )
    give_time(session, Found(child, parent), when, by=request.by, now=request.now)
    return child


def _parent_id(session: Session, reference: Reference, request: Request) -> int:
    try:
        named = naming(reference if isinstance(reference, int | UUID) else str(reference))
    except BookingNotFound:
        named = None
    found = named is not None and session.scalar(
        select(Booking.id).where(named, Booking.client_id == request.client_id, Booking.parent_id.is_(None))
    )
    if not found:
        raise Invalid.field("parent_booking_id", "There is no such purchase.")
    return int(found)
