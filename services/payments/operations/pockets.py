"""Out of which pockets a refund comes: what was not delivered first, then what was earned, with its commission.

The order's row is locked by whoever calls anything here.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import commission_back, fill, proportion
from services.payments.domain.errors import RefundExceedsPayment
from services.payments.models import EarningsTransaction, Order, OrderItem
from services.payments.operations import ledger
from services.payments.operations.orders import items_of


def draw(
    session: Session, order: Order, cents: int, *, may_go_into_debt: bool, is_gone: bool = False
) -> defaultdict[str, int]:
    """Take `cents` out of a paid order's pockets, and return the debits to post.

    The order's `refunded_amount_cents` counts them already. `is_gone`: the money has left, so what is not there any
    more is the platform's loss. Raises RefundExceedsPayment where credits are spent, or a practitioner would owe and
    must not.
    """
    lines: defaultdict[str, int] = defaultdict(int)
    if order.order_type == "credit":
        account = ledger.user_credits(order.user_id)
        there = min(ledger.lock_balances(session, [account])[account], cents)
        if there < cents and not is_gone:
            raise RefundExceedsPayment("Only credits that are still there can be refunded.")
        lines[account] += there
        lines[ledger.LOSSES] += cents - there
        return lines
    items = items_of(session, order)
    lock_pockets(session, order, items)
    if not items:
        _draw_invoice(session, order, cents, lines, may_go_into_debt=may_go_into_debt)
        return lines
    left = cents
    for item, part in zip(items, fill(cents, [item.undelivered_cents for item in items]), strict=True):
        item.refunded_undelivered_cents += part
        lines[ledger.practitioner(item.practitioner_id, "escrow")] += part
        left -= part
    for item, part in zip(items, fill(left, [item.earned_cents for item in items]), strict=True):
        _draw_earned(session, item, part, lines, may_go_into_debt=may_go_into_debt)
    return lines


def lock_pockets(session: Session, order: Order, items: Sequence[OrderItem]) -> None:
    """Lock every account that a refund or a dispute may touch, in one go."""
    kinds = ("escrow", "pending", "available", *(("disputed",) if order.disputed else ()))
    people = {item.practitioner_id for item in items}
    if not items and order.membership_id is not None and order.practitioner_id is not None:
        people.add(order.practitioner_id)
    codes = {ledger.practitioner(person, kind) for person in people for kind in kinds}
    ledger.lock_balances(session, [*codes, ledger.user_credits(order.user_id)])


def _draw_invoice(
    session: Session, order: Order, cents: int, lines: defaultdict[str, int], *, may_go_into_debt: bool
) -> None:
    """Take back what a paid invoice brought: a plan's is the platform's, a membership's was earned at once."""
    earning = session.scalar(
        select(EarningsTransaction).where(EarningsTransaction.order_id == order.id).with_for_update()
    )
    if earning is None:
        lines[ledger.PLANS] += cents
        return
    before = order.refunded_amount_cents - cents
    commission = commission_back(
        refund_cents=cents,
        refunded_cents=order.refunded_amount_cents,
        delivered_cents=earning.gross_cents,
        commission_cents=earning.commission_cents,
        already_cents=proportion(earning.commission_cents, part=before, whole=earning.gross_cents),
    )
    lines[ledger.COMMISSION] += commission
    _take_net(session, [earning], cents - commission, lines, may_go_into_debt=may_go_into_debt)


def _draw_earned(
    session: Session, item: OrderItem, cents: int, lines: defaultdict[str, int], *, may_go_into_debt: bool
) -> None:
    """Take back what was delivered: the commission's share from the platform, the rest from the practitioner."""
    if not cents:
        return
    item.refunded_earned_cents += cents
    commission = commission_back(
        refund_cents=cents,
        refunded_cents=item.refunded_earned_cents,
        delivered_cents=item.released_cents,
        commission_cents=item.commission_taken_cents,
        already_cents=item.commission_back_cents,
    )
    item.commission_back_cents += commission
    earnings = session.scalars(
        select(EarningsTransaction)
        .where(EarningsTransaction.order_item_id == item.id)
        .order_by(EarningsTransaction.status != "pending", EarningsTransaction.id.desc())
        .with_for_update()
    ).all()
    lines[ledger.COMMISSION] += commission
    _take_net(session, earnings, cents - commission, lines, may_go_into_debt=may_go_into_debt)


def _take_net(
    session: Session,
    earnings: Sequence[EarningsTransaction],
    net: int,
    lines: defaultdict[str, int],
    *,
    may_go_into_debt: bool,
) -> None:
    """Take back of one practitioner's earnings: of what is pending first, then of what is available, or as a debt."""
    pending, left = 0, net
    for earning in earnings:
        part = min(left, max(earning.net_cents - earning.reversed_cents, 0))
        if earning.status == "pending":
            pending += part
        earning.reversed_cents += part
        if earning.reversed_cents == earning.net_cents:
            earning.status = "reversed"
        left -= part
    owner = earnings[0].practitioner_id
    available, account = net - pending, ledger.practitioner(owner, "available")
    if available and not may_go_into_debt:
        balance = ledger.lock_balances(session, [account])[account]
        if balance < available:
            raise RefundExceedsPayment("The practitioner's balance does not cover this refund.")
    lines[ledger.practitioner(owner, "pending")] += pending
    lines[account] += available
