"""Practitioners' plans: started, paid, changed, ended; the commission and limits follow from them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe, StripeRefusal
from services.payments.domain.errors import AlreadySubscribed, SubscriptionNotActive, TierNotAvailable
from services.payments.events import PaymentSucceeded, plan_subject, told_plan
from services.payments.models import StripeOperation, Subscription, SubscriptionTier
from services.payments.operations import billing, ledger
from services.payments.operations.rates import forget_rates
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid
from shared.messaging import record

KIND = "tier"


def tier_named(session: Session, reference: str, *, for_sale: bool = True) -> SubscriptionTier:
    """Return a tier by id, uuid or code. Raises TierNotAvailable, Invalid on `tier_id`."""
    named: Any = SubscriptionTier.code == reference
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        named = SubscriptionTier.id == int(reference)
    else:
        with suppress(ValueError):
            named = SubscriptionTier.public_uuid == UUID(reference)
    tier = session.scalar(select(SubscriptionTier).where(named))
    if tier is None:
        raise Invalid.field("tier_id", "There is no such plan.")
    if for_sale and not tier.is_active:
        raise TierNotAvailable
    return tier


def price_cents(tier: SubscriptionTier, *, is_annual: bool) -> int:
    """Return what a tier costs per period. Raises TierNotAvailable where it has no annual price."""
    if not is_annual:
        return tier.monthly_price_cents
    if tier.annual_price_cents is None and tier.monthly_price_cents:
        raise TierNotAvailable
    return tier.annual_price_cents or 0


def stripe_price(stripe: Stripe, tier_id: int, *, is_annual: bool) -> str:
    """Return a tier's price at Stripe, made at first need. Raises StripeRefusal."""
    with transaction() as session:
        tier = session.get(SubscriptionTier, tier_id)
        assert tier is not None
        known = tier.stripe_annual_price_id if is_annual else tier.stripe_monthly_price_id
        cents, code, name = price_cents(tier, is_annual=is_annual), tier.code, tier.name
    if known:
        return known
    interval = "year" if is_annual else "month"
    made = billing.price_for(stripe, product=f"tier_{code}", name=name, key=code, cents=cents, interval=interval)
    with transaction() as session:
        tier = session.get(SubscriptionTier, tier_id, with_for_update=True)
        assert tier is not None
        tier.stripe_product_id = f"tier_{code}"
        if is_annual:
            tier.stripe_annual_price_id = made
        else:
            tier.stripe_monthly_price_id = made
    return made


def live_plan(session: Session, practitioner_id: int, *, lock: bool = True) -> Subscription | None:
    """Return the plan that has not ended."""
    statement = select(Subscription).where(
        Subscription.practitioner_id == practitioner_id, Subscription.ended_at.is_(None)
    )
    return session.scalar(statement.with_for_update() if lock else statement)


def open_plan(
    session: Session, *, practitioner_id: int, user_id: int, tier: SubscriptionTier, is_annual: bool, now: datetime
) -> Subscription:
    """Make a plan's row; a free one is active at once, one that costs waits for its first payment.

    An unpaid earlier try ends, and so does a free plan. Raises AlreadySubscribed where the same one is live.
    """
    live = live_plan(session, practitioner_id)
    if live is not None:
        same = live.tier_id == tier.id and live.is_annual == is_annual
        if same and live.status != "incomplete":
            raise AlreadySubscribed
        if live.status != "incomplete" and live.stripe_subscription_id is not None:
            raise AlreadySubscribed("There is a live plan: change it instead.")
        end_plan(session, live, now=now)
        session.flush()
    plan = Subscription(
        practitioner_id=practitioner_id,
        user_id=user_id,
        tier_id=tier.id,
        is_annual=is_annual,
        start_date=now,
        status="incomplete",
    )
    session.add(plan)
    session.flush()
    if price_cents(tier, is_annual=is_annual) == 0:
        plan.status = "active"
        session.flush()
        tell_plan(session, plan)
    return plan


def end_plan(session: Session, plan: Subscription, *, now: datetime) -> None:
    """Let nothing of a plan be left. Emits SubscriptionChanged."""
    if plan.stripe_subscription_id and plan.stripe_status not in ("canceled", "incomplete_expired"):
        billing.note_end(session, plan, kind=KIND, by_caller=False)
    plan.status, plan.ended_at, plan.auto_renew = "canceled", now, False
    plan.end_date = plan.end_date or now
    session.flush()
    tell_plan(session, plan)


def note_cancel(session: Session, plan: Subscription, *, now: datetime, immediately: bool) -> int | None:
    """Renew a plan no more; paid time is kept unless `immediately`. Returns the call. Raises SubscriptionNotActive."""
    if plan.ended_at is not None or plan.status not in ("active", "trialing", "past_due", "unpaid"):
        raise SubscriptionNotActive
    if plan.stripe_subscription_id is None or immediately:
        end_plan(session, plan, now=now)
        return None
    return billing.note_update(session, plan, kind=KIND, what="cancel", params={"cancel_at_period_end": True})


def note_resume(session: Session, plan: Subscription, *, now: datetime) -> int:
    """Renew a canceled plan after all, before its end. Raises SubscriptionNotActive."""
    if plan.ended_at is not None or plan.status != "canceled" or not billing.grants_access(plan, now=now):
        raise SubscriptionNotActive
    return billing.note_update(session, plan, kind=KIND, what="resume", params={"cancel_at_period_end": False})


def note_change(
    session: Session, plan: Subscription, *, tier: SubscriptionTier, is_annual: bool, item: str, price: str
) -> int:
    """Change a paid plan: upward at once and prorated, downward from the next period on."""
    current = session.get(SubscriptionTier, plan.tier_id)
    assert current is not None
    upward = tier.monthly_price_cents > current.monthly_price_cents or (
        tier.id == current.id and is_annual and not plan.is_annual
    )
    params: dict[str, Any] = {"items": [{"id": item, "price": price}]}
    if upward:
        params |= {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    else:
        params |= {"proration_behavior": "none"}
        plan.pending_tier_id, plan.pending_is_annual = tier.id, is_annual
    return billing.note_update(session, plan, kind=KIND, what="change", params=params)


def sync_plan(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a plan's state at Stripe; False if it is none of ours. Emits SubscriptionChanged on a change."""
    uuid = billing.uuid_of(told, KIND)
    where = Subscription.public_uuid == uuid if uuid else Subscription.stripe_subscription_id == told["id"]
    plan = session.scalar(select(Subscription).where(where).with_for_update().execution_options(populate_existing=True))
    if plan is None:
        return False
    before, period = _state(plan), plan.current_period_start
    if plan.ended_at is None or told["status"] not in ("canceled", "incomplete_expired"):
        billing.take_in(plan, told, now=utc_now())
    plan.end_date = plan.current_period_end if plan.status == "canceled" and plan.ended_at is None else plan.ended_at
    _follow_price(session, plan, told, has_new_period=period is not None and plan.current_period_start != period)
    session.flush()
    if _state(plan) != before:
        tell_plan(session, plan)
    return True


def sync_plan_invoice(session: Session, invoice: Mapping[str, Any]) -> bool:
    """Make the order of a plan's paid invoice; False if it is not a plan's. Emits PaymentSucceeded."""
    plan = session.scalar(
        select(Subscription).where(Subscription.stripe_subscription_id == billing.subscription_of(invoice))
    )
    if plan is None:
        return False
    if invoice.get("status") != "paid":
        return True
    tier = session.get(SubscriptionTier, plan.tier_id)
    order = billing.invoice_order(
        session,
        invoice,
        user_id=plan.user_id,
        practitioner_id=plan.practitioner_id,
        description=f"{tier.name if tier else 'Plan'} plan",
        subscription_id=plan.id,
    )
    if order is not None:
        ledger.post(
            session,
            "invoice",
            f"invoice:{invoice['id']}",
            {ledger.STRIPE: order.total_amount_cents, ledger.PLANS: -order.total_amount_cents},
            order_id=order.id,
        )
        record(session, PaymentSucceeded.of(order), subject=order)
    return True


def let_lapse(session: Session, *, now: datetime) -> int:
    """End plans whose time is over: canceled and past the end, past due beyond grace, never paid. Returns how many."""
    open_ = session.scalars(
        select(Subscription)
        .where(
            Subscription.ended_at.is_(None),
            (Subscription.status.in_(("canceled", "past_due", "unpaid")) & Subscription.current_period_end.is_not(None))
            | ((Subscription.status == "incomplete") & (Subscription.created_at < now - billing.UNPAID_LIVES)),
        )
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    over = [plan for plan in open_ if not billing.grants_access(plan, now=now)]
    for plan in over:
        end_plan(session, plan, now=now)
    return len(over)


def tell_plan(session: Session, plan: Subscription) -> None:
    """Announce the plan that a practitioner has now. Emits SubscriptionChanged."""
    forget_rates()
    session.flush()
    record(session, told_plan(session, plan), about=plan_subject(plan))


def _follow_price(session: Session, plan: Subscription, told: Mapping[str, Any], *, has_new_period: bool) -> None:
    """Let the tier be the one that is paid for; one that was chosen for later waits for its period."""
    if plan.pending_tier_id is not None:
        if has_new_period:
            plan.tier_id, plan.is_annual = plan.pending_tier_id, bool(plan.pending_is_annual)
            plan.pending_tier_id = plan.pending_is_annual = None
        return
    price = billing.price_of(told)
    tier = session.scalar(
        select(SubscriptionTier).where(
            (SubscriptionTier.stripe_monthly_price_id == price) | (SubscriptionTier.stripe_annual_price_id == price)
        )
    )
    if tier is not None:
        plan.tier_id, plan.is_annual = tier.id, tier.stripe_annual_price_id == price


def _state(plan: Subscription) -> tuple[Any, ...]:
    return (
        plan.tier_id,
        plan.status,
        plan.is_annual,
        plan.auto_renew,
        plan.current_period_end,
        plan.end_date,
        plan.ended_at,
        plan.past_due_since,
    )


def _refused(session: Session, operation: StripeOperation, _refusal: StripeRefusal) -> None:
    """Stripe will not start it: nothing is left of the plan."""
    kind, _, row_id = operation.subject.partition(":")
    plan = session.get(Subscription, int(row_id)) if kind == KIND else None
    if plan is not None and plan.stripe_subscription_id is None and plan.ended_at is None:
        end_plan(session, plan, now=utc_now())


REFUSE_PLAN: Callable[[Session, StripeOperation, StripeRefusal], object] = _refused
