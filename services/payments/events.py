"""Every fact that payments announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.access import GRACE, grants_access
from services.payments.models import (
    ConnectAccount,
    CreditTransaction,
    LedgerAccount,
    Membership,
    Order,
    Payout,
    Refund,
    StreamRef,
    Subscription,
    SubscriptionTier,
)
from shared.clock import utc_now
from shared.messaging import Snapshot, Subject, event


@event("payment.succeeded")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded:
    """An order was paid. Told once."""

    order_id: int
    order_uuid: UUID
    order_type: str
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    booking_ids: list[int]
    service_id: int | None
    subscription_id: int | None
    membership_id: int | None
    stream_id: int | None
    subtotal_cents: int
    credits_applied_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    method: str
    description: str
    commission_cents: int | None
    paid_at: datetime

    @classmethod
    def of(cls, order: Order, *, stream_id: int | None = None) -> "PaymentSucceeded":
        """Return the news of a paid order."""
        assert order.paid_at is not None
        return cls(
            order_id=order.id,
            order_uuid=order.public_uuid,
            order_type=order.order_type,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id,
            booking_ids=[order.booking_id] if order.booking_id else [],
            service_id=order.service_id,
            subscription_id=order.subscription_id,
            membership_id=order.membership_id,
            stream_id=stream_id,
            subtotal_cents=order.subtotal_amount_cents,
            credits_applied_cents=order.credits_applied_cents,
            tax_cents=order.tax_amount_cents,
            total_cents=order.total_amount_cents,
            currency=order.currency,
            method=order.payment_method,
            description=order.description,
            commission_cents=order.commission_cents,
            paid_at=order.paid_at,
        )


@event("payment.failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed:
    """An attempt failed; `final`: no other attempt will be taken."""

    order_id: int
    order_uuid: UUID
    order_type: str
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    code: str
    decline_code: str | None
    message: str
    retryable: bool
    final: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, order: Order, *, decline_code: str | None = None) -> "PaymentFailed":
        """Return the news of a failed order."""
        return cls(
            order_id=order.id,
            order_uuid=order.public_uuid,
            order_type=order.order_type,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id,
            code=order.failure_code or "failed",
            decline_code=decline_code,
            message=order.failure_message or "The payment failed.",
            retryable=not order.is_final,
            final=order.is_final,
            expires_at=order.expires_at,
        )


@event("payment.action_required")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentActionRequired:
    """The payer has to do something: pay on a page, or confirm to the bank."""

    order_id: int
    order_uuid: UUID
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    kind: Literal["checkout", "authentication"]
    checkout_url: str | None
    next_action_url: str | None
    expires_at: datetime | None

    @classmethod
    def of(cls, order: Order, *, kind: Literal["checkout", "authentication"]) -> "PaymentActionRequired":
        """Return what is asked of the payer of an order."""
        return cls(
            order_id=order.id,
            order_uuid=order.public_uuid,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id,
            kind=kind,
            checkout_url=order.checkout_url,
            next_action_url=order.next_action_url,
            expires_at=order.expires_at,
        )


@event("payment.refunded")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded:
    """Money went back for good. Told once per refund."""

    refund_id: int
    refund_uuid: UUID
    order_id: int
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    stream_id: int | None
    amount_cents: int
    to_card_cents: int
    to_credits_cents: int
    refunded_total_cents: int
    fully_refunded: bool
    reason: str

    @classmethod
    def of(cls, refund: Refund, order: Order) -> "PaymentRefunded":
        """Return the news of a refund that is final."""
        return cls(
            refund_id=refund.id,
            refund_uuid=refund.public_uuid,
            order_id=order.id,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id or refund.booking_id,
            stream_id=order.details.get("stream_id"),
            amount_cents=refund.amount_cents,
            to_card_cents=refund.to_card_cents,
            to_credits_cents=refund.to_credits_cents,
            refunded_total_cents=order.refunded_amount_cents,
            fully_refunded=order.status == "refunded",
            reason=refund.reason,
        )


@event("credits.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsChanged:
    """A user's balance, and what last moved it."""

    user_id: int
    balance_cents: int
    held_cents: int
    change_cents: int
    transaction_type: str
    transaction_id: int


@event("checkout.requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequested:
    """Somebody wants to buy a service at a time; bookings answers with a booking, or refuses."""

    order_uuid: UUID
    user_id: int
    service_id: int
    start_time: datetime | None
    end_time: datetime | None
    timezone: str | None
    service_session_id: int | None
    location_id: int | None
    notes: str | None


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
    tier: str
    tier_name: str
    status: str
    is_active: bool
    since: datetime
    access_until: datetime | None
    price_cents: int


@event("earnings.available")
@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsAvailable:
    """Earnings can be paid out from now on."""

    practitioner_id: int
    user_id: int | None
    amount_cents: int
    count: int
    available_balance_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _PayoutNews:
    payout_id: int
    practitioner_id: int
    user_id: int | None
    reference_number: str
    amount_cents: int
    fee_cents: int
    transfer_id: str | None
    code: str | None
    message: str | None

    @classmethod
    def of(cls, payout: Payout, *, user_id: int | None) -> Any:
        """Return the news of a payout."""
        return cls(
            payout_id=payout.id,
            practitioner_id=payout.practitioner_id,
            user_id=user_id,
            reference_number=payout.reference_number,
            amount_cents=payout.amount_cents,
            fee_cents=payout.fee_cents,
            transfer_id=payout.stripe_transfer_id,
            code=payout.failure_code,
            message=payout.error_message,
        )


@event("payout.requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequested(_PayoutNews):
    """A payout will be made."""


@event("payout.paid")
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPaid(_PayoutNews):
    """The money is at the practitioner's account."""


@event("payout.failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFailed(_PayoutNews):
    """The money came back to the practitioner's available balance."""


@event("connect_account.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccountChanged:
    """What Stripe says of a practitioner's account."""

    practitioner_id: int
    user_id: int
    can_receive_payouts: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements_due: list[str]
    disabled_reason: str | None

    @classmethod
    def of(cls, account: ConnectAccount) -> "ConnectAccountChanged":
        """Return the state of an account."""
        return cls(
            practitioner_id=account.practitioner_id,
            user_id=account.user_id,
            can_receive_payouts=account.can_receive,
            payouts_enabled=account.payouts_enabled,
            details_submitted=account.details_submitted,
            requirements_due=list(account.requirements.get("currently_due", [])),
            disabled_reason=account.requirements.get("disabled_reason"),
        )


@event("user.erased")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased:
    """Nothing personal of the user is left here."""

    user_id: int
    source: str


@event("user.export_part")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserExportPart:
    """A part of what this service holds of a user."""

    export_id: str
    source: str
    part: int
    last: bool
    data: dict[str, Any]


PUBLISHES = [
    PaymentSucceeded,
    PaymentFailed,
    PaymentActionRequired,
    PaymentRefunded,
    CreditsChanged,
    CheckoutRequested,
    SubscriptionChanged,
    MembershipChanged,
    EarningsAvailable,
    PayoutRequested,
    PayoutPaid,
    PayoutFailed,
    ConnectAccountChanged,
    UserErased,
    UserExportPart,
]

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
        tier=membership.tier,
        tier_name=membership.tier_name,
        status=membership.status,
        is_active=_is_active(membership),
        since=membership.started_at,
        access_until=membership.ends_at or membership.current_period_end,
        price_cents=membership.price_cents,
    )


def told_credits(session: Session, account: LedgerAccount) -> CreditsChanged:
    """Return a user's balance, and the line that last moved it."""
    owner = account.owner_id or 0
    held = select(LedgerAccount.balance_cents).where(LedgerAccount.code == f"user:{owner}:held")
    last = session.scalar(
        select(CreditTransaction)
        .where(CreditTransaction.user_id == owner)
        .order_by(CreditTransaction.id.desc())
        .limit(1)
    )
    return CreditsChanged(
        user_id=owner,
        balance_cents=account.balance_cents or 0,
        held_cents=session.scalar(held) or 0,
        change_cents=last.amount_cents if last else 0,
        transaction_type=last.transaction_type if last else "adjustment",
        transaction_id=last.id if last else 0,
    )


def _is_active(row: Subscription | Membership) -> bool:
    return grants_access(
        status=row.status,
        ended_at=row.ended_at,
        past_due_since=row.past_due_since,
        period_end=row.current_period_end,
        now=utc_now(),
    )


SNAPSHOTS = [
    Snapshot(ConnectAccountChanged, select(ConnectAccount).where(ConnectAccount.is_active)),
    Snapshot(SubscriptionChanged, select(Subscription), build=told_plan, about=plan_subject),
    Snapshot(MembershipChanged, select(Membership), build=told_membership),
    Snapshot(
        CreditsChanged,
        select(LedgerAccount).where(LedgerAccount.kind == "credits"),
        build=told_credits,
        about=lambda account: Subject(type="credits", id=str(account.owner_id), sequence=account.version),
    ),
]
