"""Erasing what payments holds of a person, and ending what would charge them again."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.payments.models import Customer, Membership, PaymentMethod, Subscription, UserRef
from services.payments.operations.billing import note_end
from services.payments.operations.cards import drop_card
from services.payments.operations.stripe_log import intend


def erase_person(session: Session, user_id: int) -> None:
    """Erase name and address, end renewals, drop cards and the customer at Stripe.

    The books stay with the bare id, as the law wants.
    """
    session.execute(
        update(UserRef).where(UserRef.id == user_id).values(email="", name="", avatar_url=None, is_active=False)
    )
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
    if customer is None:
        return
    intend(
        session,
        call="customers.delete",
        key=f"cus:{customer.stripe_customer_id}:delete",
        target=customer.stripe_customer_id,
        params={},
        subject=f"user:{user_id}",
    )
    session.delete(customer)
