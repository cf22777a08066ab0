"""What payments says: paid, failed, to be confirmed, given back, or asked for by a checkout."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.bookings.events import BookingRejected
from services.bookings.models import Service
from services.bookings.operations.checkout import book_for_checkout
from services.bookings.operations.payments import (
    Trouble,
    note_action_required,
    note_failure,
    note_refund,
    take_payment,
)
from services.bookings.operations.wishes import Payment, Wish
from shared.clock import utc_now
from shared.errors import DomainError, Unavailable
from shared.messaging import Message, handles, record


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded:
    """An order was paid."""

    order_uuid: UUID | None = None
    booking_id: int | None = None
    subtotal_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed:
    """An order was not paid; `final`: and will not be."""

    order_uuid: UUID | None = None
    booking_id: int | None = None
    code: str | None = None
    message: str | None = None
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentActionRequired:
    """The payer has something to do."""

    order_uuid: UUID | None = None
    booking_id: int | None = None
    checkout_url: str | None = None
    next_action_url: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded:
    """Money was given back."""

    booking_id: int | None = None
    refunded_total_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequested:
    """Somebody wants to book and pay in one step."""

    order_uuid: UUID
    user_id: int
    service_id: int
    start_time: datetime | None = None
    end_time: datetime | None = None
    timezone: str | None = None
    service_session_id: int | None = None
    location_id: int | None = None
    notes: str | None = None


@handles("payment.succeeded", PaymentSucceeded)
def confirm_paid_booking(session: Session, event: PaymentSucceeded, _message: Message) -> None:
    """Confirm the booking that was paid for, if it still waits."""
    if event.booking_id is not None:
        take_payment(
            session,
            event.booking_id,
            paid_cents=event.subtotal_cents,
            order_uuid=event.order_uuid,
            now=utc_now(),
        )


@handles("payment.failed", PaymentFailed)
def note_failed_payment(session: Session, event: PaymentFailed, _message: Message) -> None:
    """Note why a payment failed; give the time back if it is final."""
    if event.booking_id is not None:
        trouble = Trouble(code=event.code, message=event.message, final=event.final)
        note_failure(session, event.booking_id, order_uuid=event.order_uuid, trouble=trouble, now=utc_now())


@handles("payment.action_required", PaymentActionRequired)
def note_required_action(session: Session, event: PaymentActionRequired, _message: Message) -> None:
    """Keep the address where the client can pay."""
    if event.booking_id is not None:
        note_action_required(
            session,
            event.booking_id,
            order_uuid=event.order_uuid,
            checkout_url=event.checkout_url,
            next_action_url=event.next_action_url,
            expires_at=event.expires_at,
        )


@handles("payment.refunded", PaymentRefunded)
def note_refunded_payment(session: Session, event: PaymentRefunded, _message: Message) -> None:
    """Keep how much of a booking was given back."""
    if event.booking_id is not None:
        note_refund(session, event.booking_id, refunded_total_cents=event.refunded_total_cents)


@handles("checkout.requested", CheckoutRequested)
def book_checkout(session: Session, event: CheckoutRequested, _message: Message) -> None:
    """Book what a checkout asks for, or say why it can not be. Emits BookingCreated or BookingRejected."""
    wish = Wish(
        service=event.service_id,
        start_time=event.start_time,
        end_time=event.end_time,
        timezone=event.timezone,
        service_session_id=event.service_session_id,
        location_id=event.location_id,
        client_notes=event.notes,
        order_uuid=event.order_uuid,
        payment=Payment(),
    )
    try:
        book_for_checkout(session, wish, user_id=event.user_id, now=utc_now())
    except Unavailable:
        raise
    except DomainError as refused:
        service = session.get(Service, event.service_id)
        rejected = BookingRejected(
            order_uuid=event.order_uuid,
            user_id=event.user_id,
            service_id=event.service_id,
            service_name=service.name if service else None,
            start_time=event.start_time,
            code=refused.code,
            message=refused.message,
        )
        record(session, rejected, about=("order", event.order_uuid))
