"""Giving money back: to the card, to credits, or both, and out of the right pockets.

A refund draws on what was not delivered (escrow) first, then on what was earned (pending, then available), with the
commission given back in proportion. The order's row is locked by whoever calls anything here.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import card_part
from services.payments.domain.errors import OrderNotRefundable
from services.payments.events import PaymentRefunded
from services.payments.models import Order, Refund
from services.payments.operations import ledger
from services.payments.operations.credits import Links, note_credits
from services.payments.operations.orders import locked_order
from services.payments.operations.pockets import draw
from services.payments.operations.stripe_log import intend
from services.payments.settings import settings
from shared.messaging import record

STRIPE_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def give_back(
    session: Session,
    order: Order,
    *,
    cents: int,
    source_key: str,
    reason: str,
    booking_id: int | None = None,
    destination: str | None = None,
    stripe_reason: str | None = None,
    created_by: int | None = None,
    may_go_into_debt: bool = True,
) -> Refund | None:
    """Give back up to `cents` of a paid order, once per `source_key`; None if nothing is left to give.

    `destination` is original or credits. Raises OrderNotRefundable for an unpaid or disputed order,
    RefundExceedsPayment if a practitioner's money does not reach and must (`may_go_into_debt=False`).
    Emits PaymentRefunded at once where no card is concerned.
    """
    known = session.scalar(select(Refund).where(Refund.source_key == source_key))
    if known is not None:
        return known
    if not order.is_paid or order.disputed:
        raise OrderNotRefundable
    cents = min(cents, order.refundable_cents)
    if cents <= 0:
        return None
    to_card, to_credits = _parts(session, order, cents, destination or settings().refund_default_destination)
    refund = Refund(
        order_id=order.id,
        booking_id=booking_id,
        source_key=source_key,
        amount_cents=cents,
        to_card_cents=to_card,
        to_credits_cents=to_credits,
        reason=reason,
        created_by=created_by,
        stripe_payment_intent_id=order.stripe_payment_intent_id,
    )
    session.add(refund)
    order.refunded_amount_cents += cents
    order.status = "refunded" if order.refundable_cents == 0 else "partially_refunded"
    session.flush()
    lines = draw(session, order, cents, may_go_into_debt=may_go_into_debt)
    lines[ledger.REFUNDS_DUE] -= to_card
    lines[ledger.user_credits(order.user_id)] -= to_credits
    posting = ledger.post(
        session,
        "refund",
        f"refund:{refund.public_uuid}:created",
        lines,
        order_id=order.id,
        booking_id=booking_id,
        description=reason,
    )
    _note_credits(session, order, refund, posting, -cents if order.order_type == "credit" else to_credits)
    if to_card:
        _ask_stripe(session, refund, stripe_reason)
    else:
        _finish(session, order, refund, "succeeded")
    return refund


def give_back_extra(session: Session, order: Order, *, intent_id: str, cents: int, reason: str) -> Refund:
    """Give back in full a payment that the order can not take: late, or a second one. Once per intent."""
    source_key = f"late:{order.id}:{intent_id}"
    known = session.scalar(select(Refund).where(Refund.source_key == source_key))
    if known is not None:
        return known
    refund = Refund(
        order_id=order.id,
        booking_id=order.booking_id,
        source_key=source_key,
        amount_cents=cents,
        to_card_cents=cents,
        to_credits_cents=0,
        reason=reason,
        is_extra=True,
        stripe_payment_intent_id=intent_id,
    )
    session.add(refund)
    session.flush()
    ledger.post(
        session,
        "extra",
        f"order:{order.public_uuid}:extra:{intent_id}",
        {ledger.STRIPE: cents, ledger.REFUNDS_DUE: -cents},
        order_id=order.id,
        booking_id=order.booking_id,
    )
    _ask_stripe(session, refund, "duplicate" if reason == "duplicate" else None)
    return refund


def sync_refund(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a refund's state at Stripe, also one made in its dashboard; False if its payment is not known here."""
    refund = _refund_of(session, told)
    if refund is None:
        return _taken_in(session, told)
    order = locked_order(session, refund.order_id)
    refund = session.scalars(
        select(Refund).where(Refund.id == refund.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    refund.stripe_refund_id = told["id"]
    status = told["status"]
    if status == "succeeded" and refund.status == "pending":
        _sent(session, refund)
        _finish(session, order, refund, "succeeded")
    elif status in ("failed", "canceled") and refund.status in ("pending", "succeeded"):
        fail_refund(session, order, refund, status=status, reason=told.get("failure_reason") or status)
    session.flush()
    return True


def fail_refund(session: Session, order: Order, refund: Refund, *, status: str, reason: str) -> None:
    """Stripe could not give a card's money back: its payer gets credits instead. Emits PaymentRefunded."""
    if was_sent := refund.status == "succeeded":
        ledger.post(
            session,
            "refund_returned",
            f"refund:{refund.public_uuid}:returned",
            {ledger.STRIPE: refund.to_card_cents, ledger.REFUNDS_DUE: -refund.to_card_cents},
            order_id=order.id,
        )
    cents = refund.to_card_cents
    refund.status, refund.failure_reason = status, reason
    refund.to_credits_cents, refund.to_card_cents = refund.amount_cents, 0
    session.flush()
    posting = ledger.post(
        session,
        "refund_failed",
        f"refund:{refund.public_uuid}:failed",
        {ledger.REFUNDS_DUE: cents, ledger.user_credits(order.user_id): -cents},
        order_id=order.id,
        booking_id=refund.booking_id,
    )
    _note_credits(session, order, refund, posting, cents)
    if not was_sent:
        record(session, PaymentRefunded.of(refund, order), subject=refund)


def refunded_for_booking(session: Session, booking_id: int) -> int:
    """Return what went back for a booking by bookings' own word."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
                Refund.booking_id == booking_id, Refund.is_extra.is_(False), Refund.source_key.like("booking.%")
            )
        )
        or 0
    )


def _parts(session: Session, order: Order, cents: int, destination: str) -> tuple[int, int]:
    """Return (to card, to credits): pro rata of what is left of both parts, or all to credits."""
    if order.order_type == "credit":
        return cents, 0
    if destination == "credits" or order.payment_method == "credits":
        return 0, cents
    gone = session.execute(
        select(
            func.coalesce(func.sum(Refund.to_card_cents), 0).label("card"),
            func.coalesce(func.sum(Refund.to_credits_cents), 0).label("credits"),
        ).where(Refund.order_id == order.id, Refund.is_extra.is_(False))
    ).one()
    card_left = max(order.total_amount_cents - int(gone.card), 0)
    credits_left = max(order.paid_cents - order.refunded_amount_cents - card_left, 0)
    to_card = min(card_part(cents, card_left_cents=card_left, credits_left_cents=credits_left), cents, card_left)
    return to_card, cents - to_card


def _ask_stripe(session: Session, refund: Refund, stripe_reason: str | None) -> None:
    params: dict[str, Any] = {
        "payment_intent": refund.stripe_payment_intent_id,
        "amount": refund.to_card_cents,
        "metadata": {"refund_uuid": str(refund.public_uuid)},
    }
    if stripe_reason in STRIPE_REASONS:
        params["reason"] = stripe_reason
    intend(
        session,
        call="refunds.create",
        key=f"refund:{refund.public_uuid}",
        params=params,
        subject=f"refund:{refund.id}",
    )


def _sent(session: Session, refund: Refund) -> None:
    ledger.post(
        session,
        "refund_sent",
        f"refund:{refund.public_uuid}:sent",
        {ledger.REFUNDS_DUE: refund.to_card_cents, ledger.STRIPE: -refund.to_card_cents},
        order_id=refund.order_id,
        booking_id=refund.booking_id,
    )


def _finish(session: Session, order: Order, refund: Refund, status: str) -> None:
    refund.status = status
    session.flush()
    record(session, PaymentRefunded.of(refund, order), subject=refund)


def _note_credits(session: Session, order: Order, refund: Refund, posting: ledger.Posting, cents: int) -> None:
    if not posting.is_new or not cents:
        return
    note_credits(
        session,
        posting,
        user_id=order.user_id,
        cents=cents,
        transaction_type="refund",
        description=refund.reason or "Refund",
        links=Links(
            service_id=order.service_id,
            practitioner_id=order.practitioner_id,
            order_id=order.id,
            booking_id=refund.booking_id,
        ),
    )


def _refund_of(session: Session, told: Mapping[str, Any]) -> Refund | None:
    found = session.scalar(select(Refund).where(Refund.stripe_refund_id == told["id"]))
    named = (told.get("metadata") or {}).get("refund_uuid")
    if found is None and named:
        found = session.scalar(select(Refund).where(Refund.public_uuid == UUID(named)))
    return found


def _taken_in(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a refund that somebody made in Stripe's dashboard: to the card, credits untouched."""
    order_id = session.scalar(select(Order.id).where(Order.stripe_payment_intent_id == told.get("payment_intent")))
    if order_id is None:
        return False
    order = locked_order(session, order_id)
    cents = min(int(told["amount"]), order.refundable_cents)
    if told["status"] not in ("succeeded", "pending") or cents <= 0:
        return True
    refund = Refund(
        order_id=order.id,
        booking_id=order.booking_id,
        source_key=f"stripe:{told['id']}",
        amount_cents=cents,
        to_card_cents=cents,
        to_credits_cents=0,
        stripe_refund_id=told["id"],
        stripe_payment_intent_id=order.stripe_payment_intent_id,
        reason=told.get("reason") or "Refunded at Stripe",
    )
    session.add(refund)
    order.refunded_amount_cents += cents
    order.status = "refunded" if order.refundable_cents == 0 else "partially_refunded"
    session.flush()
    lines = draw(session, order, cents, may_go_into_debt=True)
    lines[ledger.REFUNDS_DUE] -= cents
    ledger.post(session, "refund", f"refund:{refund.public_uuid}:created", lines, order_id=order.id)
    if told["status"] == "succeeded":
        _sent(session, refund)
        _finish(session, order, refund, "succeeded")
    return True
