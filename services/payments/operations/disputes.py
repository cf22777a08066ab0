"""Charges that a payer's bank takes back: frozen while undecided, given back or borne when decided."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.models import Dispute, EarningsTransaction, Order
from services.payments.operations import ledger
from services.payments.operations.orders import items_of, locked_order
from services.payments.operations.owing import pay_owed, settle_owed
from services.payments.operations.pockets import draw, lock_pockets
from services.payments.operations.refunds import note_taken_credits

DECIDED = ("won", "lost", "warning_closed")


def sync_dispute(session: Session, told: Mapping[str, Any]) -> bool:
    """Take in a dispute's state at Stripe; False if its payment is not known here."""
    order_id = session.scalar(select(Order.id).where(Order.stripe_payment_intent_id == told.get("payment_intent")))
    if order_id is None:
        return False
    order = locked_order(session, order_id)
    dispute = session.scalar(select(Dispute).where(Dispute.stripe_dispute_id == told["id"]).with_for_update())
    if dispute is None:
        dispute = Dispute(
            stripe_dispute_id=told["id"],
            order_id=order.id,
            practitioner_id=order.practitioner_id,
            amount_cents=int(told["amount"]),
            status=told["status"],
        )
        session.add(dispute)
        session.flush()
    was_decided = dispute.funds_state in ("reinstated", "lost")
    if was_decided and told["status"] not in DECIDED:
        return True
    dispute.status, dispute.reason = told["status"], told.get("reason") or ""
    due = (told.get("evidence_details") or {}).get("due_by")
    dispute.evidence_due_by = datetime.fromtimestamp(due, tz=UTC) if due else None
    if was_decided:
        return True
    if told["status"] not in DECIDED and not dispute.is_frozen:
        order.disputed = True
        _freeze(session, order, dispute)
    _withdraw(session, order, dispute, told)
    if told["status"] in ("won", "warning_closed"):
        _win(session, order, dispute)
    elif told["status"] == "lost":
        _lose(session, order, dispute)
    session.flush()
    return True


def _unpaid(session: Session, order: Order) -> list[EarningsTransaction]:
    return list(
        session.scalars(
            select(EarningsTransaction)
            .where(
                EarningsTransaction.order_id == order.id,
                EarningsTransaction.status.in_(("pending", "available")),
            )
            .order_by(EarningsTransaction.id)
            .with_for_update()
        )
    )


def _freeze(session: Session, order: Order, dispute: Dispute) -> None:
    """Set what was not paid out of the order's earnings aside."""
    earnings = _unpaid(session, order)
    lines: defaultdict[str, int] = defaultdict(int)
    _lock(session, earnings)
    for earning in earnings:
        kind = "pending" if earning.status == "pending" else "available"
        account = ledger.practitioner(earning.practitioner_id, kind)
        cents = earning.left_cents
        if kind == "available":
            cents = min(cents, max(ledger.balances(session, [account])[account] - lines[account], 0))
        earning.frozen_cents = cents
        lines[account] += cents
        lines[ledger.practitioner(earning.practitioner_id, "disputed")] -= cents
    dispute.is_frozen = True
    session.flush()
    ledger.post(session, "dispute_freeze", f"dispute:{dispute.stripe_dispute_id}:freeze", lines, order_id=order.id)


def _free(session: Session, order: Order, dispute: Dispute) -> None:
    """Let go what was set aside."""
    if not dispute.is_frozen:
        return
    earnings = _unpaid(session, order)
    lines: defaultdict[str, int] = defaultdict(int)
    _lock(session, earnings)
    for earning in earnings:
        if earning.frozen_cents:
            kind = "pending" if earning.status == "pending" else "available"
            lines[ledger.practitioner(earning.practitioner_id, kind)] -= earning.frozen_cents
            lines[ledger.practitioner(earning.practitioner_id, "disputed")] += earning.frozen_cents
        earning.frozen_cents = 0
    dispute.is_frozen, order.disputed = False, False
    session.flush()
    ledger.post(session, "dispute_free", f"dispute:{dispute.stripe_dispute_id}:free", lines, order_id=order.id)


def _withdraw(session: Session, order: Order, dispute: Dispute, told: Mapping[str, Any]) -> None:
    """Post that Stripe took the amount and its fee from our balance."""
    movements = told.get("balance_transactions") or []
    if dispute.funds_state != "none" or not movements:
        return
    dispute.fee_cents = sum(int(one.get("fee") or 0) for one in movements if int(one.get("amount") or 0) < 0)
    dispute.funds_state = "withdrawn"
    ledger.post(
        session,
        "dispute_out",
        f"dispute:{dispute.stripe_dispute_id}:out",
        {
            ledger.DISPUTED: dispute.amount_cents,
            ledger.LOSSES: dispute.fee_cents,
            ledger.STRIPE: -(dispute.amount_cents + dispute.fee_cents),
        },
        order_id=order.id,
    )


def _win(session: Session, order: Order, dispute: Dispute) -> None:
    lock_pockets(session, order, items_of(session, order))
    _free(session, order, dispute)
    if dispute.funds_state == "withdrawn":
        ledger.post(
            session,
            "dispute_back",
            f"dispute:{dispute.stripe_dispute_id}:back",
            {ledger.STRIPE: dispute.amount_cents, ledger.DISPUTED: -dispute.amount_cents},
            order_id=order.id,
        )
    dispute.funds_state = "reinstated"
    order.disputed = False
    pay_owed(session, order)


def _lose(session: Session, order: Order, dispute: Dispute) -> None:
    """The money is gone as with a refund: the practitioner bears the net, the platform its commission and the fee."""
    lock_pockets(session, order, items_of(session, order))
    _free(session, order, dispute)
    cents = min(dispute.amount_cents, order.refundable_cents)
    order.refunded_amount_cents += cents
    order.status = "refunded" if order.refundable_cents == 0 else "partially_refunded"
    lines = draw(session, order, cents, may_go_into_debt=True, is_gone=True)
    lines[ledger.LOSSES] += dispute.amount_cents - cents
    lines[ledger.DISPUTED] -= dispute.amount_cents
    order.disputed, dispute.funds_state = False, "lost"
    session.flush()
    posting = ledger.post(
        session, "dispute_lost", f"dispute:{dispute.stripe_dispute_id}:lost", lines, order_id=order.id
    )
    note_taken_credits(session, order, posting, lines, description="Disputed")
    key = f"booking.disputed:{dispute.stripe_dispute_id}"
    settle_owed(session, order, taken_cents=dispute.amount_cents, source_key=key)


def _lock(session: Session, earnings: list[EarningsTransaction]) -> None:
    """Lock every account that a dispute moves, in one go."""
    kinds = ("pending", "available", "disputed")
    codes = {ledger.practitioner(one.practitioner_id, kind) for one in earnings for kind in kinds}
    if codes:
        ledger.lock_balances(session, codes)
