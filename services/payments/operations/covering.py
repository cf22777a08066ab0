"""Which earnings a payout carries: those that were free first, the last one perhaps in part."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import proportion
from services.payments.models import EarningsTransaction, Payout, PayoutItem


def choose_items(session: Session, payout: Payout) -> None:
    """Cover a payout with earnings, those that were free first; the last one may be covered in part."""
    earnings = session.scalars(
        select(EarningsTransaction)
        .where(
            EarningsTransaction.practitioner_id == payout.practitioner_id,
            EarningsTransaction.status == "available",
            EarningsTransaction.frozen_cents == 0,
            EarningsTransaction.paid_cents + EarningsTransaction.reversed_cents < EarningsTransaction.net_cents,
        )
        .order_by(EarningsTransaction.available_after, EarningsTransaction.id)
        .with_for_update()
    )
    left, commission = payout.amount_cents, 0
    for earning in earnings:
        part = min(left, earning.left_cents)
        if part <= 0:
            break
        earning.paid_cents += part
        session.add(PayoutItem(payout_id=payout.id, earnings_transaction_id=earning.id, amount_cents=part))
        commission += proportion(earning.commission_cents, part=part, whole=earning.net_cents)
        left -= part
    payout.commission_cents = commission


def free_items(session: Session, payout: Payout) -> None:
    """Let the earnings that a payout carried be paid by another."""
    for item, earning in items_of_payout(session, payout):
        earning.paid_cents -= item.amount_cents
        if earning.status == "paid":
            earning.status = "available"
        session.delete(item)
    session.flush()


def items_of_payout(session: Session, payout: Payout) -> list[tuple[PayoutItem, EarningsTransaction]]:
    rows = session.execute(
        select(PayoutItem, EarningsTransaction)
        .join(EarningsTransaction, EarningsTransaction.id == PayoutItem.earnings_transaction_id)
        .where(PayoutItem.payout_id == payout.id)
        .order_by(EarningsTransaction.id)
        .with_for_update()
    )
    return [(item, earning) for item, earning in rows]
