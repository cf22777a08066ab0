"""What payments does when bookings decides."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.payments.domain.orders import Part, order_type
from services.payments.models import BookingRef
from services.payments.operations import bookings
from shared.clock import utc_now
from shared.messaging import Message, handles, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingState:
    """A booking, as far as payments reads it; every event of bookings carries it."""

    id: int
    public_uuid: UUID
    user_id: int
    practitioner_id: int
    service_id: int | None = None
    service_type: str | None = ""
    service_name: str | None = ""
    parent_booking_id: int | None = None
    status: str = "pending_payment"
    payment_status: str | None = "unpaid"
    amount_cents: int = 0
    allocated_cents: int | None = 0
    session_number: int | None = None
    sessions_total: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    hold_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one practitioner sells in a booking."""

    practitioner_id: int
    gross_cents: int
    service_id: int | None = None
    service_type: str | None = ""
    description: str | None = ""
    sessions_total: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the payer wants to pay."""

    mode: str = "auto"
    payment_method_id: Any = None
    apply_credits: bool | None = False
    success_url: str | None = None
    cancel_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCreated(BookingState):
    """A booking that is to be paid, or free."""

    items: list[Item] = field(default_factory=list)
    payment: Wish | None = None
    order_uuid: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled(BookingState):
    """What is to be given back and what is kept."""

    refund_cents: int | None = 0
    retained_cents: int | None = 0
    earned_from: datetime | None = None
    refund_to: str | None = None
    canceled_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingSettled(BookingState):
    """What was earned by delivering it, or by waiting in vain."""

    earned_cents: int | None = 0
    refund_cents: int | None = 0
    earned_from: datetime | None = None
    no_show_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRejected:
    """No booking was made of what was asked for."""

    order_uuid: UUID
    code: str = "booking_rejected"
    message: str = "This could not be booked."


@handles("booking.created", BookingCreated)
def pay_booking(session: Session, event: BookingCreated, message: Message) -> None:
    """Make the order and pay it as wished: with credits in this very transaction."""
    keep_booking(session, event, message)
    if message.snapshot:
        return
    wish = event.payment or Wish()
    bookings.open_booking_order(
        session,
        now=utc_now(),
        order_uuid=event.order_uuid,
        booking_id=event.id,
        user_id=event.user_id,
        practitioner_id=event.practitioner_id,
        service_id=event.service_id,
        order_type=order_type(event.service_type or ""),
        amount_cents=event.amount_cents,
        description=event.service_name or "Booking",
        expires_at=event.hold_expires_at,
        parts=_parts(event),
        wanted={
            "mode": wish.mode,
            "payment_method_id": wish.payment_method_id,
            "apply_credits": bool(wish.apply_credits),
            "success_url": wish.success_url,
            "cancel_url": wish.cancel_url,
        },
    )


@handles("booking.expired", BookingState)
def expire_booking(session: Session, event: BookingState, message: Message) -> None:
    """Fail the order, or give back what came already."""
    order = bookings.paying_order(session, event.id, event.parent_booking_id)
    keep_booking(session, event, message)
    if order.booking_id == event.id:
        bookings.expire_booking_order(session, order)


@handles("booking.cancelled", BookingCancelled)
def cancel_booking(session: Session, event: BookingCancelled, message: Message) -> None:
    """Give back what is due and earn what is kept."""
    order = bookings.paying_order(session, event.id, event.parent_booking_id)
    keep_booking(session, event, message)
    bookings.cancel_booking_order(
        session,
        order,
        booking_id=event.id,
        service_id=event.service_id,
        refund_cents=event.refund_cents or 0,
        retained_cents=event.retained_cents or 0,
        earned_from=event.earned_from or message.occurred_at,
        refund_to=event.refund_to,
        reason=event.reason or f"Canceled by {event.canceled_by or 'system'}",
        description=event.service_name or "Cancellation",
    )


@handles("booking.completed", BookingSettled)
def earn_booking(session: Session, event: BookingSettled, message: Message) -> None:
    """Earn what was delivered."""
    _settle(session, event, message, fact="booking.completed", reason="Corrected")


@handles("booking.no_show", BookingSettled)
def settle_no_show(session: Session, event: BookingSettled, message: Message) -> None:
    """Earn and give back as bookings says."""
    _settle(session, event, message, fact="booking.no_show", reason=f"No show by {event.no_show_by or 'client'}")


@handles("booking.rejected", BookingRejected)
def reject_order(session: Session, event: BookingRejected, _message: Message) -> None:
    """Fail the order that nothing was booked for."""
    bookings.reject_order(session, order_uuid=event.order_uuid, code=event.code, message=event.message)


@handles("booking.changed", BookingState)
@handles("booking.confirmed", BookingState)
@handles("booking.rescheduled", BookingState)
@handles("booking.started", BookingState)
def keep_booking(session: Session, event: BookingState, message: Message) -> None:
    """Keep the booking's newest state."""
    if message.sequence < 1:
        return
    replace_replica(
        session,
        BookingRef,
        key={"id": event.id},
        values={
            "uuid": event.public_uuid,
            "user_id": event.user_id,
            "practitioner_id": event.practitioner_id,
            "service_id": event.service_id,
            "service_type": event.service_type or "",
            "service_name": event.service_name or "",
            "parent_booking_id": event.parent_booking_id,
            "status": event.status,
            "payment_status": event.payment_status or "unpaid",
            "amount_cents": event.amount_cents,
            "allocated_cents": event.allocated_cents or 0,
            "session_number": event.session_number,
            "sessions_total": event.sessions_total,
            "start_time": event.start_time,
            "end_time": event.end_time,
            "hold_expires_at": event.hold_expires_at,
            "told_at": message.occurred_at,
        },
        message=message,
    )


def _settle(session: Session, event: BookingSettled, message: Message, *, fact: str, reason: str) -> None:
    order = bookings.paying_order(session, event.id, event.parent_booking_id)
    keep_booking(session, event, message)
    bookings.settle_booking(
        session,
        order,
        booking_id=event.id,
        service_id=event.service_id,
        earned_cents=event.earned_cents or 0,
        refund_cents=event.refund_cents or 0,
        earned_from=event.earned_from or message.occurred_at,
        fact=fact,
        reason=reason,
        description=event.service_name or "Session",
    )


def _parts(event: BookingCreated) -> list[Part]:
    """Return what is sold; without items all of it is the booking's practitioner's."""
    if not event.items:
        return [
            Part(
                practitioner_id=event.practitioner_id,
                service_id=event.service_id,
                service_type=event.service_type or "",
                description=event.service_name or "",
                gross_cents=event.amount_cents,
                sessions_total=event.sessions_total or 1,
            )
        ]
    return [
        Part(
            practitioner_id=item.practitioner_id,
            service_id=item.service_id,
            service_type=item.service_type or "",
            description=item.description or "",
            gross_cents=item.gross_cents,
            sessions_total=item.sessions_total or 1,
        )
        for item in event.items
    ]
