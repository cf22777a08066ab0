"""What practitioners earn: when something is delivered, held for a while, then free to be paid out."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.domain.amounts import fill, share
from services.payments.events import EarningsAvailable
from services.payments.models import (
    EarningsDaily,
    EarningsTransaction,
    ExternalFee,
    Order,
    OrderItem,
    PractitionerRef,
)
from services.payments.operations import ledger
from services.payments.operations.orders import items_of
from services.payments.settings import settings
from shared.ids import uuid7
from shared.messaging import record

RELEASED_AT_ONCE = 500


def earn(
    session: Session,
    order: Order,
    *,
    booking_id: int,
    service_id: int | None,
    cents: int,
    earned_from: datetime,
    transaction_type: str,
    description: str,
) -> list[EarningsTransaction]:
    """Earn `cents` of a paid order for a booking in all; what was earned for it before counts.

    Never more than still lies undelivered. The order is locked by the caller. Returns the new earnings.
    """
    if not order.is_paid:
        return []
    before = _earned_for(session, booking_id)
    items = _items_for(items_of(session, order), service_id)
    parts = fill(max(cents - before, 0), [item.undelivered_cents for item in items])
    made = []
    for item, gross in zip(items, parts, strict=True):
        if gross:
            made.append(
                _earn_item(
                    session,
                    order,
                    item,
                    gross=gross,
                    booking_id=booking_id,
                    earned_from=earned_from,
                    transaction_type=transaction_type,
                    description=description,
                )
            )
    return made


def release_due(session: Session, *, now: datetime) -> int:
    """Make up to 500 earnings whose time has come available. Emits EarningsAvailable per practitioner."""
    due = session.scalars(
        select(EarningsTransaction)
        .where(
            EarningsTransaction.status == "pending",
            EarningsTransaction.available_after <= now,
            EarningsTransaction.frozen_cents == 0,
        )
        .order_by(EarningsTransaction.practitioner_id, EarningsTransaction.id)
        .limit(RELEASED_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    by_practitioner: dict[int, list[EarningsTransaction]] = defaultdict(list)
    for earning in due:
        by_practitioner[earning.practitioner_id].append(earning)
    accounts = [ledger.practitioner(one, kind) for one in by_practitioner for kind in ("pending", "available")]
    if accounts:
        ledger.lock_balances(session, accounts)
    for practitioner_id, earnings in by_practitioner.items():
        _release(session, practitioner_id, earnings)
    return len(due)


def add_to_daily(session: Session, earning: EarningsTransaction) -> None:
    """Count an earning in the sums of its day."""
    statement = insert(EarningsDaily).values(
        practitioner_id=earning.practitioner_id,
        day=earning.created_at.astimezone(UTC).date(),
        service_type_code=earning.service_type_code,
        gross_cents=earning.gross_cents,
        commission_cents=earning.commission_cents,
        net_cents=earning.net_cents,
        count=1,
    )
    sums = {
        name: getattr(EarningsDaily, name) + statement.excluded[name]
        for name in ("gross_cents", "commission_cents", "net_cents", "count")
    }
    session.execute(
        statement.on_conflict_do_update(index_elements=["practitioner_id", "day", "service_type_code"], set_=sums)
    )


def fees_of(session: Session, *, gross: int, service_type: str) -> dict[str, int]:
    """Return the external fees that a practitioner bears of a gross amount, by name."""
    rows = session.scalars(
        select(ExternalFee).where(
            ExternalFee.is_active.is_(True),
            ExternalFee.borne_by_practitioner.is_(True),
            (ExternalFee.service_type_code.is_(None)) | (ExternalFee.service_type_code == service_type),
        )
    )
    return {
        fee.name: fee.fixed_cents if fee.fixed_cents is not None else share(gross, bps=fee.bps or 0) for fee in rows
    }


def _earn_item(
    session: Session,
    order: Order,
    item: OrderItem,
    *,
    gross: int,
    booking_id: int,
    earned_from: datetime,
    transaction_type: str,
    description: str,
) -> EarningsTransaction:
    bps = item.commission_bps or 0
    commission = share(gross, bps=bps)
    fees = _bearable(fees_of(session, gross=gross, service_type=item.service_type_code), gross - commission)
    earning = EarningsTransaction(
        practitioner_id=item.practitioner_id,
        source_key=_source_key(session, booking_id, item),
        order_id=order.id,
        order_item_id=item.id,
        booking_id=booking_id,
        service_id=item.service_id,
        service_type_code=item.service_type_code,
        client_id=order.user_id,
        gross_cents=gross,
        commission_bps=bps,
        commission_cents=commission,
        fees_cents=sum(fees.values()),
        net_cents=gross - commission - sum(fees.values()),
        available_after=earned_from + timedelta(hours=settings().earnings_hold_hours),
        transaction_type=_kind(item, transaction_type, gross),
        description=description,
        external_fees=fees or None,
    )
    session.add(earning)
    item.released_cents += gross
    item.sessions_done = min(item.sessions_done + 1, item.sessions_total)
    item.commission_taken_cents += commission
    session.flush()
    _post_earning(session, order, item, earning)
    add_to_daily(session, earning)
    return earning


def _post_earning(session: Session, order: Order, item: OrderItem, earning: EarningsTransaction) -> None:
    """Move a delivered part out of escrow: to its practitioner's pending money, and the commission to the platform."""
    if order.disputed:
        kinds = ("escrow", "pending", "disputed")
        ledger.lock_balances(session, [ledger.practitioner(item.practitioner_id, kind) for kind in kinds])
    ledger.post(
        session,
        "earning",
        f"earn:{earning.source_key}",
        {
            ledger.practitioner(item.practitioner_id, "escrow"): earning.gross_cents,
            ledger.practitioner(item.practitioner_id, "pending"): -earning.net_cents,
            ledger.COMMISSION: -(earning.commission_cents + earning.fees_cents),
        },
        order_id=order.id,
        booking_id=earning.booking_id,
        description=earning.description,
    )
    if order.disputed:
        _set_aside(session, order, earning)


def _set_aside(session: Session, order: Order, earning: EarningsTransaction) -> None:
    """Freeze what is earned while the order's payment is in dispute, as what was earned before is."""
    earning.frozen_cents = earning.net_cents
    session.flush()
    ledger.post(
        session,
        "dispute_freeze",
        f"earn:{earning.source_key}:freeze",
        {
            ledger.practitioner(earning.practitioner_id, "pending"): earning.net_cents,
            ledger.practitioner(earning.practitioner_id, "disputed"): -earning.net_cents,
        },
        order_id=order.id,
    )


def _release(session: Session, practitioner_id: int, earnings: list[EarningsTransaction]) -> None:
    total, count, balance = 0, 0, 0
    for earning in earnings:
        cents = earning.net_cents - earning.reversed_cents
        earning.status = "available" if cents else "reversed"
        posting = ledger.post(
            session,
            "earning_available",
            f"earn:{earning.id}:available",
            {
                ledger.practitioner(practitioner_id, "pending"): cents,
                ledger.practitioner(practitioner_id, "available"): -cents,
            },
            order_id=earning.order_id,
            booking_id=earning.booking_id,
        )
        if posting.is_new:
            total, count = total + cents, count + 1
            balance = posting.balances[ledger.practitioner(practitioner_id, "available")]
    if not count:
        return
    record(
        session,
        EarningsAvailable(
            practitioner_id=practitioner_id,
            user_id=user_of(session, practitioner_id),
            amount_cents=total,
            count=count,
            available_balance_cents=balance,
        ),
        about=("earnings", str(uuid7())),
    )


def user_of(session: Session, practitioner_id: int) -> int | None:
    """Return the user that a practitioner is."""
    return session.scalar(select(PractitionerRef.user_id).where(PractitionerRef.id == practitioner_id))


def _earned_for(session: Session, booking_id: int) -> int:
    """Return what was earned for a booking so far and not taken back by a correction."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(EarningsTransaction.gross_cents), 0)).where(
                EarningsTransaction.booking_id == booking_id
            )
        )
        or 0
    )


def _items_for(items: list[OrderItem], service_id: int | None) -> list[OrderItem]:
    """Return the items that a delivered session belongs to: of its service, else all, as the price was divided."""
    return [item for item in items if service_id is not None and item.service_id == service_id] or items


def _source_key(session: Session, booking_id: int, item: OrderItem) -> str:
    """Return the key of a new earning; a later difference of the same booking is counted on."""
    stem = f"booking:{booking_id}:{item.practitioner_id}"
    count = session.scalar(
        text("SELECT count(*) FROM earnings_transactions WHERE source_key = :stem OR source_key LIKE :more"),
        {"stem": stem, "more": f"{stem}:%"},
    )
    return stem if not count else f"{stem}:{count + 1}"


def _kind(item: OrderItem, transaction_type: str, gross: int) -> str:
    if transaction_type != "booking_completion" or item.sessions_total <= 1:
        return transaction_type
    return "package_final" if item.undelivered_cents <= gross else "package_partial"


def _bearable(fees: dict[str, int], most: int) -> dict[str, int]:
    """Cut fees so that an earning never falls below nothing."""
    result: dict[str, Any] = {}
    for name, cents in fees.items():
        result[name] = max(min(cents, most), 0)
        most -= result[name]
    return result
