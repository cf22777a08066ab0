"""Prices: one-time, or recurring by day, week, month or year."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import (
    AMOUNT,
    BOOLEAN,
    METADATA,
    TEXT,
    Choice,
    Fields,
    Integer,
    Kind,
    ListOf,
    Params,
    merge_metadata,
    picked,
)
from deploy.sandbox.stripe.routing import Routes, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

from . import products

routes = Routes()

INTERVAL = Choice("day", "week", "month", "year")
RECURRING = Fields({"interval": INTERVAL, "interval_count": Integer(least=1), "usage_type": Choice("licensed")})
CHANGEABLE: dict[str, Kind] = {
    "active": BOOLEAN,
    "lookup_key": TEXT,
    "metadata": METADATA,
    "nickname": TEXT,
    "transfer_lookup_key": BOOLEAN,
}

routes.retrieve("/v1/prices/{}", "price")


@routes.call(
    "POST",
    "/v1/prices",
    {
        **CHANGEABLE,
        "billing_scheme": Choice("per_unit"),
        "currency": TEXT,
        "product": TEXT,
        "product_data": Fields({"name": TEXT, "metadata": METADATA}),
        "recurring": RECURRING,
        "tax_behavior": Choice("exclusive", "inclusive", "unspecified"),
        "unit_amount": AMOUNT,
    },
    required=("currency", "unit_amount"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a price of a product."""
    price = of_data(sandbox, params, "")
    _take_lookup_key(sandbox, price, params)
    return sandbox.save(price, "price.created")


@routes.call("POST", "/v1/prices/{}", CHANGEABLE)
def update(sandbox: Sandbox, params: Params, price_id: str) -> Body:
    """Change what may change: never the amount."""
    price = sandbox.store.get("price", price_id)
    if "metadata" in params:
        price["metadata"] = merge_metadata(price["metadata"], params.pop("metadata"))
    _take_lookup_key(sandbox, price, params)
    price.update({name: params[name] for name in ("active", "nickname") if name in params})
    return sandbox.save(price, "price.updated")


def _list(sandbox: Sandbox, params: Params) -> Body:
    where = picked(params, "active", "currency", "product", "type")
    if params.get("lookup_keys"):
        where["lookup_key"] = params["lookup_keys"]
    for name, value in (params.get("recurring") or {}).items():
        where[f"recurring.{name}"] = value
    return page(sandbox, "price", "/v1/prices", params, where)


routes.listing(
    "/v1/prices",
    "price",
    {
        "active": BOOLEAN,
        "currency": TEXT,
        "lookup_keys": ListOf(TEXT),
        "product": TEXT,
        "recurring": Fields({"interval": INTERVAL}),
        "type": Choice("one_time", "recurring"),
    },
    answer=_list,
)


def of_item(sandbox: Sandbox, item: Params, name: str) -> Body:
    """Return the price that an item names, or make the one it describes."""
    if item.get("price"):
        price = sandbox.store.get("price", item["price"], param=f"{name}[price]")
        if not price["active"]:
            raise InvalidRequest(
                "The price specified is inactive. This field only accepts active prices.", param=f"{name}[price]"
            )
        return price
    if item.get("price_data"):
        return of_data(sandbox, item["price_data"], f"{name}[price_data]")
    raise InvalidRequest(f"Missing required param: {name}[price].", code="parameter_missing", param=f"{name}[price]")


def of_data(sandbox: Sandbox, data: Params, name: str) -> Body:
    """Keep a new price; its product is named, or made of `product_data`."""
    for wanted in ("currency", "unit_amount"):
        if data.get(wanted) is None:
            full_name = f"{name}[{wanted}]" if name else wanted
            raise InvalidRequest(f"Missing required param: {full_name}.", code="parameter_missing", param=full_name)
    if data.get("product"):
        product = sandbox.store.get("product", data["product"], param="product")
    elif (data.get("product_data") or {}).get("name"):
        product = sandbox.insert(products.make(sandbox, data["product_data"]))
    else:
        raise InvalidRequest(
            "Missing required param: product. Give `product` or `product_data`.",
            code="parameter_missing",
            param=f"{name}[product]" if name else "product",
        )
    recurring = data.get("recurring")
    return sandbox.insert(
        {
            "id": new_id("price"),
            "object": "price",
            "active": data.get("active", True),
            "billing_scheme": "per_unit",
            "created": sandbox.now(),
            "currency": data["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": merge_metadata({}, data.get("metadata")),
            "nickname": data.get("nickname"),
            "product": product["id"],
            "recurring": _recurring(recurring) if recurring else None,
            "tax_behavior": data.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if recurring else "one_time",
            "unit_amount": data["unit_amount"],
            "unit_amount_decimal": str(data["unit_amount"]),
        }
    )


def _recurring(given: Params) -> Body:
    if "interval" not in given:
        raise InvalidRequest(
            "Missing required param: recurring[interval].", code="parameter_missing", param="recurring[interval]"
        )
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _take_lookup_key(sandbox: Sandbox, price: Body, params: Params) -> None:
    key = params.get("lookup_key")
    if key is None:
        return
    for other in sandbox.store.select("price", {"lookup_key": key}):
        if other["id"] == price["id"]:
            continue
        if not params.get("transfer_lookup_key"):
            raise InvalidRequest(
                f"A price (`{other['id']}`) already uses that lookup key. Use `transfer_lookup_key=true` to move it.",
                param="lookup_key",
            )
        other["lookup_key"] = None
        sandbox.save(other, "price.updated")
    price["lookup_key"] = key
