"""Payment intents: one wish to be paid, and its attempts."""

from typing import Any

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import (
    BOOLEAN,
    METADATA,
    TEXT,
    Choice,
    Fields,
    Integer,
    Kind,
    ListOf,
    OneOf,
    Params,
    merge_metadata,
    picked,
)
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

from . import payment_methods, payments

routes = Routes()

AMOUNT_MIN_CENTS = 50
AMOUNT_MAX_CENTS = 99_999_999
CURRENCIES = ("usd", "eur", "gbp", "cad", "aud", "chf")
FUTURE_USAGE = Choice("off_session", "on_session")
METHOD_TYPES = ListOf(Choice("card"))
CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "processing")
KEPT = (
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "capture_method",
    "confirmation_method",
    "description",
    "metadata",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)
CHANGEABLE: dict[str, Kind] = {
    "amount": Integer(),
    "allowed_payment_method_types": METHOD_TYPES,
    "currency": TEXT,
    "customer": TEXT,
    "description": TEXT,
    "metadata": METADATA,
    "payment_method": TEXT,
    "receipt_email": TEXT,
    "setup_future_usage": FUTURE_USAGE,
    "statement_descriptor": TEXT,
    "statement_descriptor_suffix": TEXT,
    "transfer_group": TEXT,
}
CONFIRMING: dict[str, Kind] = {
    "error_on_requires_action": BOOLEAN,
    "off_session": OneOf(BOOLEAN, Choice("one_off", "recurring")),
    "return_url": TEXT,
    "use_stripe_sdk": BOOLEAN,
}


@routes.call(
    "POST",
    "/v1/payment_intents",
    {
        **CHANGEABLE,
        **CONFIRMING,
        "automatic_payment_methods": Fields({"enabled": BOOLEAN, "allow_redirects": Choice("always", "never")}),
        "capture_method": Choice("automatic", "automatic_async"),
        "confirm": BOOLEAN,
        "confirmation_method": Choice("automatic", "manual"),
    },
    required=("amount", "currency"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make an intent and, with `confirm`, try to be paid at once."""
    if not params.get("confirm"):
        for name in CONFIRMING:
            if params.get(name) and name != "use_stripe_sdk":
                raise InvalidRequest(f"`{name}` can only be given with `confirm=true`.", param=name)
    check_amount(params["amount"])
    if "allowed_payment_method_types" not in params:
        params.setdefault("automatic_payment_methods", {})
    intent = make(
        sandbox,
        amount=params["amount"],
        currency=params["currency"],
        customer=params.get("customer"),
        **picked(params, *KEPT),
    )
    sandbox.emit("payment_intent.created", intent)
    if params.get("payment_method"):
        payments.choose(sandbox, intent, payment_methods.use(sandbox, params["payment_method"]))
    if params.get("confirm"):
        payments.confirm(sandbox, intent, **_confirming(params))
    return intent


routes.retrieve("/v1/payment_intents/{}", "payment_intent")
routes.listing("/v1/payment_intents", "payment_intent", {"customer": TEXT})


@routes.call("POST", "/v1/payment_intents/{}", CHANGEABLE)
def update(sandbox: Sandbox, params: Params, intent_id: str) -> Body:
    """Change an intent that is not paid yet."""
    intent = sandbox.store.get("payment_intent", intent_id)
    if intent["status"] not in CANCELLABLE and params.keys() - {"metadata", "description"}:
        raise payments.unexpected_state(
            intent, f"This PaymentIntent could not be updated because it has a status of {intent['status']}."
        )
    if "amount" in params:
        check_amount(params["amount"])
    if params.get("customer"):
        payment_methods.live_customer(sandbox, params["customer"])
    if "metadata" in params:
        params["metadata"] = merge_metadata(intent["metadata"], params["metadata"])
    method_id = params.pop("payment_method", None)
    intent.update(params)
    if method_id:
        payments.choose(sandbox, intent, payment_methods.use(sandbox, method_id))
    return sandbox.save(intent)


@routes.call(
    "POST",
    "/v1/payment_intents/{}/confirm",
    {
        **CONFIRMING,
        "payment_method": TEXT,
        "setup_future_usage": FUTURE_USAGE,
        "receipt_email": TEXT,
        "allowed_payment_method_types": METHOD_TYPES,
    },
)
def confirm(sandbox: Sandbox, params: Params, intent_id: str) -> Body:
    """Try to be paid."""
    intent = sandbox.store.get("payment_intent", intent_id)
    payments.check_confirmable(intent)
    for name in ("setup_future_usage", "receipt_email", "allowed_payment_method_types"):
        if name in params:
            intent[name] = params[name]
    if params.get("payment_method"):
        payments.choose(sandbox, intent, payment_methods.use(sandbox, params["payment_method"]))
    payments.confirm(sandbox, intent, **_confirming(params))
    return intent


@routes.call(
    "POST",
    "/v1/payment_intents/{}/cancel",
    {"cancellation_reason": Choice("abandoned", "duplicate", "fraudulent", "requested_by_customer")},
)
def cancel(sandbox: Sandbox, params: Params, intent_id: str) -> Body:
    """Give up an intent that is not paid; one that belongs to an invoice or an open session ends with it."""
    intent = sandbox.store.get("payment_intent", intent_id)
    if intent["status"] not in CANCELLABLE:
        raise payments.unexpected_state(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(CANCELLABLE)}.",
        )
    if intent["_owner"]:
        owner = " ".join(intent["_owner"])
        raise payments.unexpected_state(
            intent, f"You cannot cancel this PaymentIntent because it belongs to {owner}; end that instead."
        )
    return call_off(sandbox, intent, reason=params.get("cancellation_reason"))


def check_amount(amount: int) -> None:
    """Raise InvalidRequest unless Stripe would charge this amount."""
    if amount < AMOUNT_MIN_CENTS:
        code = "amount_too_small" if amount > 0 else "parameter_invalid_integer"
        raise InvalidRequest("Amount must be at least $0.50 usd", code=code, param="amount")
    if amount > AMOUNT_MAX_CENTS:
        raise InvalidRequest("Amount must be no more than $999,999.99", code="amount_too_large", param="amount")


def make(
    sandbox: Sandbox,
    *,
    amount: int,
    currency: str,
    customer: str | None,
    owner: tuple[str, str] | None = None,
    **given: Any,
) -> Body:
    """Keep a new intent that has no card yet."""
    if currency not in CURRENCIES:
        raise InvalidRequest(
            f"Invalid currency: {currency}. The sandbox takes {', '.join(CURRENCIES)}.", param="currency"
        )
    if customer:
        payment_methods.live_customer(sandbox, customer)
    automatic = given.pop("automatic_payment_methods", None)
    if automatic is not None:
        automatic = {"allow_redirects": "always", "enabled": True, **automatic}
    intent_id = new_id("pi")
    return sandbox.insert(
        {
            "id": intent_id,
            "object": "payment_intent",
            "allowed_payment_method_types": None,
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": automatic,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
            "confirmation_method": "automatic",
            "created": sandbox.now(),
            "currency": currency,
            "customer": customer,
            "description": None,
            "excluded_payment_method_types": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
            **given,
            "metadata": merge_metadata({}, given.get("metadata")),
            "_authenticated": False,
            "_owner": owner,
            "_return_url": None,
        }
    )


def call_off(sandbox: Sandbox, intent: Body, *, reason: str | None) -> Body:
    """End an intent unpaid."""
    intent["status"] = "canceled"
    intent["canceled_at"] = sandbox.now()
    intent["cancellation_reason"] = reason
    intent["next_action"] = None
    return sandbox.save(intent, "payment_intent.canceled")


def _confirming(params: Params) -> dict[str, Any]:
    return {
        "off_session": bool(params.get("off_session")),
        "refuse_action": bool(params.get("error_on_requires_action")),
        "return_url": params.get("return_url"),
    }
