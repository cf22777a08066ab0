"""How an intent is paid: confirmed, authenticated, charged or declined. Used by calls, pages and invoices alike."""

from deploy.sandbox.stripe.cards import UNAUTHENTICATED, Card, Decline
from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest
from deploy.sandbox.stripe.sandbox import Sandbox, public

from . import charges, disputes, owners, payment_methods

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
REFUSED_AUTHENTICATION = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this PaymentIntent again."
)


def unexpected_state(intent: Body, message: str) -> InvalidRequest:
    """The refusal of a step the intent's status does not allow; Stripe shows the intent with it."""
    return InvalidRequest(message, code=f"{intent['object']}_unexpected_state", **{intent["object"]: public(intent)})


def check_confirmable(intent: Body) -> None:
    """Raise InvalidRequest if the intent is paid or canceled."""
    if intent["status"] == "succeeded":
        raise unexpected_state(
            intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
        )
    if intent["status"] not in CONFIRMABLE:
        raise unexpected_state(
            intent,
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}. Only a "
            f"PaymentIntent with one of the following statuses may be confirmed: {', '.join(CONFIRMABLE)}.",
        )


def choose(sandbox: Sandbox, intent: Body, method: Body) -> None:
    """Have the intent use a card. Raises InvalidRequest for a card that is somebody else's or used up."""
    if method["customer"] and method["customer"] != intent["customer"]:
        if intent["customer"] is None:
            raise InvalidRequest(
                "The provided PaymentMethod belongs to a Customer; that Customer must be given as well.",
                param="payment_method",
            )
        payment_methods.of_customer(sandbox, method["id"], intent["customer"])
    if method["_spent"]:
        raise InvalidRequest(payment_methods.REUSED, param="payment_method")
    intent["payment_method"] = method["id"]
    intent["next_action"] = None
    intent["status"] = "requires_confirmation"
    sandbox.save(intent)


def confirm(
    sandbox: Sandbox,
    intent: Body,
    *,
    off_session: bool = False,
    refuse_action: bool = False,
    return_url: str | None = None,
) -> None:
    """Try to be paid: ends succeeded, requires_action (the payer must authenticate) or declined.

    With `refuse_action`, or off session, a card that wants authentication is declined.
    Raises CardDeclined; the failed attempt stays on record.
    """
    check_confirmable(intent)
    if intent["payment_method"] is None:
        raise unexpected_state(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
        )
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] == "always" and not (return_url or off_session):
        raise InvalidRequest(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. "
            "If you don't want to accept redirect-based payment methods, set "
            "`automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to "
            "`never` when creating Setup Intents and Payment Intents.",
            param="return_url",
        )
    method = sandbox.store.get("payment_method", intent["payment_method"])
    card = payment_methods.card_of(method)
    intent["_authenticated"] = False
    if needs_authentication(card, method):
        if off_session or refuse_action:
            raise decline(sandbox, intent, method, card, UNAUTHENTICATED)
        ask_for_authentication(sandbox, intent, return_url=return_url)
        sandbox.emit("payment_intent.requires_action", intent)
        owners.tell(sandbox, intent)
    elif card.decline:
        raise decline(sandbox, intent, method, card, card.decline)
    else:
        succeed(sandbox, intent, method, card)


def confirm_with(sandbox: Sandbox, intent: Body, method: Body, *, return_url: str | None) -> None:
    """Pay an intent from a page, with a card that was typed there. Raises CardDeclined."""
    check_confirmable(intent)
    choose(sandbox, intent, method)
    confirm(sandbox, intent, return_url=return_url)


def needs_authentication(card: Card, method: Body) -> bool:
    """Tell whether the bank wants to hear from the payer first."""
    return card.authentication == "always" or (card.authentication == "unless_set_up" and not method["_set_up"])


def ask_for_authentication(sandbox: Sandbox, intent: Body, *, return_url: str | None) -> None:
    """Send the payer to the bank's page."""
    url = f"{sandbox.settings.public_url}/authenticate/{intent['id']}?client_secret={intent['client_secret']}"
    if return_url:
        action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    else:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
    intent["next_action"] = action
    intent["status"] = "requires_action"
    intent["_return_url"] = return_url
    sandbox.save(intent)


def authenticate(sandbox: Sandbox, intent: Body, *, accepted: bool) -> None:
    """Carry on as the payer decided on the bank's page."""
    method = sandbox.store.get("payment_method", intent["payment_method"])
    card = payment_methods.card_of(method)
    if accepted:
        intent["_authenticated"] = True
        succeed(sandbox, intent, method, card)
        return
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
        "message": REFUSED_AUTHENTICATION,
        "payment_method": public(method),
        "type": "invalid_request_error",
    }
    _back_to_start(sandbox, intent)


def decline(sandbox: Sandbox, intent: Body, method: Body, card: Card, why: Decline) -> CardDeclined:
    """Record a refused attempt and return the error to raise."""
    charge = charges.record(sandbox, intent, method, card, decline=why)
    error = CardDeclined(
        why.message,
        code=why.code,
        decline_code=why.decline_code,
        charge=charge["id"],
        payment_method=public(method),
    )
    intent["latest_charge"] = charge["id"]
    intent["last_payment_error"] = error.body()
    _back_to_start(sandbox, intent)
    error.more["payment_intent"] = public(intent)
    return error


def _back_to_start(sandbox: Sandbox, intent: Body) -> None:
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    sandbox.save(intent, "payment_intent.payment_failed")
    owners.tell(sandbox, intent)


def succeed(sandbox: Sandbox, intent: Body, method: Body, card: Card) -> None:
    """Charge the card, tell of it, and do what a paid intent brings with it."""
    charge = charges.record(sandbox, intent, method, card, decline=None)
    intent["status"] = "succeeded"
    intent["amount_received"] = intent["amount"]
    intent["latest_charge"] = charge["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    sandbox.save(intent, "payment_intent.succeeded")
    _keep_card(sandbox, intent, method)
    if card.disputed:
        disputes.open_for(sandbox, charge)
    owners.tell(sandbox, intent)


def _keep_card(sandbox: Sandbox, intent: Body, method: Body) -> None:
    if intent["setup_future_usage"] and intent["customer"]:
        method["_set_up"] = True
        sandbox.save(method)
        payment_methods.attach_to(sandbox, method, payment_methods.live_customer(sandbox, intent["customer"]))
    elif method["customer"] is None:
        method["_spent"] = True
        sandbox.save(method)
