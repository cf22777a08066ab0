"""This process's way to Stripe, and how a request waits for an order."""

from typing import Any

from services.payments.clients.stripe import Stripe, Unanswered, configured
from services.payments.operations import stripe_desk
from services.payments.operations.paying import channel_of
from services.payments.queries import orders
from services.payments.settings import settings
from shared.database import reading
from shared.database.waiting import Waiting
from shared.http import identity

Outcome = stripe_desk.Outcome
WAITING = Waiting(4)
SETTLED = ("completed", "failed", "refunded", "partially_refunded")


def stripe() -> Stripe:
    """Return this process's way to Stripe."""
    return configured(settings())


def make_call(number: int | None) -> stripe_desk.Outcome:
    """Make the call that an operation noted for its caller, if there is one."""
    return stripe_desk.Outcome() if number is None else stripe_desk.perform(stripe(), number, owned=True)


def was_unanswered(outcome: stripe_desk.Outcome) -> bool:
    """Whether nobody knows yet what came of a call."""
    return isinstance(outcome.refusal, Unanswered)


def order_now(order_id: int) -> dict[str, Any]:
    """Return an order as it stands, for its payer or for staff."""
    with reading() as connection:
        return orders.find_order(connection, str(order_id), by=identity())


def order_settled(order_id: int, *, seconds: float) -> dict[str, Any]:
    """Return an order once it is settled or wants something of its payer, or as it stands after `seconds`."""

    def look() -> dict[str, Any] | None:
        order = order_now(order_id)
        wanted = order["client_secret"] or order["next_action_url"] or order["checkout_url"]
        return order if order["status"] in SETTLED or (order["status"] == "processing" and wanted) else None

    return WAITING.until(channel_of(order_id), look, seconds=seconds) or order_now(order_id)
