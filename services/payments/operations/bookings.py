"""What bookings decides, carried out in money: it alone says what is due, earned, kept and given back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.errors import OrderNotRefundable
from services.payments.models import Order, Refund
from services.payments.operations.charging import start_payment
from services.payments.operations.earnings import earn
from services.payments.operations.orders import locked_booking_order, place_booking_order
from services.payments.operations.owing import owe
from services.payments.operations.paying import fail_order
from services.payments.operations.refunds import give_back, refunded_for_booking
from shared.messaging import NotYet


def open_booking_order(session: Session, *, now: datetime, **placed: Any) -> Order:
    """Make a booking's order, once, and start its payment."""
    known = locked_booking_order(session, placed["booking_id"])
    if known is not None:
        return known
    order = place_booking_order(session, **placed)
    start_payment(session, order, now=now)
    return order


def paying_order(session: Session, booking_id: int, parent_booking_id: int | None) -> Order:
    """Return the order that pays for a booking or for its parent, locked. Raises NotYet."""
    order = locked_booking_order(session, booking_id) or locked_booking_order(session, parent_booking_id)
    if order is None:
        raise NotYet(f"The order of booking {booking_id} is not here yet.")
    return order


def expire_booking_order(session: Session, order: Order) -> None:
    """The hold is over: nothing is taken any more, and what came already goes back."""
    if order.is_paid:
        _return(
            session,
            order,
            cents=order.refundable_cents,
            source_key=f"booking.expired:{order.booking_id}",
            reason="booking_expired",
            booking_id=order.booking_id,
        )
        return
    fail_order(session, order, code="expired", message="The hold on this booking has run out.", final=True)


def cancel_booking_order(
    session: Session,
    order: Order,
    *,
    booking_id: int,
    service_id: int | None,
    refund_cents: int,
    retained_cents: int,
    earned_from: datetime,
    refund_to: str | None,
    reason: str,
    description: str,
) -> None:
    """A booking was canceled: give back the one part, earn the other as a fee; an unpaid order fails."""
    if not order.is_paid:
        if order.booking_id == booking_id:
            fail_order(session, order, code="abandoned", message="The booking was canceled.", final=True)
        return
    if refund_cents:
        _return(
            session,
            order,
            cents=refund_cents,
            source_key=f"booking.cancelled:{booking_id}",
            reason=reason,
            booking_id=booking_id,
            destination=refund_to,
        )
    if retained_cents:
        earn(
            session,
            order,
            booking_id=booking_id,
            service_id=service_id,
            cents=retained_cents,
            earned_from=earned_from,
            transaction_type="cancellation_fee",
            description=description,
        )


def settle_booking(
    session: Session,
    order: Order,
    *,
    booking_id: int,
    service_id: int | None,
    earned_cents: int,
    refund_cents: int,
    earned_from: datetime,
    fact: str,
    reason: str,
    description: str,
) -> None:
    """A booking was delivered, or somebody did not come: earn and give back as told.

    After an earlier fact of the same booking only the difference is moved.
    """
    difference = refund_cents - refunded_for_booking(session, booking_id)
    if difference > 0 and order.is_paid:
        _return(
            session,
            order,
            cents=difference,
            source_key=f"{fact}:{booking_id}:{refund_cents}",
            reason=reason,
            booking_id=booking_id,
        )
    if earned_cents:
        earn(
            session,
            order,
            booking_id=booking_id,
            service_id=service_id,
            cents=earned_cents,
            earned_from=earned_from,
            transaction_type="booking_completion",
            description=description,
        )


def reject_order(session: Session, *, order_uuid: UUID, code: str, message: str) -> None:
    """Bookings made no booking of what was asked for: the order failed for good."""
    order = session.scalar(select(Order).where(Order.public_uuid == order_uuid).with_for_update())
    if order is not None and order.booking_id is None:
        fail_order(session, order, code=code, message=message, final=True)


def _return(session: Session, order: Order, **asked: Any) -> Refund | None:
    """Give back as bookings says; during a dispute what is due waits for its end, so that nobody is paid twice."""
    try:
        return give_back(session, order, **asked)
    except OrderNotRefundable:
        if order.disputed:
            owe(order, asked)
        return None
