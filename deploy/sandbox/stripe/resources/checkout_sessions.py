"""Checkout Sessions: the hosted page's side of a payment, a set-up or a new subscription."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import (
    AMOUNT,
    BOOLEAN,
    INTEGER,
    METADATA,
    TEXT,
    Choice,
    Fields,
    Integer,
    ListOf,
    Params,
    merge_metadata,
)
from deploy.sandbox.stripe.routing import Routes, list_of
from deploy.sandbox.stripe.sandbox import Sandbox, new_id
from deploy.sandbox.stripe.timers import timer

from . import customers, payment_intents, payment_methods, payments, prices, setup_intents, subscriptions
from .owners import owns

routes = Routes()

EXPIRES_SECONDS_MIN = 30 * 60
EXPIRES_SECONDS_MAX = 24 * 3600
PRICE_DATA = Fields(
    {
        "currency": TEXT,
        "product": TEXT,
        "product_data": Fields({"name": TEXT, "description": TEXT, "images": ListOf(TEXT), "metadata": METADATA}),
        "recurring": Fields({"interval": prices.INTERVAL, "interval_count": Integer(least=1)}),
        "unit_amount": AMOUNT,
    }
)

routes.listing(
    "/v1/checkout/sessions",
    "checkout.session",
    {"customer": TEXT, "payment_intent": TEXT, "subscription": TEXT, "status": Choice("open", "complete", "expired")},
)


@routes.call(
    "POST",
    "/v1/checkout/sessions",
    {
        "allowed_payment_method_types": ListOf(Choice("card")),
        "cancel_url": TEXT,
        "client_reference_id": TEXT,
        "currency": TEXT,
        "customer": TEXT,
        "customer_creation": Choice("always", "if_required"),
        "customer_email": TEXT,
        "expires_at": INTEGER,
        "line_items": ListOf(Fields({"price": TEXT, "price_data": PRICE_DATA, "quantity": Integer(least=1)})),
        "locale": TEXT,
        "metadata": METADATA,
        "mode": Choice("payment", "setup", "subscription"),
        "payment_intent_data": Fields(
            {
                "description": TEXT,
                "metadata": METADATA,
                "receipt_email": TEXT,
                "setup_future_usage": payment_intents.FUTURE_USAGE,
                "statement_descriptor": TEXT,
                "statement_descriptor_suffix": TEXT,
                "transfer_group": TEXT,
            }
        ),
        "payment_method_collection": Choice("always", "if_required"),
        "saved_payment_method_options": Fields({"payment_method_save": Choice("enabled", "disabled")}),
        "setup_intent_data": Fields({"description": TEXT, "metadata": METADATA}),
        "submit_type": Choice("auto", "book", "donate", "pay", "subscribe"),
        "subscription_data": Fields({"description": TEXT, "metadata": METADATA}),
        "success_url": TEXT,
        "ui_mode": Choice("hosted_page"),
        "allow_promotion_codes": BOOLEAN,
    },
    required=("mode", "success_url"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a session; its `url` is the page to send the payer to."""
    mode = params["mode"]
    items = _line_items(sandbox, params, mode=mode)
    expires_at = _expiry(sandbox, params.get("expires_at"))
    if params.get("customer"):
        payment_methods.live_customer(sandbox, params["customer"])
    for name, wanted in (
        ("payment_intent_data", "payment"),
        ("setup_intent_data", "setup"),
        ("subscription_data", "subscription"),
    ):
        if name in params and mode != wanted:
            raise InvalidRequest(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    session_id = new_id("cs_test", 58)
    total = sum(item["amount_total"] for item in items)
    if mode == "payment":
        payment_intents.check_amount(total)
    session = _session(sandbox, params, session_id=session_id, total=None if mode == "setup" else total)
    session["currency"] = items[0]["currency"] if items else params.get("currency")
    session["expires_at"] = expires_at
    session["_line_items"] = items
    sandbox.at(expires_at, "session.expire", session_id)
    return sandbox.insert(session)


routes.retrieve("/v1/checkout/sessions/{}", "checkout.session")


@routes.call("GET", "/v1/checkout/sessions/{}/line_items")
def line_items(sandbox: Sandbox, _: Params, session_id: str) -> Body:
    """Return what is bought."""
    session = sandbox.store.get("checkout.session", session_id)
    return list_of(f"/v1/checkout/sessions/{session_id}/line_items", session["_line_items"])


@routes.call("POST", "/v1/checkout/sessions/{}/expire")
def expire(sandbox: Sandbox, _: Params, session_id: str) -> Body:
    """Close an open session: nobody can pay it any more."""
    session = sandbox.store.get("checkout.session", session_id)
    if session["status"] != "open":
        raise InvalidRequest(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`.",
            param="session",
        )
    return _close_unpaid(sandbox, session)


@timer("session.expire")
def expire_by_time(sandbox: Sandbox, session_id: str) -> None:
    """Close a session whose time is over."""
    session = sandbox.store.get("checkout.session", session_id)
    if session["status"] == "open":
        _close_unpaid(sandbox, session)


def pay(sandbox: Sandbox, session: Body, method: Body, *, email: str | None, name: str | None) -> Body:
    """Do what the payer's click on the page does, with a card, and return the intent that came of it.

    The intent may want authentication. Raises CardDeclined; the session stays open for another card.
    """
    method["billing_details"].update({"email": email, "name": name})
    sandbox.save(method)
    session["customer_details"] = {**session["customer_details"], "email": email, "name": name}
    sandbox.save(session)
    return_url = page_url(sandbox, session["id"])
    if session["mode"] == "setup":
        intent = _setup_intent(sandbox, session)
        setup_intents.confirm_with(sandbox, intent, method, return_url=return_url)
        return intent
    if session["mode"] == "subscription":
        intent = _subscription_intent(sandbox, session)
    else:
        intent = _payment_intent(sandbox, session)
    payments.confirm_with(sandbox, intent, method, return_url=return_url)
    return intent


@owns("checkout.session")
def intent_moved(sandbox: Sandbox, session_id: str, moved: Body) -> None:
    """Complete the session when its intent has succeeded, or its subscription has begun."""
    session = sandbox.store.get("checkout.session", session_id)
    if session["status"] != "open" or moved["status"] not in {"succeeded", "active"}:
        return
    if moved["object"] == "subscription":
        session["subscription"] = moved["id"]
        session["invoice"] = moved["latest_invoice"]
    complete(sandbox, session)


def complete(sandbox: Sandbox, session: Body) -> None:
    """Close a session as done."""
    session["status"] = "complete"
    session["payment_status"] = "no_payment_required" if session["mode"] == "setup" else "paid"
    session["url"] = None
    sandbox.save(session, "checkout.session.completed")


def page_url(sandbox: Sandbox, session_id: str) -> str:
    """Return the address of a session's page."""
    return f"{sandbox.settings.public_url}/c/pay/{session_id}"


def _close_unpaid(sandbox: Sandbox, session: Body) -> Body:
    session["status"] = "expired"
    session["url"] = None
    sandbox.save(session, "checkout.session.expired")
    if session["payment_intent"]:
        intent = sandbox.store.get("payment_intent", session["payment_intent"])
        if intent["status"] in payment_intents.CANCELLABLE:
            payment_intents.call_off(sandbox, intent, reason="automatic")
    if session["_subscription"]:
        subscription = sandbox.store.get("subscription", session["_subscription"])
        if subscription["status"] == "incomplete":
            subscriptions.expire_incomplete(sandbox, subscription["id"])
    return session


def _customer(sandbox: Sandbox, session: Body) -> str:
    if session["customer"] is None:
        details = session["customer_details"]
        customer = customers.create(sandbox, {"email": details["email"], "name": details["name"]})
        session["customer"] = customer["id"]
        sandbox.save(session)
    customer_id: str = session["customer"]
    return customer_id


def _payment_intent(sandbox: Sandbox, session: Body) -> Body:
    if session["payment_intent"]:
        return sandbox.store.get("payment_intent", session["payment_intent"])
    if session["customer_creation"] == "always":
        _customer(sandbox, session)
    intent = payment_intents.make(
        sandbox,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        owner=("checkout.session", session["id"]),
        allowed_payment_method_types=["card"],
        **session["_data"],
    )
    sandbox.emit("payment_intent.created", intent)
    session["payment_intent"] = intent["id"]
    sandbox.save(session)
    return intent


def _setup_intent(sandbox: Sandbox, session: Body) -> Body:
    if session["setup_intent"]:
        return sandbox.store.get("setup_intent", session["setup_intent"])
    intent = setup_intents.make(
        sandbox, customer=_customer(sandbox, session), owner=("checkout.session", session["id"]), **session["_data"]
    )
    session["setup_intent"] = intent["id"]
    sandbox.save(session)
    return intent


def _subscription_intent(sandbox: Sandbox, session: Body) -> Body:
    if session["_subscription"]:
        subscription = sandbox.store.get("subscription", session["_subscription"])
    else:
        subscription = subscriptions.start(
            sandbox,
            customer=_customer(sandbox, session),
            items=[{"price": item["price"]["id"], "quantity": item["quantity"]} for item in session["_line_items"]],
            save_card=True,
            session_id=session["id"],
            **session["_data"],
        )
        session["_subscription"] = subscription["id"]
        sandbox.save(session)
    invoice = sandbox.store.get("invoice", subscription["latest_invoice"])
    return sandbox.store.get("payment_intent", invoice["_payment_intent"])


def _expiry(sandbox: Sandbox, wished: int | None) -> int:
    now = sandbox.now()
    if wished is None:
        return now + EXPIRES_SECONDS_MAX
    if wished < now + EXPIRES_SECONDS_MIN:
        raise InvalidRequest(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if wished > now + EXPIRES_SECONDS_MAX:
        raise InvalidRequest(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    return wished


def _line_items(sandbox: Sandbox, params: Params, *, mode: str) -> list[Body]:
    given = params.get("line_items") or []
    if mode == "setup":
        return []
    if not given:
        raise InvalidRequest(
            f"Missing required param: line_items. You must pass it in `{mode}` mode.",
            code="parameter_missing",
            param="line_items",
        )
    return [_line_item(sandbox, item, index, mode=mode) for index, item in enumerate(given)]


def _line_item(sandbox: Sandbox, given: Params, index: int, *, mode: str) -> Body:
    price = prices.of_item(sandbox, given, f"line_items[{index}]")
    if mode == "payment" and price["type"] == "recurring":
        raise InvalidRequest(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            param="line_items",
        )
    if mode == "subscription" and price["type"] != "recurring":
        raise InvalidRequest(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
            param="line_items",
        )
    quantity = given.get("quantity", 1)
    amount = price["unit_amount"] * quantity
    product = sandbox.store.get("product", price["product"])
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "_details": product["description"],
    }


def _session(sandbox: Sandbox, params: Params, *, session_id: str, total: int | None) -> Body:
    mode = params["mode"]
    data = params.get(f"{'payment_intent' if mode == 'payment' else 'setup_intent' if mode == 'setup' else mode}_data")
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": sandbox.now(),
        "currency": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {},
        "customer": params.get("customer"),
        "customer_creation": params.get("customer_creation", "if_required" if mode == "payment" else None),
        "customer_details": {
            "address": None,
            "email": params.get("customer_email"),
            "name": None,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": 0,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": merge_metadata({}, params.get("metadata")),
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": params.get(
            "payment_method_collection", "if_required" if mode == "payment" else "always"
        ),
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "recovered_from": None,
        "saved_payment_method_options": params.get("saved_payment_method_options"),
        "setup_intent": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": page_url(sandbox, session_id),
        "_data": data or {},
        "_line_items": [],
        "_subscription": None,
    }
