"""What is told of plans and memberships."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy.orm import Session

from services.payments.domain.access import GRACE, grants_access
from services.payments.models import Membership, StreamRef, Subscription, SubscriptionTier
from shared.clock import utc_now
from shared.messaging import Subject, event


@event("subscription.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChanged:
    """The plan a practitioner has now."""

    practitioner_id: int
    user_id: int
    subscription_id: int
    tier_code: str
    tier_name: str
    features: dict[str, Any]
    status: str
    is_active: bool
    is_annual: bool
    auto_renew: bool
    current_period_end: datetime | None
    end_date: datetime | None
    grace_until: datetime | None


@event("membership.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged:
    """What a fan may see of a stream now."""

    membership_id: int
    user_id: int
    practitioner_id: int
    stream_id: int
    stream_title: str
    tier: Literal["free", "entry", "premium"]
    tier_name: str
    status: str
    is_active: bool
    since: datetime
    access_until: datetime | None
    price_cents: int


PLAN_CHANGES_MAX = 1_000_000
"""Keeps a later plan's sequence above every sequence of an earlier one of the same practitioner."""


def plan_subject(plan: Subscription) -> Subject:
    """Return whom a plan's news is about: the practitioner, with a sequence that orders one plan after another."""
    return Subject(
        type="practitioner_plan", id=str(plan.practitioner_id), sequence=plan.id * PLAN_CHANGES_MAX + plan.version
    )


def told_plan(session: Session, plan: Subscription) -> SubscriptionChanged:
    """Return the plan that a practitioner has now."""
    tier = session.get_one(SubscriptionTier, plan.tier_id)
    return SubscriptionChanged(
        practitioner_id=plan.practitioner_id,
        user_id=plan.user_id,
        subscription_id=plan.id,
        tier_code=tier.code,
        tier_name=tier.name,
        features=tier.features,
        status=plan.status,
        is_active=_is_active(plan),
        is_annual=plan.is_annual,
        auto_renew=plan.auto_renew,
        current_period_end=plan.current_period_end,
        end_date=plan.end_date,
        grace_until=plan.past_due_since + GRACE if plan.past_due_since else None,
    )


def told_membership(session: Session, membership: Membership) -> MembershipChanged:
    """Return what a fan may see now."""
    stream = session.get(StreamRef, membership.stream_id)
    return MembershipChanged(
        membership_id=membership.id,
        user_id=membership.user_id,
        practitioner_id=membership.practitioner_id,
        stream_id=membership.stream_id,
        stream_title=stream.title if stream else "",
        tier=cast("Literal['free', 'entry', 'premium']", membership.tier),
        tier_name=membership.tier_name,
        status=membership.status,
        is_active=_is_active(membership),
        since=membership.started_at,
        access_until=membership.ends_at or membership.current_period_end,
        price_cents=membership.price_cents,
    )


def _is_active(row: Subscription | Membership) -> bool:
    return grants_access(
        status=row.status,
        ended_at=row.ended_at,
        past_due_since=row.past_due_since,
        period_end=row.current_period_end,
        now=utc_now(),
    )
