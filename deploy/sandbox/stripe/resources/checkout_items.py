"""What a Checkout Session sells."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import AMOUNT, METADATA, TEXT, Fields, Integer, ListOf, Params
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

from . import prices

PRICE_DATA = Fields(
    {
        "currency": TEXT,
        "product": TEXT,
        "product_data": Fields({"name": TEXT, "description": TEXT, "images": ListOf(TEXT), "metadata": METADATA}),
        "recurring": Fields({"interval": prices.INTERVAL, "interval_count": Integer(least=1)}),
        "unit_amount": AMOUNT,
    }
)
LINE_ITEMS = ListOf(Fields({"price": TEXT, "price_data": PRICE_DATA, "quantity": Integer(least=1)}))


def items_of(sandbox: Sandbox, params: Params, *, mode: str) -> list[Body]:
    """Return the items of a new session. Raises InvalidRequest for what its mode cannot sell."""
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
