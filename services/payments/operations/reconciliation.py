"""Comparing the ledger with itself and with Stripe; what differs becomes an item that somebody has to explain."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from prometheus_client import Gauge
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe
from services.payments.models import BalanceSnapshot, LedgerAccount, ReconciliationItem, ReconciliationRun
from shared.clock import utc_now
from shared.database import transaction
from shared.observability import logger

MISMATCH = Gauge("payments_ledger_mismatch", "Open differences that the last comparison found.", ["kind"])
# Payouts to the platform's own bank leave Stripe's balance and are no entry of this ledger.
NOT_OURS = frozenset({"payout", "payout_failure", "payout_cancel"})
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is one amount here and another there."""

    kind: str
    subject: str
    ours_cents: int
    theirs_cents: int
    note: str = ""


_CHECKS = {
    "unbalanced_transaction": (
        "SELECT transaction_id::text AS subject, sum(amount_cents)::bigint AS ours, 0::bigint AS theirs"
        " FROM ledger_entries GROUP BY transaction_id HAVING sum(amount_cents) <> 0"
    ),
    "account_balance": """
        SELECT a.code AS subject, a.balance_cents AS ours,
               (CASE a.normal WHEN 'debit' THEN 1 ELSE -1 END * coalesce(sum(e.amount_cents), 0))::bigint AS theirs
        FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id
        WHERE a.balance_cents IS NOT NULL GROUP BY a.id
        HAVING a.balance_cents <> CASE a.normal WHEN 'debit' THEN 1 ELSE -1 END * coalesce(sum(e.amount_cents), 0)
    """,
    "negative_balance": """
        SELECT code AS subject, balance_cents AS ours, 0::bigint AS theirs FROM ledger_accounts
        WHERE balance_cents < 0 AND kind IN ('credits', 'held', 'escrow', 'pending', 'in_payout', 'disputed')
    """,
    "order_refunds": """
        SELECT o.public_uuid::text AS subject, o.refunded_amount_cents AS ours,
               (coalesce((SELECT sum(r.amount_cents) FROM refunds r WHERE r.order_id = o.id AND NOT r.is_extra), 0)
                + coalesce((SELECT sum(d.amount_cents) FROM disputes d
                            WHERE d.order_id = o.id AND d.funds_state = 'lost'), 0))::bigint AS theirs
        FROM orders o WHERE o.refunded_amount_cents <>
            coalesce((SELECT sum(r.amount_cents) FROM refunds r WHERE r.order_id = o.id AND NOT r.is_extra), 0)
            + coalesce((SELECT sum(d.amount_cents) FROM disputes d
                        WHERE d.order_id = o.id AND d.funds_state = 'lost'), 0)
    """,
    "credits": """
        SELECT 'user:' || t.user_id AS subject, coalesce(b.cents, 0)::bigint AS ours, t.cents::bigint AS theirs
        FROM (SELECT user_id, sum(amount_cents) AS cents FROM credit_transactions GROUP BY user_id) t
        LEFT JOIN (SELECT owner_id, sum(balance_cents) AS cents FROM ledger_accounts
                   WHERE kind IN ('credits', 'held') GROUP BY owner_id) b ON b.owner_id = t.user_id
        WHERE coalesce(b.cents, 0) <> t.cents
    """,
}


def audit_ledger(session: Session) -> list[Difference]:
    """Compare the ledger with itself: sums, kept balances, refunds, credit histories."""
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    found = []
    for kind, query in _CHECKS.items():
        rows = session.execute(text(query))
        found += [
            Difference(kind=kind, subject=row.subject, ours_cents=row.ours, theirs_cents=row.theirs) for row in rows
        ]
    return found


def compare_day(session: Session, day: date, movements: list[dict[str, Any]]) -> list[Difference]:
    """Compare a UTC day's movements of Stripe's balance with our entries on `platform:stripe`."""
    since, until = _bounds(day)
    ours = session.scalar(
        text("""
            SELECT coalesce(sum(e.amount_cents), 0)::bigint FROM ledger_entries e
            JOIN ledger_accounts a ON a.id = e.account_id
            WHERE a.code = 'platform:stripe' AND e.created_at >= :since AND e.created_at < :until
        """),
        {"since": since, "until": until},
    )
    theirs = sum(int(one["net"]) for one in movements if one["type"] not in NOT_OURS)
    if ours == theirs:
        return []
    return [Difference(kind="stripe_day", subject=str(day), ours_cents=int(ours or 0), theirs_cents=theirs)]


def reconcile(stripe: Stripe, *, day: date) -> int:
    """Compare everything for a day, keep what differs as open items, and close those that no longer do."""
    movements = _movements(stripe, *_bounds(day))
    with transaction() as session:
        found = [*audit_ledger(session), *compare_day(session, day, movements)]
        _keep(session, found, day=day)
    for kind in (*_CHECKS, "stripe_day"):
        MISMATCH.labels(kind).set(sum(one.kind == kind for one in found))
    if found:
        log.error("ledger_mismatch", differences=len(found))
    return len(found)


def snapshot_balances(session: Session, *, day: date) -> int:
    """Write down the balances of platform accounts, so that later sums start from there."""
    accounts = session.scalars(select(LedgerAccount).where(LedgerAccount.owner_id.is_(None))).all()
    for account in accounts:
        row = session.execute(_SUM, {"account": account.id}).one()
        session.execute(
            insert(BalanceSnapshot)
            .values(account_id=account.id, day=day, entry_id=row.entry_id, balance_cents=row.balance_cents)
            .on_conflict_do_nothing(index_elements=["account_id", "day"])
        )
    return len(accounts)


_SUM = text("""
    WITH last AS (
        SELECT entry_id, balance_cents FROM balance_snapshots WHERE account_id = :account ORDER BY entry_id DESC LIMIT 1
    ), news AS (
        SELECT max(id) AS entry_id, coalesce(sum(amount_cents), 0) AS cents FROM ledger_entries
        WHERE account_id = :account AND id > coalesce((SELECT entry_id FROM last), 0)
    )
    SELECT coalesce(news.entry_id, (SELECT entry_id FROM last), 0) AS entry_id,
           (coalesce((SELECT balance_cents FROM last), 0) + news.cents)::bigint AS balance_cents
    FROM news
""")


def _bounds(day: date) -> tuple[datetime, datetime]:
    since = datetime.combine(day, time(0), tzinfo=UTC)
    return since, since + timedelta(days=1)


def _movements(stripe: Stripe, since: datetime, until: datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    window = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    while True:
        page = stripe.call("balance_transactions.list", None, {"created": window, "limit": 100, **after})
        found += page["data"]
        if not page.get("has_more"):
            return found
        after = {"starting_after": page["data"][-1]["id"]}


def _keep(session: Session, found: list[Difference], *, day: date) -> None:
    now = utc_now()
    for one in found:
        told = {"ours_cents": one.ours_cents, "theirs_cents": one.theirs_cents, "state": "open", "note": one.note}
        session.execute(
            insert(ReconciliationItem)
            .values(kind=one.kind, subject=one.subject, **told)
            .on_conflict_do_update(index_elements=["kind", "subject"], set_={**told, "updated_at": now})
        )
    still = {(one.kind, one.subject) for one in found}
    open_ = session.scalars(select(ReconciliationItem).where(ReconciliationItem.state == "open")).all()
    gone = [
        item.id
        for item in open_
        if (item.kind, item.subject) not in still and (item.kind != "stripe_day" or item.subject == str(day))
    ]
    session.execute(
        update(ReconciliationItem).where(ReconciliationItem.id.in_(gone)).values(state="resolved", updated_at=now)
    )
    checked = session.scalar(select(func.count()).select_from(LedgerAccount)) or 0
    run = insert(ReconciliationRun).values(day=day, checked=checked, found=len(found))
    session.execute(run.on_conflict_do_update(index_elements=["day"], set_={"checked": checked, "found": len(found)}))
