"""Events: what happened, for those who missed the webhook."""

from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.parameters import TEXT, ListOf, Params
from deploy.sandbox.stripe.routing import Routes, page
from deploy.sandbox.stripe.sandbox import Sandbox

routes = Routes()

routes.retrieve("/v1/events/{}", "event")


def _list(sandbox: Sandbox, params: Params) -> Body:
    where = {}
    types = params.get("types") or ([params["type"]] if params.get("type") else [])
    if types:
        where["type"] = types
    return page(sandbox, "event", "/v1/events", params, where)


routes.listing("/v1/events", "event", {"type": TEXT, "types": ListOf(TEXT)}, answer=_list)
