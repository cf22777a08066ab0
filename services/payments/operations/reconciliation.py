"""Comparing the ledger with itself and with Stripe; what differs becomes an item that somebody has to explain."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Stripe
from services.payments.models import LedgerAccount, ReconciliationItem, ReconciliationRun
from services.payments.operations.auditing import SETTLED_AFTER, prove_ledger
from services.payments.operations.findings import Difference, keep_findings, show_open
from shared.clock import utc_now
from shared.database import transaction
from shared.observability import logger

# Payouts to the platform's own bank leave Stripe's balance and are no entry of this ledger.
NOT_OURS = frozenset({"payout", "payout_failure", "payout_cancel"})
log = logger(__name__)


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
        of_day = compare_day(session, day, movements)
        looked_at = (ReconciliationItem.kind == "stripe_day") & (ReconciliationItem.subject == str(day))
        keep_findings(session, of_day, looked_at=looked_at)
        found = [*prove_ledger(session), *of_day]
        _note_run(session, day=day, found=len(found))
        show_open(session, ["stripe_day"])
    if found:
        log.error("ledger_mismatch", differences=len(found))
    return len(found)


def snapshot_balances(session: Session, *, day: date) -> int:
    """Write down the sum of every account that moved since its last snapshot, so that later sums start from there."""
    return len(session.execute(_SNAPSHOT, {"day": day, "settled": utc_now() - SETTLED_AFTER}).all())


_SNAPSHOT = text("""
    INSERT INTO balance_snapshots (account_id, day, entry_id, balance_cents)
    SELECT a.id, :day, settled.entry_id, coalesce(last.balance_cents, 0) + news.cents
    FROM ledger_accounts a
    LEFT JOIN LATERAL (SELECT entry_id, balance_cents FROM balance_snapshots
                       WHERE account_id = a.id ORDER BY entry_id DESC LIMIT 1) last ON true
    CROSS JOIN LATERAL (SELECT max(id) AS entry_id FROM ledger_entries
                        WHERE account_id = a.id AND id > coalesce(last.entry_id, 0) AND created_at < :settled) settled
    CROSS JOIN LATERAL (SELECT sum(amount_cents)::bigint AS cents FROM ledger_entries WHERE account_id = a.id
                        AND id > coalesce(last.entry_id, 0) AND id <= settled.entry_id) news
    WHERE settled.entry_id IS NOT NULL
    ON CONFLICT (account_id, day) DO NOTHING RETURNING id
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


def _note_run(session: Session, *, day: date, found: int) -> None:
    checked = session.scalar(select(func.count()).select_from(LedgerAccount)) or 0
    run = insert(ReconciliationRun).values(day=day, checked=checked, found=found)
    session.execute(run.on_conflict_do_update(index_elements=["day"], set_={"checked": checked, "found": found}))
