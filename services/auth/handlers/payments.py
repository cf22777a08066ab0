"""What auth does when payments speaks."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.auth.operations.roles import take_tier
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChanged:
    """A practitioner's plan; the event's subject is the practitioner."""

    tier_code: str
    is_active: bool


@handles("subscription.changed", SubscriptionChanged)
def keep_tier(session: Session, event: SubscriptionChanged, message: Message) -> None:
    """Let the practitioner's tokens carry the plan while it is paid for."""
    take_tier(
        session,
        practitioner_id=int(message.subject_id),
        tier=event.tier_code if event.is_active else None,
        epoch=message.epoch,
        sequence=message.sequence,
    )
