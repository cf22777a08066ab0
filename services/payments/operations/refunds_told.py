"""What Stripe says of refunds: sent, sent back by the payer's bank, or made by somebody in its dashboard."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.events import PaymentRefunded
from services.payments.models import Order, Refund
from services.payments.operations import ledger
from services.payments.operations.orders import locked_order
from services.payments.operations.refunds import finish_refund, note_refunded_credits, post_refund
from shared.messaging import record


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
        finish_refund(session, order, refund, "succeeded")
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
    note_refunded_credits(session, order, refund, posting, cents)
    if not was_sent:
        record(session, PaymentRefunded.of(refund, order), subject=refund)


def _sent(session: Session, refund: Refund) -> None:
    ledger.post(
        session,
        "refund_sent",
        f"refund:{refund.public_uuid}:sent",
        {ledger.REFUNDS_DUE: refund.to_card_cents, ledger.STRIPE: -refund.to_card_cents},
        order_id=refund.order_id,
        booking_id=refund.booking_id,
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
    post_refund(session, order, refund, may_go_into_debt=True, is_gone=True)
    if told["status"] == "succeeded":
        _sent(session, refund)
        finish_refund(session, order, refund, "succeeded")
    return True
