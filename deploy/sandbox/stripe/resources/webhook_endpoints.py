"""Webhook endpoints: further addresses that events are sent to, beside the environment's own."""

from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.parameters import BOOLEAN, METADATA, TEXT, ListOf, Params, merge_metadata
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import API_VERSION, Sandbox, new_id

routes = Routes()

routes.retrieve("/v1/webhook_endpoints/{}", "webhook_endpoint")
routes.listing("/v1/webhook_endpoints", "webhook_endpoint", by_time=False)


@routes.call(
    "POST",
    "/v1/webhook_endpoints",
    {
        "api_version": TEXT,
        "connect": BOOLEAN,
        "description": TEXT,
        "enabled_events": ListOf(TEXT),
        "metadata": METADATA,
        "url": TEXT,
    },
    required=("url", "enabled_events"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Register an address. Its signing secret is told here and never again."""
    secret = new_id("whsec", 32)
    endpoint = sandbox.insert(
        {
            "id": new_id("we"),
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "application": None,
            "created": sandbox.now(),
            "description": params.get("description"),
            "enabled_events": params["enabled_events"],
            "livemode": False,
            "metadata": merge_metadata({}, params.get("metadata")),
            "status": "enabled",
            "url": params["url"],
            "_secret": secret,
        }
    )
    return {**endpoint, "secret": secret}


@routes.call(
    "POST",
    "/v1/webhook_endpoints/{}",
    {"description": TEXT, "disabled": BOOLEAN, "enabled_events": ListOf(TEXT), "metadata": METADATA, "url": TEXT},
)
def update(sandbox: Sandbox, params: Params, endpoint_id: str) -> Body:
    """Change an address, its event types, or stop sending to it."""
    endpoint = sandbox.store.get("webhook_endpoint", endpoint_id)
    if "disabled" in params:
        endpoint["status"] = "disabled" if params.pop("disabled") else "enabled"
    if "metadata" in params:
        params["metadata"] = merge_metadata(endpoint["metadata"], params["metadata"])
    endpoint.update(params)
    return sandbox.save(endpoint)


@routes.call("DELETE", "/v1/webhook_endpoints/{}")
def delete(sandbox: Sandbox, _: Params, endpoint_id: str) -> Body:
    """Forget an address."""
    sandbox.store.get("webhook_endpoint", endpoint_id)
    sandbox.store.delete(endpoint_id)
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}
