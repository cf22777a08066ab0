"""Payment methods: cards. A number that is given is recognised and forgotten; which test card it was is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime

from deploy.sandbox.stripe.cards import BY_NAME, BY_NUMBER, NOT_A_TEST_CARD, Card, passes_luhn
from deploy.sandbox.stripe.errors import Body, CardDeclined, InvalidRequest, no_such
from deploy.sandbox.stripe.parameters import (
    ADDRESS,
    INTEGER,
    METADATA,
    PAGE,
    TEXT,
    Choice,
    Fields,
    Kind,
    OneOf,
    Params,
    Text,
    merge_metadata,
    picked,
)
from deploy.sandbox.stripe.routing import Routes, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

routes = Routes()

BILLING = Fields({"address": ADDRESS, "email": TEXT, "name": TEXT, "phone": TEXT})
CARD = OneOf(
    Fields({"token": TEXT}),
    Fields({"number": Text(19), "exp_month": INTEGER, "exp_year": INTEGER, "cvc": Text(4)}),
)
TYPE = Choice("card")
REDISPLAY = Choice("always", "limited", "unspecified")
LIST: Mapping[str, Kind] = {**PAGE, "type": TYPE, "allow_redisplay": REDISPLAY}
EXPIRY_YEARS_AHEAD = 8
REUSED = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)


@routes.call(
    "POST",
    "/v1/payment_methods",
    {"type": TYPE, "card": CARD, "billing_details": BILLING, "metadata": METADATA, "allow_redisplay": REDISPLAY},
    required=("type", "card"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a payment method of a token or a test number."""
    card = params["card"]
    if "token" in card:
        if card["token"] not in BY_NAME:
            raise no_such("token", str(card["token"]), param="card[token]")
        method = make(sandbox, BY_NAME[card["token"]])
    else:
        method = of_number(
            sandbox, str(card.get("number", "")), exp_month=card.get("exp_month", 0), exp_year=card.get("exp_year", 0)
        )
    method["billing_details"].update(params.get("billing_details") or {})
    method["metadata"] = merge_metadata({}, params.get("metadata"))
    method["allow_redisplay"] = params.get("allow_redisplay", "unspecified")
    return sandbox.save(method)


@routes.call("GET", "/v1/payment_methods/{}")
def retrieve(sandbox: Sandbox, _: Params, method_id: str) -> Body:
    """Return a payment method."""
    return use(sandbox, method_id, param=None)


@routes.call(
    "POST",
    "/v1/payment_methods/{}",
    {
        "billing_details": BILLING,
        "metadata": METADATA,
        "allow_redisplay": REDISPLAY,
        "card": Fields({"exp_month": INTEGER, "exp_year": INTEGER}),
    },
)
def update(sandbox: Sandbox, params: Params, method_id: str) -> Body:
    """Change the billing details or the expiry of a saved card."""
    method = sandbox.store.get("payment_method", method_id)
    if method["customer"] is None:
        raise InvalidRequest(
            "You must save this PaymentMethod to a customer before you can update it.", param="payment_method"
        )
    method["billing_details"].update(params.get("billing_details") or {})
    method["card"].update(params.get("card") or {})
    if "metadata" in params:
        method["metadata"] = merge_metadata(method["metadata"], params["metadata"])
    if "allow_redisplay" in params:
        method["allow_redisplay"] = params["allow_redisplay"]
    return sandbox.save(method, "payment_method.updated")


@routes.call("POST", "/v1/payment_methods/{}/attach", {"customer": TEXT}, required=("customer",))
def attach(sandbox: Sandbox, params: Params, method_id: str) -> Body:
    """Save a card for a customer."""
    method = use(sandbox, method_id, param=None)
    attach_to(sandbox, method, live_customer(sandbox, params["customer"]))
    return method


@routes.call("POST", "/v1/payment_methods/{}/detach")
def detach(sandbox: Sandbox, _: Params, method_id: str) -> Body:
    """Forget a customer's card; it cannot be attached again."""
    method = sandbox.store.get("payment_method", method_id)
    if method["customer"] is None:
        raise InvalidRequest(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    return detach_from_customer(sandbox, method)


@routes.call("GET", "/v1/payment_methods", {**LIST, "customer": TEXT})
def list_all(sandbox: Sandbox, params: Params) -> Body:
    """List payment methods, of one customer if told."""
    where = picked(params, "customer", "type", "allow_redisplay")
    return page(sandbox, "payment_method", "/v1/payment_methods", params, where)


def make(sandbox: Sandbox, card: Card, *, exp_month: int = 12, exp_year: int | None = None) -> Body:
    """Keep a new payment method of a test card."""
    year = exp_year or datetime.fromtimestamp(sandbox.now(), UTC).year + EXPIRY_YEARS_AHEAD
    return sandbox.insert(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
                "email": None,
                "name": None,
                "phone": None,
                "tax_id": None,
            },
            "card": card.details(exp_month=exp_month, exp_year=year),
            "created": sandbox.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_number": card.number,
            "_set_up": False,
            "_spent": False,
        }
    )


def of_number(sandbox: Sandbox, number: str, *, exp_month: int, exp_year: int) -> Body:
    """Keep a new payment method of a typed card.

    Raises CardDeclined as Stripe words it when the number or the expiry cannot be, or is no test card's.
    """
    digits = number.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and passes_luhn(digits)):
        raise CardDeclined("Your card number is incorrect.", code="incorrect_number", param="number")
    if not 1 <= exp_month <= 12:
        raise CardDeclined("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    today = datetime.fromtimestamp(sandbox.now(), UTC)
    year = exp_year + 2000 if exp_year < 100 else exp_year
    if (year, exp_month) < (today.year, today.month) or year > today.year + 50:
        raise CardDeclined("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    card = BY_NUMBER.get(digits)
    if card is None:
        raise CardDeclined(
            NOT_A_TEST_CARD.message, code=NOT_A_TEST_CARD.code, decline_code=NOT_A_TEST_CARD.decline_code
        )
    return make(sandbox, card, exp_month=exp_month, exp_year=year)


def use(sandbox: Sandbox, method_id: str, *, param: str | None = "payment_method") -> Body:
    """Return a payment method by its id; a name such as `pm_card_visa` makes a new one, as Stripe does."""
    if method_id in BY_NAME:
        return make(sandbox, BY_NAME[method_id])
    found = sandbox.store.find("payment_method", method_id)
    if found is None:
        raise no_such("PaymentMethod", method_id, param=param)
    return found


def card_of(method: Body) -> Card:
    """Return the test card a payment method was made of."""
    return BY_NUMBER[method["_number"]]


def live_customer(sandbox: Sandbox, customer_id: str, *, param: str | None = "customer") -> Body:
    """Return a customer that is not deleted."""
    customer = sandbox.store.get("customer", customer_id, param=param)
    if customer.get("deleted"):
        raise no_such("customer", customer_id, param=param)
    return customer


def of_customer(sandbox: Sandbox, method_id: str, customer_id: str) -> Body:
    """Return a payment method that this customer has saved."""
    method = sandbox.store.find("payment_method", method_id)
    if method is None or method["customer"] != customer_id:
        raise InvalidRequest(
            f"The customer does not have a payment method with the ID {method_id}. The payment method must be attached "
            "to the customer.",
            code="resource_missing",
            param="payment_method",
        )
    return method


def attach_to(sandbox: Sandbox, method: Body, customer: Body) -> None:
    """Save a card for a customer.

    Raises CardDeclined for a card that fails its check, InvalidRequest for one that was used up elsewhere.
    """
    if method["customer"] == customer["id"]:
        return
    if method["customer"] is not None:
        raise InvalidRequest(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    if method["_spent"]:
        raise InvalidRequest(REUSED, param="payment_method")
    card = card_of(method)
    if not card.can_be_saved() and card.decline:
        raise CardDeclined(card.decline.message, code=card.decline.code, decline_code=card.decline.decline_code)
    method["customer"] = customer["id"]
    sandbox.save(method, "payment_method.attached")


def detach_from_customer(sandbox: Sandbox, method: Body) -> Body:
    """Take a card from its customer for good, also as its default."""
    customer = sandbox.store.find("customer", method["customer"])
    if customer and customer.get("invoice_settings", {}).get("default_payment_method") == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
        sandbox.save(customer, "customer.updated")
    for subscription in sandbox.store.select("subscription", {"default_payment_method": method["id"]}):
        subscription["default_payment_method"] = None
        sandbox.save(subscription, "customer.subscription.updated")
    method["customer"] = None
    method["_spent"] = True
    return sandbox.save(method, "payment_method.detached")
