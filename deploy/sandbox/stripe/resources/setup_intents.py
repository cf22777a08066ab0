"""Setup intents: save a card, authenticated, to charge it later."""

from typing import Any

from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest
from deploy.sandbox.stripe.parameters import BOOLEAN, METADATA, TEXT, Choice, Fields, Params, merge_metadata, picked
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id, public

from . import owners, payment_methods, payments
from .payment_intents import FUTURE_USAGE, METHOD_TYPES

routes = Routes()

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
REFUSED = "The provided PaymentMethod has failed authentication. Please provide a new PaymentMethod."

routes.retrieve("/v1/setup_intents/{}", "setup_intent")
routes.listing("/v1/setup_intents", "setup_intent", {"customer": TEXT, "payment_method": TEXT})


@routes.call(
    "POST",
    "/v1/setup_intents",
    {
        "allowed_payment_method_types": METHOD_TYPES,
        "automatic_payment_methods": Fields({"enabled": BOOLEAN, "allow_redirects": Choice("always", "never")}),
        "confirm": BOOLEAN,
        "customer": TEXT,
        "description": TEXT,
        "metadata": METADATA,
        "payment_method": TEXT,
        "return_url": TEXT,
        "usage": FUTURE_USAGE,
        "use_stripe_sdk": BOOLEAN,
    },
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a setup intent and, with `confirm`, set the card up at once."""
    kept = ("allowed_payment_method_types", "automatic_payment_methods", "description", "metadata", "usage")
    intent = make(sandbox, customer=params.get("customer"), **picked(params, *kept))
    if params.get("payment_method"):
        _choose(sandbox, intent, payment_methods.use(sandbox, params["payment_method"]))
    if params.get("confirm"):
        _confirm(sandbox, intent, return_url=params.get("return_url"))
    return intent


@routes.call(
    "POST",
    "/v1/setup_intents/{}/confirm",
    {"payment_method": TEXT, "return_url": TEXT, "use_stripe_sdk": BOOLEAN},
)
def confirm(sandbox: Sandbox, params: Params, intent_id: str) -> Body:
    """Set the card up."""
    intent = _open(sandbox, intent_id, "confirm")
    if params.get("payment_method"):
        _choose(sandbox, intent, payment_methods.use(sandbox, params["payment_method"]))
    _confirm(sandbox, intent, return_url=params.get("return_url"))
    return intent


@routes.call(
    "POST",
    "/v1/setup_intents/{}",
    {"customer": TEXT, "description": TEXT, "metadata": METADATA, "payment_method": TEXT},
)
def update(sandbox: Sandbox, params: Params, intent_id: str) -> Body:
    """Change what is given."""
    intent = sandbox.store.get("setup_intent", intent_id)
    if "metadata" in params:
        params["metadata"] = merge_metadata(intent["metadata"], params["metadata"])
    if params.get("customer"):
        payment_methods.live_customer(sandbox, params["customer"])
    method_id = params.pop("payment_method", None)
    intent.update(params)
    if method_id:
        _choose(sandbox, _open(sandbox, intent_id, "update"), payment_methods.use(sandbox, method_id))
    return sandbox.save(intent)


@routes.call(
    "POST",
    "/v1/setup_intents/{}/cancel",
    {"cancellation_reason": Choice("abandoned", "duplicate", "requested_by_customer")},
)
def cancel(sandbox: Sandbox, params: Params, intent_id: str) -> Body:
    """Give up a setup intent."""
    intent = _open(sandbox, intent_id, "cancel")
    intent["status"] = "canceled"
    intent["cancellation_reason"] = params.get("cancellation_reason")
    intent["next_action"] = None
    return sandbox.save(intent, "setup_intent.canceled")


def make(sandbox: Sandbox, *, customer: str | None, owner: tuple[str, str] | None = None, **given: Any) -> Body:
    """Keep a new setup intent and tell of it."""
    if customer:
        payment_methods.live_customer(sandbox, customer)
    automatic = given.pop("automatic_payment_methods", None)
    if automatic is not None:
        automatic = {"allow_redirects": "always", "enabled": True, **automatic}
    intent_id = new_id("seti")
    body = {
        "id": intent_id,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "attach_to_self": False,
        "automatic_payment_methods": automatic,
        "cancellation_reason": None,
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "created": sandbox.now(),
        "customer": customer,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
        **given,
        "metadata": merge_metadata({}, given.get("metadata")),
        "_owner": owner,
        "_return_url": None,
    }
    return sandbox.insert(body, "setup_intent.created")


def confirm_with(sandbox: Sandbox, intent: Body, method: Body, *, return_url: str | None) -> None:
    """Set a card up from a page. Raises CardDeclined."""
    _choose(sandbox, intent, method)
    _confirm(sandbox, intent, return_url=return_url)


def authenticate(sandbox: Sandbox, intent: Body, *, accepted: bool) -> None:
    """Carry on as the payer decided on the bank's page."""
    method = sandbox.store.get("payment_method", intent["payment_method"])
    if accepted:
        _succeed(sandbox, intent, method)
        return
    _fail(
        sandbox,
        intent,
        {
            "code": "setup_intent_authentication_failure",
            "message": REFUSED,
            "payment_method": public(method),
            "type": "invalid_request_error",
        },
    )


def _open(sandbox: Sandbox, intent_id: str, verb: str) -> Body:
    intent = sandbox.store.get("setup_intent", intent_id)
    if intent["status"] not in OPEN:
        raise payments.unexpected_state(
            intent, f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}."
        )
    return intent


def _choose(sandbox: Sandbox, intent: Body, method: Body) -> None:
    if method["customer"] and method["customer"] != intent["customer"]:
        raise InvalidRequest(
            f"The customer does not have a payment method with the ID {method['id']}.", param="payment_method"
        )
    intent["payment_method"] = method["id"]
    intent["status"] = "requires_confirmation"
    sandbox.save(intent)


def _confirm(sandbox: Sandbox, intent: Body, *, return_url: str | None) -> None:
    if intent["payment_method"] is None:
        raise payments.unexpected_state(
            intent, "You cannot confirm this SetupIntent because it's missing a payment method."
        )
    method = sandbox.store.get("payment_method", intent["payment_method"])
    card = payment_methods.card_of(method)
    if card.authentication != "none":
        payments.ask_for_authentication(sandbox, intent, return_url=return_url)
        sandbox.emit("setup_intent.requires_action", intent)
    elif card.decline and not card.can_be_saved():
        error = CardDeclined(card.decline.message, code=card.decline.code, decline_code=card.decline.decline_code)
        _fail(sandbox, intent, {**error.body(), "payment_method": public(method)})
        error.more["setup_intent"] = public(intent)
        raise error
    else:
        _succeed(sandbox, intent, method)


def _succeed(sandbox: Sandbox, intent: Body, method: Body) -> None:
    if intent["customer"]:
        payment_methods.attach_to(sandbox, method, payment_methods.live_customer(sandbox, intent["customer"]))
    method["_set_up"] = True
    sandbox.save(method)
    intent["status"] = "succeeded"
    intent["last_setup_error"] = None
    intent["next_action"] = None
    sandbox.save(intent, "setup_intent.succeeded")
    owners.tell(sandbox, intent)


def _fail(sandbox: Sandbox, intent: Body, error: Body) -> None:
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_setup_error"] = error
    sandbox.save(intent, "setup_intent.setup_failed")
    owners.tell(sandbox, intent)
