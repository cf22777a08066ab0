"""What payments tells: memberships, and the money they bring."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.operations.memberships import take_membership, take_revenue
from shared.clock import utc_now
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged:
    """What a fan may see of a stream now."""

    membership_id: int
    user_id: int
    stream_id: int
    tier: Literal["free", "entry", "premium"]
    is_active: bool
    since: datetime
    access_until: datetime | None = None
    price_cents: int = 0


@handles("membership.changed", MembershipChanged)
def keep_membership(session: Session, event: MembershipChanged, message: Message) -> None:
    """Keep the newest state, count members, and put out whoever lost access."""
    values = {
        "user_id": event.user_id,
        "stream_id": event.stream_id,
        "tier_rank": words.rank(event.tier),
        "is_active": event.is_active,
        "since": event.since,
        "access_until": event.access_until,
        "price_cents": event.price_cents,
    }
    take_membership(session, membership_id=event.membership_id, values=values, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded:
    """An order was paid."""

    stream_id: int | None = None
    total_cents: int = 0
    commission_cents: int | None = None
    paid_at: datetime | None = None


@handles("payment.succeeded", PaymentSucceeded)
def count_payment(session: Session, event: PaymentSucceeded, message: Message) -> None:
    """Count what a membership brought."""
    if event.stream_id is not None:
        take_revenue(
            session,
            event.stream_id,
            cents=event.total_cents,
            commission_cents=event.commission_cents or 0,
            at=event.paid_at or message.occurred_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded:
    """Money went back for good."""

    stream_id: int | None = None
    amount_cents: int = 0


@handles("payment.refunded", PaymentRefunded)
def count_refund(session: Session, event: PaymentRefunded, message: Message) -> None:
    """Count what went back, on the day on which it did."""
    if event.stream_id is not None:
        take_revenue(session, event.stream_id, cents=-event.amount_cents, commission_cents=0, at=message.occurred_at)
