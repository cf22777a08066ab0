"""Subscriptions: started, changed, ended. How they renew and what a paid invoice does to them is in `renewals`."""

from typing import Any

from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest
from deploy.sandbox.stripe.parameters import (
    BOOLEAN,
    METADATA,
    TEXT,
    Choice,
    Fields,
    Integer,
    ListOf,
    Params,
    merge_metadata,
)
from deploy.sandbox.stripe.periods import period_end
from deploy.sandbox.stripe.routing import Routes, list_of, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id
from deploy.sandbox.stripe.timers import timer

from . import invoices, owners, payment_methods, prices, proration
from .blanks import new_line, new_subscription
from .subscription_fields import CANCELLATION, ITEM_PRICE_DATA, PAYMENT_SETTINGS

routes = Routes()

ENDED = ("canceled", "incomplete_expired")
UNPAID_SECONDS_MAX = 23 * 3600


@routes.call(
    "POST",
    "/v1/subscriptions",
    {
        "cancel_at_period_end": BOOLEAN,
        "collection_method": Choice("charge_automatically"),
        "currency": TEXT,
        "customer": TEXT,
        "default_payment_method": TEXT,
        "description": TEXT,
        "items": ListOf(
            Fields({"price": TEXT, "price_data": ITEM_PRICE_DATA, "quantity": Integer(least=1), "metadata": METADATA})
        ),
        "metadata": METADATA,
        "off_session": BOOLEAN,
        "payment_behavior": Choice("allow_incomplete", "default_incomplete", "error_if_incomplete"),
        "payment_settings": PAYMENT_SETTINGS,
        "proration_behavior": Choice("always_invoice", "create_prorations", "none"),
    },
    required=("customer", "items"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Start a subscription; unless told `default_incomplete`, its first invoice is charged at once."""
    if params.get("default_payment_method"):
        payment_methods.of_customer(sandbox, params["default_payment_method"], params["customer"])
    settings = params.get("payment_settings") or {}
    subscription = start(
        sandbox,
        customer=params["customer"],
        items=params["items"],
        save_card=settings.get("save_default_payment_method") == "on_subscription",
        default_payment_method=params.get("default_payment_method"),
        description=params.get("description"),
        metadata=params.get("metadata"),
    )
    if params.get("cancel_at_period_end"):
        _set_end(sandbox, subscription, at_period_end=True)
        sandbox.save(subscription)
    if subscription["status"] == "incomplete" and params.get("payment_behavior") != "default_incomplete":
        _charge_first(sandbox, subscription, strict=params.get("payment_behavior") == "error_if_incomplete")
    return subscription


routes.retrieve("/v1/subscriptions/{}", "subscription")


@routes.call(
    "POST",
    "/v1/subscriptions/{}",
    {
        "cancel_at_period_end": BOOLEAN,
        "cancellation_details": CANCELLATION,
        "default_payment_method": TEXT,
        "description": TEXT,
        "items": ListOf(
            Fields({"id": TEXT, "price": TEXT, "price_data": ITEM_PRICE_DATA, "quantity": Integer(least=1)})
        ),
        "metadata": METADATA,
        "off_session": BOOLEAN,
        "payment_behavior": Choice("allow_incomplete", "error_if_incomplete", "pending_if_incomplete"),
        "payment_settings": PAYMENT_SETTINGS,
        "proration_behavior": Choice("always_invoice", "create_prorations", "none"),
    },
)
def update(sandbox: Sandbox, params: Params, subscription_id: str) -> Body:
    """Change the card, the end, or the price."""
    subscription = _live(sandbox, subscription_id)
    if params.get("payment_behavior") == "pending_if_incomplete" and (
        params.keys() - {"payment_behavior", "proration_behavior", "items", "off_session"}
    ):
        raise InvalidRequest(
            "With payment_behavior=pending_if_incomplete only items and proration_behavior can be changed.",
            param="payment_behavior",
        )
    if params.get("default_payment_method"):
        payment_methods.of_customer(sandbox, params["default_payment_method"], subscription["customer"])
    if "metadata" in params:
        subscription["metadata"] = merge_metadata(subscription["metadata"], params["metadata"])
    for name in ("default_payment_method", "description"):
        if name in params:
            subscription[name] = params[name]
    subscription["payment_settings"].update(params.get("payment_settings") or {})
    subscription["cancellation_details"].update(params.get("cancellation_details") or {})
    if "cancel_at_period_end" in params:
        _set_end(sandbox, subscription, at_period_end=params["cancel_at_period_end"])
    if params.get("items"):
        proration.change_items(sandbox, subscription, params)
    return sandbox.save(subscription, "customer.subscription.updated")


@routes.call("DELETE", "/v1/subscriptions/{}", {"cancellation_details": CANCELLATION})
def cancel(sandbox: Sandbox, params: Params, subscription_id: str) -> Body:
    """End a subscription now."""
    subscription = _live(sandbox, subscription_id)
    subscription["cancellation_details"].update(params.get("cancellation_details") or {})
    return end(sandbox, subscription, reason="cancellation_requested")


def _list(sandbox: Sandbox, params: Params) -> Body:
    where: dict[str, Any] = {"customer": params["customer"]} if "customer" in params else {}
    status = params.get("status")
    if status == "ended":
        where["status"] = list(ENDED)
    elif status is None:
        where["status"] = ["active", "past_due", "incomplete", "incomplete_expired"]
    elif status != "all":
        where["status"] = status
    if "price" in params:
        where["items.data[0].price.id"] = params["price"]
    return page(sandbox, "subscription", "/v1/subscriptions", params, where)


routes.listing(
    "/v1/subscriptions",
    "subscription",
    {
        "customer": TEXT,
        "price": TEXT,
        "status": Choice("active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due"),
    },
    answer=_list,
)


def start(
    sandbox: Sandbox,
    *,
    customer: str,
    items: list[Params],
    save_card: bool,
    default_payment_method: str | None = None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    session_id: str | None = None,
) -> Body:
    """Make a subscription with its first invoice; it is `incomplete` until that is paid, at most 23 hours."""
    payment_methods.live_customer(sandbox, customer)
    priced = [(prices.of_item(sandbox, item, f"items[{index}]"), item) for index, item in enumerate(items)]
    if not priced or any(price["type"] != "recurring" for price, _ in priced):
        raise InvalidRequest(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param="items[0][price]",
        )
    subscription = new_subscription(sandbox, customer=customer, currency=priced[0][0]["currency"])
    subscription.update(
        default_payment_method=default_payment_method,
        description=description,
        metadata=merge_metadata({}, metadata),
        _owner=("checkout.session", session_id) if session_id else None,
    )
    if save_card:
        subscription["payment_settings"]["save_default_payment_method"] = "on_subscription"
    now = sandbox.now()
    ends = period_end(now, priced[0][0]["recurring"], after=now)
    data = [
        item_of(sandbox, subscription, price, quantity=item.get("quantity", 1), period=(now, ends))
        for price, item in priced
    ]
    subscription["items"] = list_of(f"/v1/subscription_items?subscription={subscription['id']}", data)
    lines = [
        new_line(
            sandbox,
            subscription,
            item,
            amount=item["price"]["unit_amount"] * item["quantity"],
            start=now,
            end=ends,
            text=proration.describe(sandbox, item),
        )
        for item in data
    ]
    sandbox.insert(subscription)
    invoice = invoices.make(sandbox, subscription, lines=lines, reason="subscription_create", period=(now, now))
    subscription["latest_invoice"] = invoice["id"]
    sandbox.save(subscription, "customer.subscription.created")
    sandbox.at(ends, "subscription.renew", subscription["id"])
    sandbox.after(UNPAID_SECONDS_MAX, "subscription.expire", subscription["id"])
    invoices.settle_if_free(sandbox, invoice)
    return subscription


def item_of(sandbox: Sandbox, subscription: Body, price: Body, *, quantity: int, period: tuple[int, int]) -> Body:
    """Return a new item of a subscription."""
    return {
        "id": new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": sandbox.now(),
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def end(sandbox: Sandbox, subscription: Body, *, reason: str) -> Body:
    """End a subscription for good; an invoice that is still open is voided."""
    now = sandbox.now()
    subscription["status"] = "canceled"
    subscription["canceled_at"] = subscription["canceled_at"] or now
    subscription["ended_at"] = now
    subscription["pending_update"] = None
    subscription["cancellation_details"]["reason"] = reason
    sandbox.save(subscription, "customer.subscription.deleted")
    invoice = sandbox.store.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open" and reason == "cancellation_requested":
        invoices.make_void(sandbox, invoice)
    return subscription


@timer("subscription.expire")
def expire_incomplete(sandbox: Sandbox, subscription_id: str) -> None:
    """Give up a subscription whose first invoice was never paid."""
    subscription = sandbox.store.get("subscription", subscription_id)
    if subscription["status"] != "incomplete":
        return
    subscription["status"] = "incomplete_expired"
    subscription["ended_at"] = sandbox.now()
    sandbox.save(subscription, "customer.subscription.updated")
    invoice = sandbox.store.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoices.make_void(sandbox, invoice)


def activate(sandbox: Sandbox, subscription: Body, invoice: Body) -> None:
    """Begin the paid time: the first invoice is paid; its card is kept for renewals if that was asked."""
    subscription["status"] = "active"
    keeps_card = subscription["payment_settings"]["save_default_payment_method"] == "on_subscription"
    if keeps_card and invoice["_payment_intent"]:
        intent = sandbox.store.get("payment_intent", invoice["_payment_intent"])
        subscription["default_payment_method"] = intent["payment_method"]
    sandbox.save(subscription, "customer.subscription.updated")
    owners.tell(sandbox, subscription)


def _charge_first(sandbox: Sandbox, subscription: Body, *, strict: bool) -> None:
    invoice = sandbox.store.get("invoice", subscription["latest_invoice"])
    try:
        invoices.charge(sandbox, invoice, invoices.default_method(sandbox, invoice))
    except CardDeclined as declined:
        if strict:
            declined.keeps_effects = False
            raise


def _live(sandbox: Sandbox, subscription_id: str) -> Body:
    subscription = sandbox.store.get("subscription", subscription_id)
    if subscription["status"] in ENDED:
        raise InvalidRequest(
            f"No such subscription: '{subscription_id}'", code="resource_missing", param="id", status=404
        )
    return subscription


def _set_end(sandbox: Sandbox, subscription: Body, *, at_period_end: bool) -> None:
    subscription["cancel_at_period_end"] = at_period_end
    subscription["cancel_at"] = subscription["items"]["data"][0]["current_period_end"] if at_period_end else None
    subscription["canceled_at"] = sandbox.now() if at_period_end else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at_period_end else None
