"""Checkout Sessions: the hosted page's side of a payment, a set-up or a new subscription."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import (
    INTEGER,
    METADATA,
    TEXT,
    Choice,
    Fields,
    ListOf,
    Params,
)
from deploy.sandbox.stripe.routing import Routes, list_of
from deploy.sandbox.stripe.sandbox import Sandbox, new_id
from deploy.sandbox.stripe.timers import timer

from . import (
    checkout_items,
    customers,
    payment_intents,
    payment_methods,
    payments,
    setup_intents,
    subscriptions,
)
from .blanks import new_session
from .owners import owns

routes = Routes()

EXPIRES_SECONDS_MIN = 30 * 60
EXPIRES_SECONDS_MAX = 24 * 3600

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
        "line_items": checkout_items.LINE_ITEMS,
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
        "setup_intent_data": Fields({"description": TEXT, "metadata": METADATA}),
        "submit_type": Choice("auto", "book", "donate", "pay", "subscribe"),
        "subscription_data": Fields({"description": TEXT, "metadata": METADATA}),
        "success_url": TEXT,
        "ui_mode": Choice("hosted_page"),
    },
    required=("mode", "success_url"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a session; its `url` is the page to send the payer to."""
    mode = params["mode"]
    items = checkout_items.items_of(sandbox, params, mode=mode)
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
    session = new_session(sandbox, params, session_id=session_id, total=None if mode == "setup" else total)
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
