"""Erasing and handing over what payments holds of a person."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.events import UserErased, UserExportPart
from services.payments.models import (
    CreditTransaction,
    Customer,
    Membership,
    Order,
    PaymentMethod,
    Payout,
    PractitionerRef,
    Subscription,
)
from services.payments.operations.billing import note_end
from services.payments.operations.cards import drop_card
from services.payments.operations.stripe_log import intend
from shared.messaging import record
from shared.messaging.messages import instant

SOURCE = "payments"
_ROWS_A_PART = 100


def erase(session: Session, user_id: int) -> None:
    """End renewals, drop cards and the customer at Stripe; the books stay, as the law wants. Emits UserErased."""
    cards = session.scalars(
        select(PaymentMethod).where(PaymentMethod.user_id == user_id, PaymentMethod.is_active.is_(True))
    )
    for card in cards.all():
        drop_card(session, card)
    kinds: tuple[tuple[Any, str], ...] = ((Subscription, "tier"), (Membership, "membership"))
    for model, kind in kinds:
        renewing = session.scalars(select(model).where(model.user_id == user_id, model.ended_at.is_(None)))
        for row in renewing.all():
            row.auto_renew = False
            if row.stripe_subscription_id:
                note_end(session, row, kind=kind, by_caller=False)
    customer = session.scalar(select(Customer).where(Customer.user_id == user_id))
    if customer is not None:
        intend(
            session,
            call="customers.delete",
            key=f"cus:{customer.stripe_customer_id}:delete",
            target=customer.stripe_customer_id,
            params={},
            subject=f"user:{user_id}",
        )
        session.delete(customer)
    record(session, UserErased(user_id=user_id, source=SOURCE), about=("user", user_id))


def export(session: Session, *, user_id: int, export_id: str) -> None:
    """Tell orders, credits, cards' last digits and payouts, in parts. Emits UserExportPart."""
    rows = list(_rows(session, user_id))
    parts = [rows[at : at + _ROWS_A_PART] for at in range(0, len(rows), _ROWS_A_PART)] or [[]]
    for number, part in enumerate(parts, start=1):
        data: dict[str, Any] = {}
        for kind, row in part:
            data.setdefault(kind, []).append(row)
        record(
            session,
            UserExportPart(export_id=export_id, source=SOURCE, part=number, last=number == len(parts), data=data),
            about=("user_export", f"{export_id}:{number}"),
        )


def _rows(session: Session, user_id: int) -> list[tuple[str, dict[str, Any]]]:
    orders = session.scalars(select(Order).where(Order.user_id == user_id).order_by(Order.id))
    found: list[tuple[str, dict[str, Any]]] = [
        (
            "orders",
            {
                "uuid": str(order.public_uuid),
                "description": order.description,
                "total_cents": order.paid_cents,
                "refunded_cents": order.refunded_amount_cents,
                "status": order.status,
                "created_at": instant(order.created_at),
            },
        )
        for order in orders
    ]
    credits_ = session.scalars(
        select(CreditTransaction).where(CreditTransaction.user_id == user_id).order_by(CreditTransaction.id)
    )
    found += [
        (
            "credits",
            {
                "amount_cents": line.amount_cents,
                "type": line.transaction_type,
                "description": line.description,
                "created_at": instant(line.created_at),
            },
        )
        for line in credits_
    ]
    cards = session.scalars(select(PaymentMethod).where(PaymentMethod.user_id == user_id).order_by(PaymentMethod.id))
    found += [("cards", {"brand": card.brand, "last4": card.last4}) for card in cards]
    own = select(PractitionerRef.id).where(PractitionerRef.user_id == user_id)
    payouts = session.scalars(select(Payout).where(Payout.practitioner_id.in_(own)).order_by(Payout.id))
    found += [
        (
            "payouts",
            {"amount_cents": one.amount_cents, "status": one.status, "created_at": instant(one.created_at)},
        )
        for one in payouts
    ]
    return found
