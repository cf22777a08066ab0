"""What is held about a person, for that person."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.models import CreditTransaction, Order, PaymentMethod, Payout, PractitionerRef


def exported(session: Session, user_id: int) -> Iterator[Mapping[str, Any]]:
    """Yield the person's orders, credits, cards' last digits and payouts."""
    for order in session.scalars(select(Order).where(Order.user_id == user_id).order_by(Order.id)):
        yield {
            "kind": "order",
            "uuid": order.public_uuid,
            "description": order.description,
            "total_cents": order.paid_cents,
            "refunded_cents": order.refunded_amount_cents,
            "status": order.status,
            "created_at": order.created_at,
        }
    lines = select(CreditTransaction).where(CreditTransaction.user_id == user_id).order_by(CreditTransaction.id)
    for line in session.scalars(lines):
        yield {
            "kind": "credit",
            "amount_cents": line.amount_cents,
            "type": line.transaction_type,
            "description": line.description,
            "created_at": line.created_at,
        }
    for card in session.scalars(select(PaymentMethod).where(PaymentMethod.user_id == user_id)):
        yield {"kind": "card", "brand": card.brand, "last4": card.last4}
    own = select(PractitionerRef.id).where(PractitionerRef.user_id == user_id)
    for payout in session.scalars(select(Payout).where(Payout.practitioner_id.in_(own)).order_by(Payout.id)):
        yield {
            "kind": "payout",
            "amount_cents": payout.amount_cents,
            "status": payout.status,
            "created_at": payout.created_at,
        }
