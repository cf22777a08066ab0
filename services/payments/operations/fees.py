"""What Stripe itself takes of a charge, once it is known."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.models import Order
from services.payments.operations import ledger


def sync_fee(session: Session, charge: Mapping[str, Any]) -> bool:
    """Post the fee of a charge, with its balance transaction expanded; before there is one nothing happens."""
    movement = charge.get("balance_transaction")
    if not isinstance(movement, Mapping):
        return True
    order_id = session.scalar(
        select(Order.id).where(Order.stripe_payment_intent_id == str(charge.get("payment_intent")))
    )
    cents = int(movement.get("fee") or 0)
    ledger.post(
        session,
        "stripe_fee",
        f"fee:{movement['id']}",
        {ledger.STRIPE_FEES: cents, ledger.STRIPE: -cents},
        order_id=order_id,
    )
    return True
