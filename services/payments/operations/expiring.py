"""Stored cards near their end: payers are told in time, and renewals go on by another card where there is one."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from services.payments.domain.cards import is_expired
from services.payments.events import PaymentMethodExpiring
from services.payments.models import PaymentMethod
from services.payments.operations.cards import choose_default, renews
from shared.messaging import record

AT_ONCE = 1000


def tell_expiring(session: Session, *, now: datetime) -> int:
    """Tell the owners of up to 1,000 cards whose last month this is, once each; return how many.

    Emits PaymentMethodExpiring.
    """
    today = now.astimezone(UTC)
    ending = session.scalars(
        select(PaymentMethod)
        .where(
            PaymentMethod.is_active.is_(True),
            PaymentMethod.exp_year == today.year,
            PaymentMethod.exp_month == today.month,
            PaymentMethod.expiry_told_at.is_(None),
        )
        .order_by(PaymentMethod.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for card in ending:
        card.expiry_told_at = now
        session.flush()
        record(session, PaymentMethodExpiring.of(card, renews=renews(session, card.user_id)), subject=card)
    return len(ending)


def replace_expired_defaults(session: Session, *, now: datetime) -> int:
    """Make the newest usable card the default where the default one has ended; return how many were replaced."""
    today = now.astimezone(UTC)
    other = aliased(PaymentMethod)
    month = PaymentMethod.exp_year * 12 + PaymentMethod.exp_month
    this_month = today.year * 12 + today.month
    ended = session.scalars(
        select(PaymentMethod)
        .where(
            PaymentMethod.is_active.is_(True),
            PaymentMethod.is_default.is_(True),
            month < this_month,
            select(other.id)
            .where(
                other.user_id == PaymentMethod.user_id,
                other.is_active.is_(True),
                other.exp_year * 12 + other.exp_month >= this_month,
            )
            .exists(),
        )
        .order_by(PaymentMethod.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    replaced = 0
    for card in ended:
        if not is_expired(card.exp_year, card.exp_month, now):
            continue
        usable = session.scalars(
            select(PaymentMethod)
            .where(PaymentMethod.user_id == card.user_id, PaymentMethod.is_active.is_(True), month >= this_month)
            .order_by(PaymentMethod.id.desc())
            .limit(1)
        ).one()
        choose_default(session, usable)
        replaced += 1
    return replaced
