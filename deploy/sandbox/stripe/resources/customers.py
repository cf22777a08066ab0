"""Customers."""

from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.parameters import (
    ADDRESS,
    INTEGER,
    METADATA,
    TEXT,
    Fields,
    Kind,
    ListOf,
    Params,
    merge_metadata,
)
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

from . import payment_methods, subscriptions

routes = Routes()

INVOICE_SETTINGS = Fields({"default_payment_method": TEXT})
CHANGEABLE: dict[str, Kind] = {
    "address": ADDRESS,
    "balance": INTEGER,
    "description": TEXT,
    "email": TEXT,
    "invoice_settings": INVOICE_SETTINGS,
    "metadata": METADATA,
    "name": TEXT,
    "phone": TEXT,
    "preferred_locales": ListOf(TEXT),
}


@routes.call("POST", "/v1/customers", {**CHANGEABLE, "payment_method": TEXT})
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a customer."""
    customer: Body = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": sandbox.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("", 8).strip("_").upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    method_id = params.pop("payment_method", None)
    sandbox.insert(customer)
    if method_id:
        payment_methods.attach_to(sandbox, payment_methods.use(sandbox, method_id), customer)
    _apply(sandbox, customer, params)
    return sandbox.save(customer, "customer.created")


@routes.call("GET", "/v1/customers/{}")
def retrieve(sandbox: Sandbox, _: Params, customer_id: str) -> Body:
    """Return a customer; of a deleted one only that it was."""
    return sandbox.store.get("customer", customer_id)


@routes.call("POST", "/v1/customers/{}", CHANGEABLE)
def update(sandbox: Sandbox, params: Params, customer_id: str) -> Body:
    """Change what is given."""
    customer = payment_methods.live_customer(sandbox, customer_id, param=None)
    _apply(sandbox, customer, params)
    return sandbox.save(customer, "customer.updated")


@routes.call("DELETE", "/v1/customers/{}")
def delete(sandbox: Sandbox, _: Params, customer_id: str) -> Body:
    """Delete a customer for good: its subscriptions end at once, its cards are detached."""
    customer = payment_methods.live_customer(sandbox, customer_id, param=None)
    for subscription in sandbox.store.select("subscription", {"customer": customer_id}):
        if subscription["status"] not in subscriptions.ENDED:
            subscriptions.end(sandbox, subscription, reason="cancellation_requested")
    for method in sandbox.store.select("payment_method", {"customer": customer_id}):
        payment_methods.detach_from_customer(sandbox, method)
    sandbox.emit("customer.deleted", customer)
    return sandbox.save({"id": customer_id, "object": "customer", "deleted": True})


routes.listing("/v1/customers", "customer", {"email": TEXT})


@routes.call("GET", "/v1/customers/{}/payment_methods", payment_methods.LIST)
def list_payment_methods(sandbox: Sandbox, params: Params, customer_id: str) -> Body:
    """List a customer's saved cards."""
    payment_methods.live_customer(sandbox, customer_id, param=None)
    return payment_methods.list_all(sandbox, {**params, "customer": customer_id})


@routes.call("GET", "/v1/customers/{}/payment_methods/{}")
def retrieve_payment_method(sandbox: Sandbox, _: Params, customer_id: str, method_id: str) -> Body:
    """Return one saved card of a customer."""
    return payment_methods.of_customer(sandbox, method_id, customer_id)


def _apply(sandbox: Sandbox, customer: Body, params: Params) -> None:
    settings = params.pop("invoice_settings", None)
    if settings is not None and "default_payment_method" in settings:
        method_id = settings["default_payment_method"]
        if method_id:
            payment_methods.of_customer(sandbox, method_id, customer["id"])
        customer["invoice_settings"]["default_payment_method"] = method_id
    if "metadata" in params:
        customer["metadata"] = merge_metadata(customer["metadata"], params.pop("metadata"))
    customer.update(params)
