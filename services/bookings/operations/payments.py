"""What payments says about a booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.shares import spread
from services.bookings.models import Booking
from services.bookings.operations.announcing import announce, announce_children, wake_waiting
from services.bookings.operations.expiring import expire
from services.bookings.operations.lifecycle import settle
from services.bookings.operations.occupying import children_of
from shared.messaging import NotYet


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a payment did not go through; `final`: it will not be tried again."""

    code: str | None
    message: str | None
    final: bool


def take_payment(session: Session, booking_id: int, *, paid_cents: int, order_uuid: UUID | None, now: datetime) -> None:
    """Take in that a booking was paid: confirm it if it still waits.

    Late money never revives a booking: it is noted, and payments gives it back. Raises NotYet for an unknown booking.
    Emits BookingConfirmed.
    """
    booking = _root(session, booking_id)
    if booking.paid_cents:
        return
    booking.paid_cents = min(paid_cents, booking.final_amount_cents)
    _note_payment(booking, status="succeeded", order_uuid=order_uuid)
    if booking.status == words.PENDING:
        booking.payment_status = words.PAID
        settle(session, booking, how="payment", now=now)
        return
    if booking.status == words.CANCELED:
        booking.status_detail = words.LATE_PAYMENT
        booking.refund_pending_cents = booking.paid_cents
    else:
        booking.payment_status = words.PAID
        booking.collect = words.PLATFORM
        session.flush()
        if booking.is_parent:
            _pay_children(session, booking)
    session.flush()
    announce(session, booking, action="paid")


def _pay_children(session: Session, parent: Booking) -> None:
    children = [child for child in children_of(session, parent.id, lock=True) if child.status != words.CANCELED]
    for child in children:
        child.payment_status, child.paid_cents = words.PAID, child.allocated_cents
    announce_children(session, children, action="paid")


def note_action_required(
    session: Session,
    booking_id: int,
    *,
    order_uuid: UUID | None,
    checkout_url: str | None,
    next_action_url: str | None,
    expires_at: datetime | None,
) -> None:
    """Note that the client has something to do for the payment. The hold is not prolonged. Raises NotYet."""
    booking = _root(session, booking_id)
    if booking.status != words.PENDING:
        return
    booking.status_detail = words.REQUIRES_ACTION if next_action_url else words.AWAITING_PAYMENT
    _note_payment(
        booking,
        status="requires_action" if next_action_url else "pending",
        order_uuid=order_uuid,
        checkout_url=checkout_url,
        next_action_url=next_action_url,
        expires_at=expires_at.isoformat() if expires_at else None,
    )
    session.flush()
    announce(session, booking, action="payment_action_required")
    wake_waiting(session, booking)


def note_failure(
    session: Session, booking_id: int, *, order_uuid: UUID | None, trouble: Trouble, now: datetime
) -> None:
    """Note that a payment failed; a final failure gives the time back. Raises NotYet. Emits BookingExpired if final."""
    booking = _root(session, booking_id)
    if booking.status != words.PENDING:
        return
    _note_payment(
        booking,
        status="failed",
        order_uuid=order_uuid,
        failure_code=trouble.code,
        failure_message=trouble.message,
    )
    if trouble.final:
        expire(session, booking, now=now, reason="Payment failed")
        return
    booking.status_detail = words.PAYMENT_FAILED
    session.flush()
    announce(session, booking, action="payment_failed")
    wake_waiting(session, booking)


def note_refund(session: Session, booking_id: int, *, refunded_total_cents: int) -> None:
    """Take in how much of a booking was given back altogether; never less than known. Raises NotYet."""
    asked = session.get(Booking, booking_id)
    booking = _root(session, booking_id)
    total = min(max(refunded_total_cents, booking.refunded_cents), booking.paid_cents)
    if total == booking.refunded_cents:
        return
    added = total - booking.refunded_cents
    _refund(booking, added)
    changed = _refund_children(session, booking, added, first=asked.id if asked else booking_id)
    session.flush()
    announce(session, booking, action="refunded", changes={"refunded_cents": total})
    announce_children(session, changed, action="refunded")


def _refund(booking: Booking, cents: int) -> None:
    booking.refunded_cents += cents
    booking.refund_pending_cents = max(0, booking.refund_pending_cents - cents)
    booking.payment_status = words.payment_status(
        paid_cents=booking.paid_cents,
        refunded_cents=booking.refunded_cents,
        is_free=booking.payment_status == words.PAID,
    )


def _refund_children(session: Session, parent: Booking, cents: int, *, first: int) -> Sequence[Booking]:
    """Give each child its part: first the one meant and those whose refund is awaited, the rest by share."""
    if not parent.is_parent:
        return []
    children = children_of(session, parent.id, lock=True)
    changed = []
    awaited = [child.refund_pending_cents for child in children]
    meant = [child.paid_cents - child.refunded_cents if child.id == first else 0 for child in children]
    left = cents
    for capacities in (meant, awaited, None):
        room = [child.paid_cents - child.refunded_cents for child in children]
        most = room if capacities is None else [min(pair) for pair in zip(capacities, room, strict=True)]
        parts = spread(left, most)
        for child, part in zip(children, parts, strict=True):
            if part:
                _refund(child, part)
                changed.append(child)
        left -= sum(parts)
    return list(dict.fromkeys(changed))


def _note_payment(booking: Booking, **told: Any) -> None:
    order = told.pop("order_uuid", None)
    if order is not None and booking.order_uuid is None:
        booking.order_uuid = order
    booking.payment = {**told, "order_uuid": str(booking.order_uuid) if booking.order_uuid else None}


def _root(session: Session, booking_id: int) -> Booking:
    """Return the purchase that the booking is, or belongs to, locked. Raises NotYet if it is unknown."""
    row = session.execute(select(Booking.parent_id).where(Booking.id == booking_id)).first()
    if row is None:
        raise NotYet(f"booking {booking_id} is not known here")
    booking = session.get(Booking, row.parent_id or booking_id, with_for_update=True, populate_existing=True)
    assert booking is not None
    return booking
