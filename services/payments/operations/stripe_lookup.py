"""Finding out whether a call took effect, where its key can tell no more: by what we wrote beside the object."""

from collections.abc import Callable, Mapping
from typing import Any

from services.payments.clients.stripe import Stripe

_PAGE = 100


def look_up(stripe: Stripe, call: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the object that an earlier call with these parameters made, or None if there is none.

    Raises StripeRefusal when Stripe does not answer.
    """
    search = _SEARCHES.get(call)
    return search(stripe, params) if search else None


def _matching(
    stripe: Stripe, listing: str, filters: dict[str, Any], fits: Callable[[dict[str, Any]], bool]
) -> dict[str, Any] | None:
    """Page through a list, newest first, to the first object that fits."""
    after: dict[str, Any] = {}
    while True:
        page = stripe.call(f"{listing}.list", None, {**filters, **after, "limit": _PAGE})
        for found in page["data"]:
            if fits(found):
                return dict(found)
        if not page.get("has_more"):
            return None
        after = {"starting_after": page["data"][-1]["id"]}


def _by_metadata(params: Mapping[str, Any]) -> Callable[[dict[str, Any]], bool]:
    wanted = dict(params.get("metadata") or {})
    return lambda found: bool(wanted) and all((found.get("metadata") or {}).get(k) == v for k, v in wanted.items())


def _intent(stripe: Stripe, params: Mapping[str, Any]) -> dict[str, Any] | None:
    filters = {"customer": params["customer"]} if params.get("customer") else {}
    return _matching(stripe, "payment_intents", filters, _by_metadata(params))


def _page(stripe: Stripe, params: Mapping[str, Any]) -> dict[str, Any] | None:
    filters = {"customer": params["customer"]} if params.get("customer") else {}
    return _matching(stripe, "checkout.sessions", filters, _by_metadata(params))


def _refund(stripe: Stripe, params: Mapping[str, Any]) -> dict[str, Any] | None:
    return _matching(stripe, "refunds", {"payment_intent": params["payment_intent"]}, _by_metadata(params))


def _transfer(stripe: Stripe, params: Mapping[str, Any]) -> dict[str, Any] | None:
    return _matching(stripe, "transfers", {"transfer_group": params["transfer_group"]}, _by_metadata(params))


def _subscription(stripe: Stripe, params: Mapping[str, Any]) -> dict[str, Any] | None:
    filters = {"customer": params["customer"], "status": "all"}
    return _matching(stripe, "subscriptions", filters, _by_metadata(params))


_SEARCHES: dict[str, Callable[[Stripe, Mapping[str, Any]], dict[str, Any] | None]] = {
    "payment_intents.create": _intent,
    "checkout.sessions.create": _page,
    "refunds.create": _refund,
    "transfers.create": _transfer,
    "subscriptions.create": _subscription,
}
