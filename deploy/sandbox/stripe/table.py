"""Every call the sandbox knows."""

from .errors import InvalidRequest
from .resources import (
    account_links,
    accounts,
    balance,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    invoices,
    payment_intents,
    payment_methods,
    payouts,
    prices,
    products,
    refunds,
    renewals,
    setup_intents,
    subscriptions,
    transfers,
    webhook_endpoints,
)
from .routing import Route

WITH_CALLS = (
    account_links, accounts, balance, charges, checkout_sessions, customers, disputes, events, invoices,
    payment_intents, payment_methods, payouts, prices, products, refunds, setup_intents, subscriptions, transfers,
    webhook_endpoints,
)  # fmt: skip
BY_TIME_ONLY = (renewals,)
"""No calls of their own, but timers and owners that must be loaded."""

ROUTES: tuple[Route, ...] = tuple(route for module in WITH_CALLS for route in module.routes.all)


def route_of(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route of a call and the ids in its path. Raises InvalidRequest that names an unknown one."""
    for route in ROUTES:
        ids = route.ids(path) if route.method == method else None
        if ids is not None:
            return route, ids
    raise InvalidRequest(
        f"Unrecognized request URL ({method}: {path}). The sandbox does not know this call.",
        code="url_invalid",
        param=path,
    )
