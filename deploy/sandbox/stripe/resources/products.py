"""Products."""

from deploy.sandbox.stripe.errors import Body, InvalidRequest
from deploy.sandbox.stripe.parameters import BOOLEAN, METADATA, TEXT, Kind, ListOf, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes, page
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

routes = Routes()

CHANGEABLE: dict[str, Kind] = {
    "active": BOOLEAN,
    "description": TEXT,
    "images": ListOf(TEXT),
    "metadata": METADATA,
    "name": TEXT,
    "statement_descriptor": TEXT,
    "unit_label": TEXT,
    "url": TEXT,
}

routes.retrieve("/v1/products/{}", "product")


@routes.call("POST", "/v1/products", {**CHANGEABLE, "id": TEXT}, required=("name",))
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a product, under an id of the caller's own if one is given."""
    product_id = params.get("id")
    if product_id and sandbox.store.find("product", product_id):
        raise InvalidRequest("Product already exists.", code="resource_already_exists", param="id")
    return sandbox.insert(make(sandbox, params), "product.created")


@routes.call("POST", "/v1/products/{}", {**CHANGEABLE, "default_price": TEXT})
def update(sandbox: Sandbox, params: Params, product_id: str) -> Body:
    """Change what is given."""
    product = sandbox.store.get("product", product_id)
    if params.get("default_price"):
        sandbox.store.get("price", params["default_price"], param="default_price")
    if "metadata" in params:
        params["metadata"] = merge_metadata(product["metadata"], params["metadata"])
    product.update(params, updated=sandbox.now())
    return sandbox.save(product, "product.updated")


@routes.call("DELETE", "/v1/products/{}")
def delete(sandbox: Sandbox, _: Params, product_id: str) -> Body:
    """Delete a product that never had a price."""
    product = sandbox.store.get("product", product_id)
    if sandbox.store.select("price", {"product": product_id}, limit=1):
        raise InvalidRequest(
            "This product cannot be deleted because it has one or more user-created prices.", param="id"
        )
    sandbox.emit("product.deleted", product)
    sandbox.store.delete(product_id)
    return {"id": product_id, "object": "product", "deleted": True}


def _list(sandbox: Sandbox, params: Params) -> Body:
    where = {"active": params["active"]} if "active" in params else {}
    if params.get("ids"):
        where["id"] = params["ids"]
    return page(sandbox, "product", "/v1/products", params, where)


routes.listing("/v1/products", "product", {"active": BOOLEAN, "ids": ListOf(TEXT)}, answer=_list)


def make(sandbox: Sandbox, params: Params) -> Body:
    """Return a new product, not kept yet."""
    return {
        "id": params.get("id") or new_id("prod", 14),
        "object": "product",
        "active": params.get("active", True),
        "created": sandbox.now(),
        "default_price": None,
        "description": params.get("description"),
        "images": params.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": merge_metadata({}, params.get("metadata")),
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": params.get("statement_descriptor"),
        "tax_code": None,
        "type": "service",
        "unit_label": params.get("unit_label"),
        "updated": sandbox.now(),
        "url": params.get("url"),
    }
