"""Changing practitioners' plans: what requests wish, done at Stripe and here."""

from typing import Any

from sqlalchemy.orm import Session

from services.payments.api import stripe as desk
from services.payments.api.recurring import answered
from services.payments.domain import errors
from services.payments.models import Subscription
from services.payments.operations import billing, plans, subscriptions
from services.payments.operations.cards import translated
from services.payments.queries import plans as queries
from services.payments.queries.people import practitioner_id_of
from shared.audit import audit
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import (
    identity,
)


def found_plan(reference: str) -> dict[str, Any]:
    """Return a plan that the caller may see. Raises NotFound."""
    caller = identity()
    with reading() as connection:
        found = queries.plan(
            connection,
            str(reference),
            practitioner_id=practitioner_id_of(connection, caller),
            is_staff=caller.is_staff,
            now=utc_now(),
        )
    if found is None:
        raise NotFound("There is no such plan.")
    return found


def created_plan(plan_id: int, told: dict[str, Any] | None) -> dict[str, Any]:
    """Return what starting or changing a plan answers."""
    secret = billing.secret_of(told) if told else None
    return {
        "subscription": found_plan(str(plan_id)),
        "client_secret": secret,
        "requires_action": secret is not None,
        "next_action_url": (told or {}).get("latest_invoice", {}).get("hosted_invoice_url") if secret else None,
    }


def change_plan(plan_id: int, *, tier_id: str, is_annual: bool) -> dict[str, Any]:
    """Change a plan's tier or interval. Raises SubscriptionNotActive, AlreadySubscribed, StripeUnavailable."""
    api = desk.stripe()
    with transaction() as session:
        plan = session.get(Subscription, plan_id)
        tier = plans.tier_named(session, tier_id)
        if plan is None or plan.ended_at is not None or plan.status not in ("active", "trialing", "canceled"):
            raise errors.SubscriptionNotActive
        if plan.tier_id == tier.id and plan.is_annual == is_annual:
            raise errors.AlreadySubscribed
        subscription_id = plan.stripe_subscription_id
    if plans.price_cents(tier, is_annual=is_annual) == 0:
        cancel_plan(plan_id, immediately=False)
        return created_plan(plan_id, None)
    if subscription_id is None:
        raise errors.SubscriptionNotActive("Start a paid plan instead.")
    price = translated(lambda: plans.stripe_price(api, tier.id, is_annual=is_annual))
    state = translated(lambda: api.call("subscriptions.retrieve", subscription_id, {}))
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        number = plans.note_change(
            session, plan, tier=tier, is_annual=is_annual, item=billing.item_of(state), price=price
        )
    answered(desk.make_call(number))
    return created_plan(plan_id, translated(lambda: subscriptions.refresh(api, subscription_id)))


def cancel_plan(plan_id: int, *, immediately: bool) -> None:
    """Renew a plan no more. Raises SubscriptionNotActive, StripeUnavailable."""
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        number = plans.note_cancel(session, plan, now=utc_now(), immediately=immediately)
    answered(desk.make_call(number))


def resume_plan(plan_id: int) -> None:
    """Renew a canceled plan after all. Raises SubscriptionNotActive, StripeUnavailable."""
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        number = plans.note_resume(session, plan, now=utc_now())
    answered(desk.make_call(number))


def update_plan(body: dict[str, Any], reference: str) -> dict[str, Any]:
    """Do what a changed plan asks for: renewal, tier, interval; status and end for staff alone."""
    found, caller = found_plan(reference), identity()
    if ("status" in body and body["status"] != found["status"]) or (
        "end_date" in body and body["end_date"] != found["end_date"]
    ):
        if not caller.is_staff:
            raise Forbidden("Only staff change status and end of a plan.", errors={"status": ["Staff only."]})
        _set_by_staff(found["id"], body)
    if body.get("auto_renew") is False and found["auto_renew"]:
        cancel_plan(found["id"], immediately=False)
    elif body.get("auto_renew") is True and not found["auto_renew"]:
        resume_plan(found["id"])
    wanted, is_annual = body.get("tier_id"), body.get("is_annual", found["is_annual"])
    tier = found["tier"]
    is_other = wanted is not None and wanted not in (str(tier["id"]), tier["code"], str(tier["public_uuid"]))
    if is_other or is_annual != found["is_annual"]:
        change_plan(found["id"], tier_id=wanted or str(tier["id"]), is_annual=is_annual)
    return found_plan(reference)


def _set_by_staff(plan_id: int, body: dict[str, Any]) -> None:
    with transaction() as session:
        plan = session.get(Subscription, plan_id, with_for_update=True)
        assert plan is not None
        plan.status = body.get("status", plan.status)
        if "end_date" in body:
            plan.end_date = body["end_date"]
        session.flush()
        plans.tell_plan(session, plan)
        audit(session, "subscription.changed_by_staff", by=identity(), subject=("subscription", plan_id))


def give_up(session: Session, plan: Subscription) -> None:
    """End a plan whose first payment was declined."""
    plans.end_plan(session, plan, now=utc_now())
