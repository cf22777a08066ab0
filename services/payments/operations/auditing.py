"""Proving that the ledger is whole: every minute as far as it moved, each night and on demand all of it.

A breach stops payouts, from that moment until a whole audit finds nothing any more.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from services.payments.models import LedgerAudit, ReconciliationItem
from services.payments.operations.findings import Difference, keep_findings, show_open
from shared.observability import logger

SETTLED_AFTER = timedelta(minutes=5)
"""No posting takes this long, so entries this old have none before them that is still to be seen."""
AUDITS_KEPT = timedelta(days=30)
log = logger(__name__)

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
    # A bank may take back more than is left of a payment; what exceeds it is the platform's loss, not the order's.
    "order_refunds": """
        SELECT o.public_uuid::text AS subject, o.refunded_amount_cents AS ours, told.cents::bigint AS theirs
        FROM orders o CROSS JOIN LATERAL (
            SELECT given.cents + least(taken.cents,
                                       greatest(o.subtotal_amount_cents + o.tax_amount_cents - given.cents, 0)) AS cents
            FROM (SELECT coalesce(sum(r.amount_cents), 0) AS cents FROM refunds r
                  WHERE r.order_id = o.id AND NOT r.is_extra) AS given,
                 (SELECT coalesce(sum(d.amount_cents), 0) AS cents FROM disputes d
                  WHERE d.order_id = o.id AND d.funds_state = 'lost') AS taken
        ) AS told
        WHERE o.refunded_amount_cents <> told.cents
    """,
    "credits": """
        SELECT 'user:' || t.user_id AS subject, coalesce(b.cents, 0)::bigint AS ours, t.cents::bigint AS theirs
        FROM (SELECT user_id, sum(amount_cents) AS cents FROM credit_transactions GROUP BY user_id) t
        LEFT JOIN (SELECT owner_id, sum(balance_cents) AS cents FROM ledger_accounts
                   WHERE kind IN ('credits', 'held') GROUP BY owner_id) b ON b.owner_id = t.user_id
        WHERE coalesce(b.cents, 0) <> t.cents
    """,
}
KINDS = tuple(_CHECKS)
BREACHES = ("unbalanced_transaction", "account_balance", "negative_balance")
"""What means that the books themselves are wrong, so that no money may leave by them."""

_RECENT = {
    "unbalanced_transaction": """
        SELECT transaction_id::text AS subject, sum(amount_cents)::bigint AS ours, 0::bigint AS theirs
        FROM ledger_entries WHERE transaction_id IN (SELECT transaction_id FROM ledger_entries WHERE id > :since)
        GROUP BY transaction_id HAVING sum(amount_cents) <> 0
    """,
    "account_balance": """
        SELECT subject, ours, theirs FROM (
            SELECT a.code AS subject, a.balance_cents AS ours,
                   (CASE a.normal WHEN 'debit' THEN 1 ELSE -1 END
                    * (coalesce(s.balance_cents, 0) + e.cents))::bigint AS theirs
            FROM ledger_accounts a
            LEFT JOIN LATERAL (SELECT entry_id, balance_cents FROM balance_snapshots
                               WHERE account_id = a.id ORDER BY entry_id DESC LIMIT 1) s ON true
            CROSS JOIN LATERAL (SELECT coalesce(sum(amount_cents), 0) AS cents FROM ledger_entries
                                WHERE account_id = a.id AND id > coalesce(s.entry_id, 0)) e
            WHERE a.balance_cents IS NOT NULL
              AND a.id IN (SELECT account_id FROM ledger_entries WHERE id > :since)
        ) touched WHERE ours <> theirs
    """,
}
# One statement, hence one look at one moment: what the accounts of people hold in all, and what their entries say.
_TOTALS = text("""
    WITH news AS (
        SELECT e.id, e.amount_cents, e.created_at < :settled AS is_settled, a.owner_id IS NOT NULL AS is_owned
        FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id WHERE e.id > :since
    )
    SELECT (SELECT coalesce(sum(CASE normal WHEN 'debit' THEN balance_cents ELSE -balance_cents END), 0)
            FROM ledger_accounts WHERE balance_cents IS NOT NULL)::bigint AS kept_cents,
           count(*) AS entries,
           coalesce(sum(amount_cents) FILTER (WHERE is_owned), 0)::bigint AS new_cents,
           coalesce(max(id) FILTER (WHERE is_settled), :since) AS settled_id,
           coalesce(sum(amount_cents) FILTER (
               WHERE is_owned AND id <= (SELECT max(id) FROM news WHERE is_settled)), 0)::bigint AS settled_cents
    FROM news
""")


def audit_ledger(session: Session) -> list[Difference]:
    """Compare all of the ledger with itself: sums, kept balances, refunds, credit histories."""
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    return _found(session, _CHECKS, {})


def prove_ledger(session: Session) -> list[Difference]:
    """Audit all of the ledger, keep what differs, and close what no longer does: payouts may go on then."""
    found = audit_ledger(session)
    keep_findings(session, found, looked_at=ReconciliationItem.kind.in_(KINDS))
    return found


def watch_ledger(session: Session, *, now: datetime) -> list[Difference]:
    """Audit what was posted since the last look, and that the balances of all accounts still add up to their entries.

    Costs what was posted lately, not the length of history. A sum that is off has the whole ledger audited at once,
    which names the account.
    """
    last = session.execute(
        select(LedgerAudit.entry_id, LedgerAudit.total_cents).order_by(LedgerAudit.id.desc()).limit(1)
    ).one_or_none()
    since, before = (last.entry_id, last.total_cents) if last is not None else (0, 0)
    totals = session.execute(_TOTALS, {"since": since, "settled": now - SETTLED_AFTER}).one()
    if totals.kept_cents != before + totals.new_cents:
        found = audit_ledger(session)
    else:
        found = _found(session, _RECENT, {"since": since})
    session.execute(
        insert(LedgerAudit).values(
            entry_id=totals.settled_id,
            total_cents=before + totals.settled_cents,
            entries=totals.entries,
            found=len(found),
            created_at=now,
        )
    )
    session.execute(delete(LedgerAudit).where(LedgerAudit.created_at < now - AUDITS_KEPT))
    keep_findings(session, found, looked_at=None)
    show_open(session, KINDS)
    if found:
        log.error("ledger_mismatch", differences=len(found), subjects=[one.subject for one in found[:10]])
    return found


def is_sound(session: Session) -> bool:
    """Whether no breach of the books is open."""
    breach = select(ReconciliationItem.id).where(
        ReconciliationItem.state == "open", ReconciliationItem.kind.in_(BREACHES)
    )
    return session.scalar(breach.limit(1)) is None


def _found(session: Session, checks: dict[str, str], parameters: dict[str, int]) -> list[Difference]:
    return [
        Difference(kind=kind, subject=row.subject, ours_cents=row.ours, theirs_cents=row.theirs)
        for kind, query in checks.items()
        for row in session.execute(text(query), parameters)
    ]
