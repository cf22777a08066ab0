"""Out of which pockets a refund comes: what was not delivered first, then what was earned, with its commission.

The order's row is locked by whoever calls anything here.
"""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import commission_back, fill
from services.payments.domain.errors import RefundExceedsPayment
from services.payments.models import EarningsTransaction, Order, OrderItem
from services.payments.operations import ledger
from services.payments.operations.orders import items_of


def draw(session: Session, order: Order, cents: int, *, may_go_into_debt: bool) -> defaultdict[str, int]:
    """Take `cents` out of a paid order's pockets, and return the debits to post.

    Raises RefundExceedsPayment where credits are spent, or a practitioner would owe and must not.
    """
    lines: defaultdict[str, int] = defaultdict(int)
    if order.order_type == "credit":
        account = ledger.user_credits(order.user_id)
        if ledger.lock_balances(session, [account])[account] < cents:
            raise RefundExceedsPayment("Only credits that are still there can be refunded.")
        lines[account] += cents
        return lines
    items = items_of(session, order)
    if not items:
        lines[ledger.PLANS] += cents
        return lines
    _lock_pockets(session, order, items)
    left = cents
    for item, part in zip(items, fill(cents, [item.undelivered_cents for item in items]), strict=True):
        item.refunded_undelivered_cents += part
        lines[ledger.practitioner(item.practitioner_id, "escrow")] += part
        left -= part
    for item, part in zip(items, fill(left, [item.earned_cents for item in items]), strict=True):
        _draw_earned(session, item, part, lines, may_go_into_debt=may_go_into_debt)
    return lines


def _draw_earned(
    session: Session, item: OrderItem, cents: int, lines: defaultdict[str, int], *, may_go_into_debt: bool
) -> None:
    """Take back what was delivered: the commission's share from the platform, the rest from the practitioner."""
    if not cents:
        return
    item.refunded_earned_cents += cents
    commission = commission_back(
        refunded_cents=item.refunded_earned_cents,
        delivered_cents=item.released_cents,
        commission_cents=item.commission_taken_cents,
        already_cents=item.commission_back_cents,
    )
    item.commission_back_cents += commission
    net = cents - commission
    pending = 0
    earnings = session.scalars(
        select(EarningsTransaction)
        .where(EarningsTransaction.order_item_id == item.id, EarningsTransaction.status != "reversed")
        .order_by(EarningsTransaction.status != "pending", EarningsTransaction.id.desc())
        .with_for_update()
    ).all()
    left = net
    for earning in earnings:
        part = min(left, max(earning.net_cents - earning.reversed_cents, 0))
        if earning.status == "pending":
            pending += part
        earning.reversed_cents += part
        if earning.reversed_cents == earning.net_cents:
            earning.status = "reversed"
        left -= part
    available = net - pending
    account = ledger.practitioner(item.practitioner_id, "available")
    if available and not may_go_into_debt:
        balance = ledger.lock_balances(session, [account])[account]
        if balance < available:
            raise RefundExceedsPayment("The practitioner's balance does not cover this refund.")
    lines[ledger.practitioner(item.practitioner_id, "pending")] += pending
    lines[account] += available
    lines[ledger.COMMISSION] += commission


def _lock_pockets(session: Session, order: Order, items: list[OrderItem]) -> None:
    """Lock every account that a refund may touch, in one go."""
    kinds = ("escrow", "pending", "available")
    codes = {ledger.practitioner(item.practitioner_id, kind) for item in items for kind in kinds}
    ledger.lock_balances(session, [*codes, ledger.user_credits(order.user_id)])
