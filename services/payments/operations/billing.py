"""What plans and memberships share: recurring payments at Stripe, and the orders of their paid invoices."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Declined, Refused, Stripe, StripeRefusal, Unanswered
from services.payments.domain import access
from services.payments.models import Order
from services.payments.operations.orders import order_by_source
from services.payments.operations.stripe_log import intend
from shared.database import transaction

GRACE = access.GRACE
UNPAID_LIVES = timedelta(hours=23)
LIVE = ("active", "trialing", "past_due")
EXPAND = ["latest_invoice.confirmation_secret", "latest_invoice.payments"]


class Recurring(Protocol):
    """What a plan and a membership have in common."""

    id: Any
    public_uuid: Any
    user_id: Any
    status: Any
    stripe_status: Any
    stripe_subscription_id: Any
    auto_renew: Any
    current_period_start: Any
    current_period_end: Any
    past_due_since: Any
    ended_at: Any
    attempt: Any


def price_for(stripe: Stripe, *, product: str, name: str, key: str, cents: int, interval: str) -> str:
    """Return a price at Stripe, making product and price where they are missing. Raises StripeRefusal."""
    try:
        stripe.call("products.create", None, {"id": product, "name": name}, key=f"product:{product}")
    except Refused as known:
        if known.code != "resource_already_exists":
            raise
    made = stripe.call(
        "prices.create",
        None,
        {
            "product": product,
            "currency": "usd",
            "unit_amount": cents,
            "recurring": {"interval": interval},
            "metadata": {"key": key},
        },
        key=f"price:{key}:{interval}:{cents}",
    )
    return str(made["id"])


def note_subscription(
    session: Session, row: Recurring, *, kind: str, customer: str, price: str, card: str | None
) -> int:
    """Note that a subscription is to be started at Stripe, unpaid at first; returns the noted call."""
    params: dict[str, Any] = {
        "customer": customer,
        "items": [{"price": price}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "metadata": {"kind": kind, "uuid": str(row.public_uuid)},
        "expand": EXPAND,
    }
    if card:
        params["default_payment_method"] = card
    return intend(
        session,
        call="subscriptions.create",
        key=f"sub:{row.public_uuid}",
        params=params,
        subject=f"{kind}:{row.id}",
        user_id=row.user_id,
        by_caller=True,
    )


def note_update(session: Session, row: Recurring, *, kind: str, what: str, params: Mapping[str, Any]) -> int:
    """Note a change of a subscription at Stripe; `what` and the row's attempt name it."""
    row.attempt += 1
    return intend(
        session,
        call="subscriptions.update",
        key=f"sub:{row.public_uuid}:{what}:{row.attempt}",
        target=row.stripe_subscription_id,
        params={**params, "expand": EXPAND},
        subject=f"{kind}:{row.id}",
        user_id=row.user_id,
        by_caller=True,
    )


def note_end(session: Session, row: Recurring, *, kind: str, by_caller: bool = True) -> int:
    """Note that a subscription is to end at Stripe now."""
    return intend(
        session,
        call="subscriptions.cancel",
        key=f"sub:{row.public_uuid}:end",
        target=row.stripe_subscription_id,
        params={},
        subject=f"{kind}:{row.id}",
        user_id=row.user_id,
        by_caller=by_caller,
    )


def pay_open_invoice(stripe: Stripe, subscription_id: str, *, card: str, key: str) -> None:
    """Charge the latest invoice to a stored card, if it is still open. Raises StripeRefusal."""
    told = stripe.call("subscriptions.retrieve", subscription_id, {"expand": ["latest_invoice"]})
    invoice = told.get("latest_invoice") or {}
    if invoice.get("status") == "open":
        stripe.call("invoices.pay", invoice["id"], {"payment_method": card}, key=key)


def secret_of(told: Mapping[str, Any]) -> str | None:
    """Return what a browser needs to pay a subscription's latest invoice; None when nothing is open."""
    invoice = told.get("latest_invoice")
    if not isinstance(invoice, Mapping) or invoice.get("status") != "open":
        return None
    secret = (invoice.get("confirmation_secret") or {}).get("client_secret")
    return str(secret) if secret else None


def take_in(row: Recurring, told: Mapping[str, Any], *, now: datetime) -> datetime | None:
    """Copy a subscription's state at Stripe into a row, and return the end of the paid period."""
    item = ((told.get("items") or {}).get("data") or [{}])[0]
    row.stripe_subscription_id, row.stripe_status = told["id"], told["status"]
    if told["status"] in (*LIVE, "unpaid"):
        row.current_period_start = _instant(item.get("current_period_start"))
        row.current_period_end = _instant(item.get("current_period_end"))
    row.auto_renew = not told.get("cancel_at_period_end") and told["status"] not in ("canceled", "incomplete_expired")
    if told["status"] in ("canceled", "incomplete_expired"):
        row.status, row.ended_at = "canceled", row.ended_at or now
    elif told.get("cancel_at_period_end"):
        row.status = "canceled"
    else:
        row.status = told["status"]
    row.past_due_since = (row.past_due_since or now) if told["status"] == "past_due" else None
    return row.current_period_end if isinstance(row.current_period_end, datetime) else None


def price_of(told: Mapping[str, Any]) -> str | None:
    """Return the price that a subscription has at Stripe."""
    item = ((told.get("items") or {}).get("data") or [{}])[0]
    return (item.get("price") or {}).get("id")


def item_of(told: Mapping[str, Any]) -> str:
    """Return the id of a subscription's only item."""
    return str(told["items"]["data"][0]["id"])


def grants_access(row: Recurring, *, now: datetime) -> bool:
    """Whether what was paid for is still to be had; see `domain.access`."""
    return access.grants_access(
        status=row.status,
        ended_at=row.ended_at,
        past_due_since=row.past_due_since,
        period_end=row.current_period_end,
        now=now,
    )


def invoice_order(
    session: Session,
    invoice: Mapping[str, Any],
    *,
    user_id: int,
    practitioner_id: int | None,
    description: str,
    subscription_id: int | None = None,
    membership_id: int | None = None,
    stream_id: int | None = None,
) -> Order | None:
    """Make the order of a paid invoice, once; None if it was made before or cost nothing."""
    cents = int(invoice.get("amount_paid") or 0)
    source = f"invoice:{invoice['id']}"
    if cents == 0 or order_by_source(session, source) is not None:
        return None
    paid_at = _instant((invoice.get("status_transitions") or {}).get("paid_at"))
    order = _waiting_order(session, subscription_id) or Order()
    told = {
        "source_key": source,
        "user_id": user_id,
        "practitioner_id": practitioner_id,
        "order_type": "subscription",
        "description": description,
        "subtotal_amount_cents": cents,
        "total_amount_cents": cents,
        "subscription_id": subscription_id,
        "membership_id": membership_id,
        "stripe_invoice_id": invoice["id"],
        "stripe_payment_intent_id": _intent_of(invoice),
        "status": "completed",
        "paid_at": paid_at or datetime.now(UTC),
        "details": {
            "number": invoice.get("number"),
            "hosted_url": invoice.get("hosted_invoice_url"),
            "pdf_url": invoice.get("invoice_pdf"),
            **({"stream_id": stream_id} if stream_id else {}),
        },
    }
    for name, value in told.items():
        setattr(order, name, value)
    order.checkout_url = order.failure_code = order.failure_message = None
    session.add(order)
    session.flush()
    return order


def _waiting_order(session: Session, subscription_id: int | None) -> Order | None:
    """Return the order of the page on which a plan's first invoice was paid, locked."""
    if subscription_id is None:
        return None
    return session.scalar(
        select(Order)
        .where(
            Order.subscription_id == subscription_id,
            Order.source_key.like("plan:%"),
            Order.status.in_(("pending", "processing", "failed")),
        )
        .with_for_update()
    )


def subscription_of(invoice: Mapping[str, Any]) -> str | None:
    """Return the subscription that an invoice is for."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    named = details.get("subscription")
    return str(named["id"] if isinstance(named, Mapping) else named) if named else None


def uuid_of(told: Mapping[str, Any], kind: str) -> UUID | None:
    """Return which of our rows a subscription at Stripe is, if it is of this kind."""
    metadata = told.get("metadata") or {}
    if metadata.get("kind") != kind:
        return None
    try:
        return UUID(str(metadata.get("uuid")))
    except ValueError:
        return None


def charged_now(stripe: Stripe, row_id: int, *, model: Any, card: str) -> StripeRefusal | None:
    """Charge the latest invoice of a plan or membership to a card; returns the refusal, if any, and counts the try."""
    with transaction() as session:
        row = session.scalars(select(model).where(model.id == row_id).with_for_update()).one()
        row.attempt += 1
        subscription_id, key = row.stripe_subscription_id, f"sub:{row.public_uuid}:pay:{row.attempt}"
    try:
        pay_open_invoice(stripe, subscription_id, card=card, key=key)
    except (Declined, Refused, Unanswered) as refusal:
        return refusal
    return None


def _intent_of(invoice: Mapping[str, Any]) -> str | None:
    for payment in (invoice.get("payments") or {}).get("data") or []:
        intent = (payment.get("payment") or {}).get("payment_intent")
        if intent:
            return str(intent["id"] if isinstance(intent, Mapping) else intent)
    return None


def _instant(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), tz=UTC) if seconds else None
