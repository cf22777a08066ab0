"""Fans' memberships of streams: joined at the price of the day, paid by invoice, earned by the practitioner."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe, StripeRefusal
from services.payments.domain.amounts import share
from services.payments.domain.errors import (
    AlreadySubscribed,
    CannotSubscribeToSelf,
    MembershipNotActive,
    TierNotAvailable,
)
from services.payments.events import PaymentSucceeded, told_membership
from services.payments.models import EarningsTransaction, Membership, Order, StreamRef, StripeOperation
from services.payments.operations import billing, ledger
from services.payments.operations.earnings import add_to_daily, user_of
from services.payments.operations.rates import commission_bps
from services.payments.settings import settings
from shared.clock import utc_now
from shared.messaging import record

KIND = "membership"
SERVICE_TYPE = "membership"


def price_of_tier(stream: StreamRef, tier: str) -> int:
    """Return what a tier of a stream costs a month. Raises TierNotAvailable where it is not sold."""
    if tier == "free":
        return 0
    cents = stream.entry_price_cents if tier == "entry" else stream.premium_price_cents
    if not cents:
        raise TierNotAvailable
    return cents


def stripe_price(stripe: Stripe, *, stream_id: int, title: str, tier: str, cents: int) -> str:
    """Return a price at Stripe for a tier of a stream. Raises StripeRefusal."""
    return billing.price_for(
        stripe,
        product=f"stream_{stream_id}",
        name=title or f"Stream {stream_id}",
        key=f"stream:{stream_id}:{tier}",
        cents=cents,
        interval="month",
    )


def open_membership(session: Session, *, user_id: int, stream: StreamRef, tier: str, now: datetime) -> Membership:
    """Make a membership's row; a free one is active at once. An unpaid earlier try ends.

    Raises CannotSubscribeToSelf, AlreadySubscribed, TierNotAvailable.
    """
    if not stream.is_active:
        raise TierNotAvailable
    if user_of(session, stream.practitioner_id) == user_id:
        raise CannotSubscribeToSelf
    cents = price_of_tier(stream, tier)
    live = session.scalar(
        select(Membership)
        .where(Membership.user_id == user_id, Membership.stream_id == stream.id, Membership.ended_at.is_(None))
        .with_for_update()
    )
    if live is not None:
        if live.status != "incomplete":
            raise AlreadySubscribed
        end_membership(session, live, now=now)
    membership = Membership(
        user_id=user_id,
        stream_id=stream.id,
        practitioner_id=stream.practitioner_id,
        tier=tier,
        tier_name=stream.tier_names.get(tier, tier),
        price_cents=cents,
        started_at=now,
        status="active" if cents == 0 else "incomplete",
    )
    session.add(membership)
    session.flush()
    if cents == 0:
        tell_membership(session, membership)
    return membership


def end_membership(session: Session, membership: Membership, *, now: datetime) -> None:
    """Let nothing of a membership be left. Emits MembershipChanged."""
    if membership.stripe_subscription_id and membership.stripe_status not in ("canceled", "incomplete_expired"):
        billing.note_end(session, membership, kind=KIND, by_caller=False)
    membership.status, membership.ended_at, membership.auto_renew = "canceled", now, False
    membership.ends_at = membership.ends_at or now
    session.flush()
    tell_membership(session, membership)


def note_cancel(session: Session, membership: Membership, *, now: datetime, immediately: bool) -> int | None:
    """Renew no more; paid time is kept unless `immediately`. Returns the noted call. Raises MembershipNotActive."""
    if membership.ended_at is not None or membership.status not in ("active", "trialing", "past_due", "unpaid"):
        raise MembershipNotActive
    membership.canceled_at = now
    if membership.stripe_subscription_id is None or immediately:
        end_membership(session, membership, now=now)
        return None
    return billing.note_update(session, membership, kind=KIND, what="cancel", params={"cancel_at_period_end": True})


def note_resume(session: Session, membership: Membership, *, now: datetime) -> int:
    """Renew a canceled membership after all, before its end. Raises MembershipNotActive."""
    is_over = membership.ended_at is not None or not billing.grants_access(membership, now=now)
    if is_over or membership.status != "canceled":
        raise MembershipNotActive
    membership.canceled_at = None
    return billing.note_update(session, membership, kind=KIND, what="resume", params={"cancel_at_period_end": False})


def note_change(
    session: Session, membership: Membership, *, tier: str, tier_name: str, cents: int, item: str, price: str
) -> int:
    """Change a paid membership: upward at once and prorated, downward from the next period on."""
    params: dict[str, Any] = {"items": [{"id": item, "price": price}]}
    if cents > membership.price_cents:
        params |= {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    else:
        params |= {"proration_behavior": "none"}
    membership.pending_tier, membership.pending_price_cents = tier, cents
    membership.tier_name = membership.tier_name or tier_name
    return billing.note_update(session, membership, kind=KIND, what="change", params=params)


def sync_membership(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a membership's state at Stripe; False if it is none of ours. Emits MembershipChanged on a change."""
    uuid = billing.uuid_of(told, KIND)
    where = Membership.public_uuid == uuid if uuid else Membership.stripe_subscription_id == told["id"]
    membership = session.scalar(
        select(Membership).where(where).with_for_update().execution_options(populate_existing=True)
    )
    if membership is None:
        return False
    before, period = _state(membership), membership.current_period_start
    if membership.ended_at is None or told["status"] not in ("canceled", "incomplete_expired"):
        billing.take_in(membership, told, now=utc_now())
    has_end = membership.status == "canceled" and membership.ended_at is None
    membership.ends_at = membership.current_period_end if has_end else membership.ended_at
    _follow_price(session, membership, told, has_new_period=period not in (None, membership.current_period_start))
    session.flush()
    if _state(membership) != before:
        tell_membership(session, membership)
    return True


def sync_membership_invoice(session: Session, invoice: Mapping[str, Any]) -> bool:
    """Make the order of a membership's paid invoice, and the practitioner's earning; False if it is no membership's.

    Emits PaymentSucceeded.
    """
    membership = session.scalar(
        select(Membership).where(Membership.stripe_subscription_id == billing.subscription_of(invoice))
    )
    if membership is None:
        return False
    if invoice.get("status") != "paid":
        return True
    stream = session.get(StreamRef, membership.stream_id)
    order = billing.invoice_order(
        session,
        invoice,
        user_id=membership.user_id,
        practitioner_id=membership.practitioner_id,
        description=f"Membership of {stream.title if stream else 'a stream'}",
        membership_id=membership.id,
        stream_id=membership.stream_id,
    )
    if order is not None:
        _earn(session, order, membership)
        record(session, PaymentSucceeded.of(order, stream_id=membership.stream_id), subject=order)
    return True


def let_lapse(session: Session, *, now: datetime) -> int:
    """End memberships whose time is over; return how many."""
    open_ = session.scalars(
        select(Membership)
        .where(
            Membership.ended_at.is_(None),
            (Membership.status.in_(("canceled", "past_due", "unpaid")) & Membership.current_period_end.is_not(None))
            | ((Membership.status == "incomplete") & (Membership.created_at < now - billing.UNPAID_LIVES)),
        )
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    over = [one for one in open_ if not billing.grants_access(one, now=now)]
    for membership in over:
        end_membership(session, membership, now=now)
    return len(over)


def tell_membership(session: Session, membership: Membership) -> None:
    """Announce what a fan may see now. Emits MembershipChanged."""
    session.flush()
    record(session, told_membership(session, membership), subject=membership)


def _earn(session: Session, order: Order, membership: Membership) -> None:
    """Post a paid invoice: the practitioner's part waits for 48 hours like any earning."""
    gross = order.total_amount_cents
    bps = commission_bps(session, practitioner_id=membership.practitioner_id, service_type=SERVICE_TYPE)
    commission = share(gross, bps=bps)
    order.commission_cents = commission
    earning = EarningsTransaction(
        practitioner_id=membership.practitioner_id,
        source_key=order.source_key,
        order_id=order.id,
        membership_id=membership.id,
        service_type_code=SERVICE_TYPE,
        client_id=membership.user_id,
        gross_cents=gross,
        commission_bps=bps,
        commission_cents=commission,
        net_cents=gross - commission,
        available_after=(order.paid_at or utc_now()) + timedelta(hours=settings().earnings_hold_hours),
        transaction_type="membership",
        description=order.description,
    )
    session.add(earning)
    session.flush()
    ledger.post(
        session,
        "invoice",
        order.source_key,
        {
            ledger.STRIPE: gross,
            ledger.practitioner(membership.practitioner_id, "pending"): -(gross - commission),
            ledger.COMMISSION: -commission,
        },
        order_id=order.id,
    )
    add_to_daily(session, earning)


def _follow_price(session: Session, membership: Membership, told: Mapping[str, Any], *, has_new_period: bool) -> None:
    """Take the chosen tier once it is what Stripe charges: upward when paid, downward in its period."""
    if membership.pending_tier is None or membership.pending_price_cents is None:
        return
    item = ((told.get("items") or {}).get("data") or [{}])[0]
    charged = (item.get("price") or {}).get("unit_amount")
    is_upward = membership.pending_price_cents > membership.price_cents
    if charged == membership.pending_price_cents and (is_upward or has_new_period):
        stream = session.get(StreamRef, membership.stream_id)
        membership.previous_tier, membership.tier = membership.tier, membership.pending_tier
        membership.tier_name = stream.tier_names.get(membership.tier, membership.tier) if stream else membership.tier
        membership.price_cents = membership.pending_price_cents
        membership.pending_tier = membership.pending_price_cents = None


def _state(membership: Membership) -> tuple[Any, ...]:
    return (
        membership.tier,
        membership.status,
        membership.price_cents,
        membership.current_period_end,
        membership.ends_at,
        membership.ended_at,
        membership.past_due_since,
    )


def refused(session: Session, operation: StripeOperation, _refusal: StripeRefusal) -> None:
    """Stripe will not start it: nothing is left of the membership."""
    membership = session.get(Membership, int(operation.subject.partition(":")[2]))
    if membership is not None and membership.stripe_subscription_id is None and membership.ended_at is None:
        end_membership(session, membership, now=utc_now())
