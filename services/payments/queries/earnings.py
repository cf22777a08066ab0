"""Reading earnings: balances, lists, sums over time."""

from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text

from services.payments.domain.calendar import next_payout_date
from services.payments.models import EarningsTransaction, PayoutItem, ServiceRef, UserRef
from services.payments.queries.orders import percent
from services.payments.settings import settings
from shared.clock import utc_now
from shared.listing import Filter, Listing, Page

_BALANCE = text("""
    SELECT min(a.id) AS id, min(a.created_at) AS created_at, max(a.updated_at) AS updated_at,
           coalesce(sum(a.balance_cents) FILTER (WHERE a.kind = 'pending'), 0)::bigint AS pending,
           coalesce(sum(a.balance_cents) FILTER (WHERE a.kind = 'available'), 0)::bigint AS available,
           coalesce(sum(a.balance_cents) FILTER (WHERE a.kind = 'in_payout'), 0)::bigint AS in_payout,
           coalesce(sum(a.balance_cents) FILTER (WHERE a.kind = 'escrow'), 0)::bigint AS escrow,
           coalesce(sum(a.balance_cents) FILTER (WHERE a.kind = 'disputed'), 0)::bigint AS disputed,
           (SELECT coalesce(sum(net_cents - reversed_cents), 0)::bigint FROM earnings_transactions
            WHERE practitioner_id = :id) AS lifetime_earnings,
           (SELECT coalesce(sum(amount_cents), 0)::bigint FROM payouts
            WHERE practitioner_id = :id AND status = 'completed') AS lifetime_payouts,
           (SELECT max(payout_date) FROM payouts WHERE practitioner_id = :id AND status = 'completed') AS last_payout,
           EXISTS (SELECT FROM payouts WHERE practitioner_id = :id AND status IN ('pending', 'processing')) AS has_open,
           EXISTS (SELECT FROM connect_accounts WHERE practitioner_id = :id AND is_active AND payouts_enabled
                   AND transfers_status = 'active') AS can_receive,
           EXISTS (SELECT FROM practitioner_ref WHERE id = :id AND status = 'suspended') AS is_frozen
    FROM ledger_accounts a WHERE a.owner_type = 'practitioner' AND a.owner_id = :id
""")


def balance_of(connection: Connection, practitioner_id: int) -> dict[str, Any]:
    """Return all that a practitioner has, in one query."""
    row = connection.execute(_BALANCE, {"id": practitioner_id}).one()
    now, minimum = utc_now(), settings().payout_minimum_cents
    amounts = {
        "pending_balance": row.pending,
        "available_balance": row.available,
        "lifetime_earnings": row.lifetime_earnings,
        "lifetime_payouts": row.lifetime_payouts,
    }
    return {
        "id": row.id or practitioner_id,
        "practitioner": practitioner_id,
        **amounts,
        **{f"{name}_cents": cents for name, cents in amounts.items()},
        "in_payout_balance_cents": row.in_payout,
        "escrow_balance_cents": row.escrow,
        "disputed_balance_cents": row.disputed,
        "total_balance": row.pending + row.available,
        "last_payout_date": row.last_payout,
        "next_payout_date": next_payout_date(now),
        "minimum_payout_cents": minimum,
        "can_request_payout": (row.available >= minimum and row.can_receive and not row.is_frozen and not row.has_open),
        "created_at": row.created_at or now,
        "updated_at": row.updated_at or now,
    }


_PAYOUT = (
    select(func.max(PayoutItem.payout_id))
    .where(PayoutItem.earnings_transaction_id == EarningsTransaction.id)
    .correlate(EarningsTransaction)
    .scalar_subquery()
)
EARNINGS = (
    select(
        EarningsTransaction.id,
        EarningsTransaction.public_uuid,
        EarningsTransaction.practitioner_id.label("practitioner"),
        EarningsTransaction.booking_id.label("booking"),
        EarningsTransaction.order_id.label("order"),
        EarningsTransaction.membership_id.label("membership"),
        EarningsTransaction.service_id.label("service"),
        func.coalesce(ServiceRef.name, EarningsTransaction.description).label("service_name"),
        func.coalesce(UserRef.name, "").label("client_name"),
        EarningsTransaction.client_id,
        EarningsTransaction.service_type_code,
        EarningsTransaction.gross_cents.label("gross_amount_cents"),
        EarningsTransaction.commission_bps,
        EarningsTransaction.commission_cents.label("commission_amount_cents"),
        EarningsTransaction.net_cents.label("net_amount_cents"),
        EarningsTransaction.paid_cents.label("paid_amount_cents"),
        EarningsTransaction.status,
        EarningsTransaction.available_after,
        _PAYOUT.label("payout"),
        EarningsTransaction.currency,
        EarningsTransaction.description,
        EarningsTransaction.transaction_type,
        EarningsTransaction.external_fees,
        EarningsTransaction.created_at,
        EarningsTransaction.updated_at,
    )
    .join(ServiceRef, ServiceRef.id == EarningsTransaction.service_id, isouter=True)
    .join(UserRef, UserRef.id == EarningsTransaction.client_id, isouter=True)
)


def listing(read: dict[str, Any]) -> Listing:
    """Return the list of earnings."""
    model = EarningsTransaction
    return Listing(
        columns=EARNINGS,
        key=model.id,
        filters={
            "date_from": Filter(read["date_from"], lambda v: model.created_at >= v),
            "date_to": Filter(read["date_to"], lambda v: model.created_at < v),
            "status": Filter(read["status"], lambda v: model.status == v),
            "transaction_type": Filter(read["transaction_type"], lambda v: model.transaction_type == v),
            "service": Filter(read["service"], lambda v: model.service_id == v),
            "service_type": Filter(read["service_type"], lambda v: model.service_type_code == v),
            "client": Filter(read["client"], lambda v: model.client_id == v),
            "payout": Filter(
                read["payout"],
                lambda v: model.id.in_(select(PayoutItem.earnings_transaction_id).where(PayoutItem.payout_id == v)),
            ),
            "practitioner": Filter(read["practitioner"], lambda v: model.practitioner_id == v),
        },
        orderings={
            "created_at": model.created_at,
            "net_amount_cents": model.net_cents,
            "available_after": model.available_after,
        },
        default_ordering="-created_at",
    )


def earnings_page(
    connection: Connection, earnings: Listing, query: dict[str, Any], *, practitioner_id: int | None
) -> Page:
    """Return a page of a practitioner's earnings; of everybody's for None (staff)."""
    where = [] if practitioner_id is None else [EarningsTransaction.practitioner_id == bindparam("owner")]
    page = earnings.page(
        connection,
        query,
        where=where,
        variant="all" if practitioner_id is None else "own",
        parameters={} if practitioner_id is None else {"owner": practitioner_id},
    )
    for row in page.rows:
        shown(row)
    return page


def one(connection: Connection, earning_id: int, *, practitioner_id: int | None) -> dict[str, Any] | None:
    """Return one earning, if it is the practitioner's; None for the practitioner means staff."""
    row = connection.execute(EARNINGS.where(EarningsTransaction.id == earning_id)).mappings().one_or_none()
    if row is None or practitioner_id not in (None, row["practitioner"]):
        return None
    return shown(dict(row))


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from an earning's cents."""
    for name in ("gross_amount", "commission_amount", "net_amount"):
        row[name] = row[f"{name}_cents"]
    row["commission_rate"] = percent(row["commission_bps"])
    row["metadata"] = None
    return row


def export_rows(
    connection: Connection, *, practitioner_id: int, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Return all earnings of a range, oldest first."""
    rows = connection.execute(
        EARNINGS.where(
            EarningsTransaction.practitioner_id == practitioner_id,
            EarningsTransaction.created_at >= since,
            EarningsTransaction.created_at < until,
        ).order_by(EarningsTransaction.id)
    ).mappings()
    return [shown(dict(row)) for row in rows]


_SUMS = """
    SELECT {columns}, sum(gross_cents)::bigint AS gross, sum(commission_cents)::bigint AS commission,
           sum(net_cents)::bigint AS net, sum(count)::bigint AS count
    FROM earnings_daily WHERE practitioner_id = :id AND day >= :since AND day < :until GROUP BY 1 ORDER BY 1
"""
_BY_TYPE = text(_SUMS.format(columns="service_type_code AS name"))
_BY_PERIOD = {
    unit: text(_SUMS.format(columns=f"date_trunc('{unit}', day::timestamp) AS name"))
    for unit in ("day", "week", "month", "year")
}


def summary(
    connection: Connection, practitioner_id: int, *, since: datetime, until: datetime, unit: str
) -> dict[str, Any]:
    """Return a practitioner's sums over a range of days, by kind and by period; cents with shown twins."""
    asked = {"id": practitioner_id, "since": since.date(), "until": until.date()}
    by_type = connection.execute(_BY_TYPE, asked).all()
    by_period = connection.execute(_BY_PERIOD[unit], asked).all()
    available = connection.scalar(
        text("SELECT balance_cents FROM ledger_accounts WHERE code = :code"),
        {"code": f"practitioner:{practitioner_id}:available"},
    )
    return {
        "totals": {
            **display("gross_amount", sum(row.gross for row in by_type)),
            **display("commission_amount", sum(row.commission for row in by_type)),
            **display("net_amount", sum(row.net for row in by_type)),
            "total_bookings": sum(row.count for row in by_type),
        },
        **display("available_balance", available or 0),
        "by_service_type": [
            {"service_type": row.name, **display("amount", row.net), "count": row.count} for row in by_type
        ],
        "time_series": [
            {
                "period": datetime.combine(row.name.date(), time(0), tzinfo=UTC),
                **display("gross_amount", row.gross),
                **display("commission_amount", row.commission),
                **display("net_amount", row.net),
                "booking_count": row.count,
            }
            for row in by_period
        ],
    }


def display(name: str, cents: int) -> dict[str, Any]:
    """Return an amount in cents with its shown twin, such as `$1,234.56`."""
    sign = "-" if cents < 0 else ""
    return {name: cents, f"{name}_display": f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"}
