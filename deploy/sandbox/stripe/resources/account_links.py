"""Account links: single-use addresses of the hosted onboarding page."""

from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.parameters import TEXT, Choice, Fields, Params
from deploy.sandbox.stripe.routing import Routes
from deploy.sandbox.stripe.sandbox import Sandbox, new_id

from . import accounts

routes = Routes()

VALID_SECONDS = 300
COLLECT = Choice("currently_due", "eventually_due")


@routes.call(
    "POST",
    "/v1/account_links",
    {
        "account": TEXT,
        "collect": COLLECT,
        "collection_options": Fields({"fields": COLLECT, "future_requirements": Choice("include", "omit")}),
        "refresh_url": TEXT,
        "return_url": TEXT,
        "type": Choice("account_onboarding", "account_update"),
    },
    required=("account", "refresh_url", "return_url", "type"),
)
def create(sandbox: Sandbox, params: Params) -> Body:
    """Make a link, good for one visit within five minutes."""
    account = accounts.live(sandbox, params["account"])
    link_id = new_id("alink", 32)
    now = sandbox.now()
    sandbox.store.insert(
        {
            "id": link_id,
            "object": "account_link",
            "account": account["id"],
            "refresh_url": params["refresh_url"],
            "return_url": params["return_url"],
            "expires_at": now + VALID_SECONDS,
            "state": "unused",
        }
    )
    return {
        "object": "account_link",
        "created": now,
        "expires_at": now + VALID_SECONDS,
        "url": f"{sandbox.settings.public_url}/setup/{account['id']}/{link_id}",
    }
