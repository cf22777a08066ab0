"""What payments tells: a practitioner's plan."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain.words import BASIC
from services.practitioners.models import Practitioner, Subscription
from services.practitioners.operations.announcing import announce
from services.practitioners.operations.verification import advance_onboarding
from shared.clock import utc_now
from shared.messaging import Message, handles, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChanged:
    """A plan; its subject is the practitioner."""

    subscription_id: int | None = None
    tier_code: str = BASIC
    tier_name: str = ""
    features: dict[str, Any] = field(default_factory=dict)
    status: str = "active"
    is_active: bool = False
    is_annual: bool = False
    current_period_end: datetime | None = None
    end_date: datetime | None = None


_COPIED = (
    *("subscription_id", "tier_code", "tier_name", "features", "status", "is_active", "is_annual"),
    *("current_period_end", "end_date"),
)


@handles("subscription.changed", SubscriptionChanged)
def keep_subscription(session: Session, event: SubscriptionChanged, message: Message) -> None:
    """Keep the plan; its limits travel on with the profile."""
    practitioner_id = int(message.subject_id)
    values = {name: getattr(event, name) for name in _COPIED}
    key = {"practitioner_id": practitioner_id}
    if not replace_replica(session, Subscription, key=key, values=values, message=message):
        return
    session.expire_all()
    practitioner = session.scalar(select(Practitioner).where(Practitioner.id == practitioner_id).with_for_update())
    if practitioner is None:
        return
    plan = (event.tier_code, event.features) if event.is_active else (BASIC, {})
    changed = plan != (practitioner.tier_code, practitioner.features)
    practitioner.tier_code, practitioner.features = plan
    if not advance_onboarding(session, practitioner, now=utc_now()) and changed:
        announce(session, practitioner)
