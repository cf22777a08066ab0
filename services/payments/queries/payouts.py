"""Reading payouts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, text

from services.payments.domain.calendar import next_payout_date
from services.payments.models import EarningsTransaction, Payout, PayoutItem, ServiceRef, UserRef
from services.payments.queries.earnings import display
from shared.clock import utc_now
from shared.listing import Filter, Listing, Page

_COUNT = (
    select(func.count())
    .select_from(PayoutItem)
    .where(PayoutItem.payout_id == Payout.id)
    .correlate(Payout)
    .scalar_subquery()
)
PAYOUTS = select(
    Payout.id,
    Payout.public_uuid,
    Payout.practitioner_id.label("practitioner"),
    Payout.payout_date,
    Payout.amount_cents.label("credits_payout_cents"),
    Payout.commission_cents.label("commission_collected_cents"),
    Payout.stripe_account_id,
    Payout.stripe_transfer_id,
    Payout.status,
    Payout.batch_id,
    Payout.currency,
    Payout.processed_by,
    Payout.notes,
    Payout.payment_method,
    Payout.error_message,
    Payout.failure_code,
    Payout.fee_cents.label("transaction_fee_cents"),
    _COUNT.label("transaction_count"),
    Payout.version,
    Payout.created_at,
    Payout.updated_at,
)


def listing(read: dict[str, Any]) -> Listing:
    """Return the list of payouts."""
    return Listing(
        columns=PAYOUTS,
        key=Payout.id,
        filters={
            "status": Filter(read["status"], lambda v: Payout.status == v),
            "payment_method": Filter(read["payment_method"], lambda v: Payout.payment_method == v),
            "batch_id": Filter(read["batch_id"], lambda v: Payout.batch_id == v, by_value=True),
            "practitioner": Filter(read["practitioner"], lambda v: Payout.practitioner_id == v),
            "date_from": Filter(read["date_from"], lambda v: Payout.created_at >= v),
            "date_to": Filter(read["date_to"], lambda v: Payout.created_at < v),
            "start_date": Filter(read["date_from"], lambda v: Payout.created_at >= v),
            "end_date": Filter(read["date_to"], lambda v: Payout.created_at < v),
        },
        orderings={
            "created_at": Payout.created_at,
            "credits_payout_cents": Payout.amount_cents,
            "payout_date": Payout.payout_date,
        },
        nullable=frozenset({"payout_date"}),
        default_ordering="-created_at",
    )


def payout_page(
    connection: Connection, payouts: Listing, query: dict[str, Any], *, practitioner_id: int | None
) -> Page:
    """Return a page of a practitioner's payouts; of everybody's for None (staff)."""
    page = payouts.page(
        connection,
        query,
        where=[] if practitioner_id is None else [Payout.practitioner_id == bindparam("owner")],
        variant="all" if practitioner_id is None else "own",
        parameters={} if practitioner_id is None else {"owner": practitioner_id},
    )
    for row in page.rows:
        shown(row)
    return page


def one(connection: Connection, reference: str, *, practitioner_id: int | None) -> dict[str, Any] | None:
    """Return a payout by id or uuid, if it is the practitioner's; None for the practitioner means staff."""
    row = connection.execute(PAYOUTS.where(_named(reference))).mappings().one_or_none()
    if row is None or practitioner_id not in (None, row["practitioner"]):
        return None
    return shown(dict(row))


def items_of(connection: Connection, payout_id: int) -> list[dict[str, Any]]:
    """Return which earnings a payout carries."""
    rows = connection.execute(
        select(
            EarningsTransaction.id.label("earnings_transaction"),
            EarningsTransaction.booking_id.label("booking"),
            func.coalesce(ServiceRef.name, EarningsTransaction.description).label("service_name"),
            func.coalesce(UserRef.name, "").label("client_name"),
            EarningsTransaction.created_at.label("date"),
            EarningsTransaction.gross_cents.label("gross_amount_cents"),
            EarningsTransaction.commission_cents.label("commission_amount_cents"),
            PayoutItem.amount_cents,
            PayoutItem.amount_cents.label("amount"),
        )
        .join(EarningsTransaction, EarningsTransaction.id == PayoutItem.earnings_transaction_id)
        .join(ServiceRef, ServiceRef.id == EarningsTransaction.service_id, isouter=True)
        .join(UserRef, UserRef.id == EarningsTransaction.client_id, isouter=True)
        .where(PayoutItem.payout_id == payout_id)
        .order_by(PayoutItem.id)
    ).mappings()
    return [dict(row) for row in rows]


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from a payout's cents."""
    row["credits_payout"] = row["credits_payout_cents"]
    row["cash_payout_cents"] = row["cash_payout"] = 0
    row["net_amount_cents"] = row["net_amount"] = row["credits_payout_cents"] - row["transaction_fee_cents"]
    row["reference_number"] = f"PO-{row['id']:06d}"
    row["completed_at"] = row["payout_date"] if row["status"] == "completed" else None
    return row


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a payout as the practitioners' older pages have it: integer cents with shown twins."""
    return {
        "id": row["id"],
        "reference_number": row["reference_number"],
        **display("amount", row["credits_payout_cents"]),
        **display("fee", row["transaction_fee_cents"]),
        "platform_fee": row["transaction_fee_cents"],
        **display("net_amount", row["net_amount_cents"]),
        "status": row["status"],
        "payment_method": row["payment_method"],
        "created_at": row["created_at"],
        "completed_at": row["completed_at"],
        "stripe_transfer_id": row["stripe_transfer_id"],
        "failure_reason": row["error_message"],
    }


_SUMMARY = text("""
    SELECT status, count(*) AS count, coalesce(sum(amount_cents), 0)::bigint AS cents,
           coalesce(sum(fee_cents), 0)::bigint AS fees
    FROM payouts WHERE (CAST(:owner AS bigint) IS NULL OR practitioner_id = :owner)
      AND created_at >= :since AND created_at < :until GROUP BY status
""")
_NEXT = text("""
    SELECT coalesce(sum(greatest(balance_cents, 0)), 0)::bigint FROM ledger_accounts
    WHERE kind = 'available' AND (CAST(:owner AS bigint) IS NULL OR owner_id = :owner)
""")


def summary(connection: Connection, *, practitioner_id: int | None, since: datetime, until: datetime) -> dict[str, Any]:
    """Return counts and sums of payouts, and what the next batch would carry."""
    rows = connection.execute(_SUMMARY, {"owner": practitioner_id, "since": since, "until": until}).all()
    paid = [row for row in rows if row.status == "completed"]
    return {
        "count_by_status": {row.status: row.count for row in rows},
        "paid_cents": sum(row.cents for row in paid),
        "fees_cents": sum(row.fees for row in paid),
        "next_payout_date": next_payout_date(utc_now()),
        "next_payout_estimate_cents": connection.scalar(_NEXT, {"owner": practitioner_id}) or 0,
    }


def _named(reference: str) -> Any:
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        return Payout.id == int(reference)
    try:
        return Payout.public_uuid == UUID(reference)
    except ValueError:
        return Payout.id == -1
