"""Recurring payments as a whole: which of plan and membership an answer of Stripe's is about, and asking again."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe, StripeRefusal
from services.payments.models import StripeOperation
from services.payments.operations import billing, memberships, plans
from shared.database import transaction


def refresh(stripe: Stripe, subscription_id: str) -> dict[str, Any]:
    """Bring a plan or membership in step with Stripe, and its latest invoice. Raises StripeRefusal."""
    told = stripe.call("subscriptions.retrieve", subscription_id, {"expand": billing.EXPAND})
    with transaction() as session:
        sync(session, told)
    invoice = told.get("latest_invoice")
    if isinstance(invoice, Mapping) and invoice.get("status") == "paid":
        whole = stripe.call("invoices.retrieve", invoice["id"], {"expand": ["payments"]})
        with transaction() as session:
            sync_invoice(session, whole)
    return told


def sync(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a subscription's state at Stripe; False if it is nobody's here."""
    return plans.sync_plan(session, told) or memberships.sync_membership(session, told)


def sync_invoice(session: Session, invoice: Mapping[str, Any]) -> bool:
    """Take in an invoice; False if its subscription is not known here yet."""
    if billing.subscription_of(invoice) is None:
        return True
    return plans.sync_plan_invoice(session, invoice) or memberships.sync_membership_invoice(session, invoice)


def _apply(session: Session, _operation: StripeOperation, answer: Mapping[str, Any]) -> None:
    sync(session, answer)


def _refuse(session: Session, operation: StripeOperation, refusal: StripeRefusal) -> None:
    if operation.subject.startswith(f"{plans.KIND}:"):
        plans.REFUSE_PLAN(session, operation, refusal)
    else:
        memberships.refused(session, operation, refusal)


APPLY: dict[str, Callable[[Session, StripeOperation, Mapping[str, Any]], object]] = {
    "subscriptions.create": _apply,
    "subscriptions.update": _apply,
    "subscriptions.cancel": _apply,
}
REFUSE: dict[str, Callable[[Session, StripeOperation, StripeRefusal], object]] = {"subscriptions.create": _refuse}
