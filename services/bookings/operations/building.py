"""Making rows of bookings: what is copied from the service on the day of booking."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.cancellation import Policy
from services.bookings.domain.errors import AlreadyBooked
from services.bookings.domain.text import folded
from services.bookings.events import BookingConfirmed, BookingCreated, Item, PaymentWish
from services.bookings.models import Booking, Practitioner, Service, User
from services.bookings.operations.announcing import announce, place_of, room_name_of, set_reminders
from services.bookings.operations.checking import Request
from services.bookings.settings import settings


def new_booking(
    request: Request,
    *,
    kind: str,
    start: datetime | None,
    end: datetime | None,
    price_cents: int,
    discount_cents: int,
    location_id: int | None,
) -> Booking:
    """Return a booking by itself, or a parent: unpaid with a hold, or confirmed if there is nothing to pay."""
    wish, now, calendar = request.wish, request.now, request.offer.calendar
    assert calendar is not None
    final = price_cents - discount_cents
    booking = Booking(
        kind=kind,
        client_id=request.client_id,
        timezone=request.timezone,
        location_id=location_id,
        service_session_id=wish.service_session_id if kind == words.WORKSHOP else None,
        start_time=start,
        end_time=end,
        buffer_minutes=calendar.buffer_minutes if kind in (words.SESSION, words.SERIES) else 0,
        title=wish.title,
        description=wish.description,
        client_notes=wish.client_notes,
        price_charged_cents=price_cents,
        discount_amount_cents=discount_cents,
        final_amount_cents=final,
        allocated_cents=final,
        collect=wish.collect,
        order_uuid=wish.order_uuid,
        payment={},
        created_at=now,
        updated_at=now,
    )
    copy_service(booking, request.service, request.practitioner, request.client)
    if final:
        booking.become(words.PENDING, detail=words.AWAITING_PAYMENT, now=now)
        booking.hold_expires_at = now + settings().hold
    else:
        booking.become(words.CONFIRMED, now=now)
        booking.confirmed_at, booking.payment_status = now, words.PAID
    return booking


def copy_service(booking: Booking, service: Service, practitioner: Practitioner, client: User | None) -> None:
    """Copy names, description, length, policy and words to search for onto the booking."""
    policy = Policy.of(service.cancellation_policy or None, course_days=settings().bookings_course_cancel_days)
    booking.service_id, booking.service_type = service.id, service.service_type
    booking.location_type = service.location_type
    booking.practitioner_id, booking.practitioner_user_id = practitioner.id, practitioner.user_id
    booking.service_name_snapshot = service.name
    booking.service_description_snapshot = service.short_description or ""
    booking.service_duration_snapshot = service.duration_minutes
    booking.practitioner_name_snapshot = practitioner.display_name
    booking.policy, booking.free_cancellation_hours = policy.to_dict(), policy.free_hours
    booking.search_text = folded(
        booking.title, service.name, practitioner.display_name, client.full_name if client else None
    )


def insert(session: Session, *bookings: Booking) -> None:
    """Write new bookings. Raises AlreadyBooked if the client has a seat, or this course, already."""
    session.add_all(bookings)
    try:
        session.flush()
    except IntegrityError as refused:
        if getattr(refused.orig, "pgcode", None) == "23505":
            raise AlreadyBooked from refused
        raise


def announce_new(session: Session, booking: Booking, request: Request) -> None:
    """Tell of a new booking by itself or of a new parent. Emits BookingCreated, BookingConfirmed if it is free."""
    wish, is_own = request.wish, request.by.user_id == request.client_id
    created = BookingCreated.of(
        booking,
        items=[
            Item(
                service_id=booking.service_id,
                practitioner_id=booking.practitioner_id,
                service_type=booking.service_type,
                description=booking.service_name_snapshot,
                gross_cents=booking.final_amount_cents,
                sessions_total=booking.sessions_total or 1,
            )
        ],
        payment=PaymentWish(
            mode="in_person" if booking.collect == words.IN_PERSON else "auto",
            # Nobody spends a client's credits or card but the client.
            payment_method_id=wish.payment.payment_method_id if is_own else None,
            apply_credits=wish.payment.apply_credits and is_own,
            success_url=wish.payment.success_url,
            cancel_url=wish.payment.cancel_url,
        ),
        order_uuid=booking.order_uuid,
    )
    if booking.status != words.CONFIRMED:
        announce(session, booking, created, action="created", by=request.by)
        return
    set_reminders(session, booking, now=request.now)
    confirmed = told_confirmed(session, booking, how="free")
    announce(session, booking, created, confirmed, action="created", by=request.by)


def told_confirmed(session: Session, booking: Booking, *, how: str) -> BookingConfirmed:
    """Return the event that tells of a confirmed booking; flushes it first."""
    session.flush()
    return BookingConfirmed.of(
        booking, by=how, place=place_of(session, booking), room_name=room_name_of(session, booking)
    )
