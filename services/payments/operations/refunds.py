"""Giving money back: to the card, to credits, or both, and out of the right pockets.

A refund draws on what was not delivered (escrow) first, then on what was earned (pending, then available), with the
commission given back in proportion. The order's row is locked by whoever calls anything here.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import card_part
from services.payments.domain.errors import OrderNotRefundable
from services.payments.events import PaymentRefunded
from services.payments.models import Order, Refund
from services.payments.operations import ledger
from services.payments.operations.credits import Links, note_credits
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
    post_refund(session, order, refund, may_go_into_debt=may_go_into_debt)
    if to_card:
        _ask_stripe(session, refund, stripe_reason)
    else:
        finish_refund(session, order, refund, "succeeded")
    return refund


def post_refund(
    session: Session, order: Order, refund: Refund, *, may_go_into_debt: bool, is_gone: bool = False
) -> None:
    """Count a new refund, and move its money out of the order's pockets."""
    session.add(refund)
    order.refunded_amount_cents += refund.amount_cents
    order.status = "refunded" if order.refundable_cents == 0 else "partially_refunded"
    session.flush()
    lines = draw(session, order, refund.amount_cents, may_go_into_debt=may_go_into_debt, is_gone=is_gone)
    taken = dict(lines)
    lines[ledger.REFUNDS_DUE] -= refund.to_card_cents
    lines[ledger.user_credits(order.user_id)] -= refund.to_credits_cents
    posting = ledger.post(
        session,
        "refund",
        f"refund:{refund.public_uuid}:created",
        lines,
        order_id=order.id,
        booking_id=refund.booking_id,
        description=refund.reason,
    )
    note_taken_credits(session, order, posting, taken, description=refund.reason)
    note_refunded_credits(session, order, refund, posting, refund.to_credits_cents)


def note_taken_credits(
    session: Session, order: Order, posting: ledger.Posting, lines: Mapping[str, int], *, description: str
) -> None:
    """Write into the payer's history that credits they had bought were taken back."""
    cents = lines.get(ledger.user_credits(order.user_id), 0)
    if order.order_type == "credit" and cents and posting.is_new:
        note_credits(
            session,
            posting,
            user_id=order.user_id,
            cents=-cents,
            transaction_type="refund",
            description=description or "Refund",
            links=Links(order_id=order.id),
        )


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
    if destination == "credits" or order.payment_method in ("credits", "manual"):
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


def finish_refund(session: Session, order: Order, refund: Refund, status: str) -> None:
    """Note how a refund ended. Emits PaymentRefunded."""
    refund.status = status
    session.flush()
    record(session, PaymentRefunded.of(refund, order), subject=refund)


def note_refunded_credits(session: Session, order: Order, refund: Refund, posting: ledger.Posting, cents: int) -> None:
    """Write into the payer's history that a refund came as credits."""
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
