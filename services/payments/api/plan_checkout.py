"""Starting a plan on Stripe's page."""

from typing import Any

from services.payments.api import stripe as desk
from services.payments.api.earnings import caller_practitioner
from services.payments.domain import errors
from services.payments.operations import checkout, plans
from services.payments.operations.cards import customer_of, translated
from services.payments.operations.charging import start_plan_checkout
from services.payments.operations.orders import locked_order
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid
from shared.http import identity


def plan_page(body: dict[str, Any], urls: dict[str, str]) -> int:
    """Start a plan that is paid on a page of Stripe's, and return its order.

    Raises Invalid, Forbidden, AlreadySubscribed, TierNotAvailable, StripeUnavailable.
    """
    if not body["subscription_tier_id"]:
        raise Invalid.field("subscription_tier_id", "Name a plan.")
    caller, now, is_annual = identity(), utc_now(), body["is_annual"]
    with transaction() as session:
        owner = caller_practitioner(session.connection())
        tier = plans.tier_named(session, body["subscription_tier_id"])
        cents = plans.price_cents(tier, is_annual=is_annual)
        if cents == 0:
            raise Invalid.field("subscription_tier_id", "This plan costs nothing: start it without a payment.")
        plan = plans.open_plan(
            session, practitioner_id=owner, user_id=caller.user_id, tier=tier, is_annual=is_annual, now=now
        )
        order_id = checkout.plan_order(session, plan, cents=cents, name=tier.name).id
    api = desk.stripe()
    price = translated(lambda: plans.stripe_price(api, tier.id, is_annual=is_annual))
    customer = customer_of(api, user_id=caller.user_id, user_uuid=caller.uuid)
    with transaction() as session:
        number = start_plan_checkout(
            session,
            locked_order(session, order_id),
            plan_uuid=str(plan.public_uuid),
            price=price,
            customer=customer,
            urls=urls,
            now=now,
        )
    if desk.was_unanswered(desk.make_call(number)):
        raise errors.StripeUnavailable(retry_after=5)
    return order_id
