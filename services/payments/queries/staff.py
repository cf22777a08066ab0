"""What staff read of the ledger, disputes and comparisons."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, case, cast, func, literal_column, select

from services.payments.models import (
    Dispute,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    ReconciliationItem,
)
from shared.listing import Filter, Listing, Page

# A platform account keeps no balance: the last snapshot and the entries since are it.
_SUM: ColumnElement[Any] = literal_column("""
    (CASE ledger_accounts.normal WHEN 'debit' THEN 1 ELSE -1 END * (
        coalesce((SELECT s.balance_cents FROM balance_snapshots s WHERE s.account_id = ledger_accounts.id
                  ORDER BY s.entry_id DESC LIMIT 1), 0)
        + coalesce((SELECT sum(e.amount_cents) FROM ledger_entries e WHERE e.account_id = ledger_accounts.id
                    AND e.id > coalesce((SELECT max(s.entry_id) FROM balance_snapshots s
                                         WHERE s.account_id = ledger_accounts.id), 0)), 0)))
""")
_BALANCE = case((LedgerAccount.balance_cents.is_not(None), LedgerAccount.balance_cents), else_=cast(_SUM, BigInteger))


def account_listing(read: dict[str, Any]) -> Listing:
    """Return the list of accounts."""
    return Listing(
        columns=select(
            LedgerAccount.id,
            LedgerAccount.code,
            LedgerAccount.kind,
            LedgerAccount.owner_type,
            LedgerAccount.owner_id,
            LedgerAccount.currency,
            _BALANCE.label("balance_cents"),
        ),
        key=LedgerAccount.id,
        filters={
            "kind": Filter(read["kind"], lambda v: LedgerAccount.kind == v),
            "owner": Filter(read["owner"], lambda v: func.starts_with(LedgerAccount.code, v + ":")),
        },
        orderings={"code": LedgerAccount.code},
        default_ordering="code",
    )


def entry_listing(read: dict[str, Any]) -> Listing:
    """Return the list of entries."""
    return Listing(
        columns=select(
            LedgerEntry.id,
            LedgerEntry.transaction_id.label("transaction"),
            LedgerAccount.code.label("account"),
            LedgerEntry.amount_cents,
            LedgerTransaction.kind,
            LedgerTransaction.order_id.label("order"),
            LedgerTransaction.reference,
            LedgerEntry.created_at,
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id),
        key=LedgerEntry.id,
        filters={
            "date_from": Filter(read["date_from"], lambda v: LedgerEntry.created_at >= v),
            "date_to": Filter(read["date_to"], lambda v: LedgerEntry.created_at < v),
            "account": Filter(read["account"], lambda v: LedgerEntry.account_id == v),
            "order": Filter(read["order"], lambda v: LedgerTransaction.order_id == v),
            "transaction": Filter(read["transaction"], lambda v: LedgerEntry.transaction_id == v),
        },
        orderings={"created_at": LedgerEntry.created_at},
        default_ordering="-created_at",
    )


def dispute_listing(read: dict[str, Any]) -> Listing:
    """Return the list of disputes."""
    return Listing(
        columns=select(
            Dispute.id,
            Dispute.order_id.label("order"),
            Dispute.practitioner_id.label("practitioner"),
            Dispute.stripe_dispute_id,
            Dispute.amount_cents,
            Dispute.amount_cents.label("amount"),
            Dispute.reason,
            Dispute.status,
            Dispute.evidence_due_by,
            Dispute.created_at,
        ),
        key=Dispute.id,
        filters={
            "status": Filter(read["status"], lambda v: Dispute.status == v),
            "practitioner": Filter(read["practitioner"], lambda v: Dispute.practitioner_id == v),
        },
        orderings={"created_at": Dispute.created_at},
        default_ordering="-created_at",
    )


def dispute_page(
    connection: Connection, disputes: Listing, query: dict[str, Any], *, practitioner_id: int | None
) -> Page:
    """Return a page of a practitioner's disputes; of everybody's for None (staff)."""
    return disputes.page(
        connection,
        query,
        where=[] if practitioner_id is None else [Dispute.practitioner_id == bindparam("owner")],
        variant="all" if practitioner_id is None else "own",
        parameters={} if practitioner_id is None else {"owner": practitioner_id},
    )


def item_listing(read: dict[str, Any]) -> Listing:
    """Return the list of differences."""
    item = ReconciliationItem
    return Listing(
        columns=select(
            item.id,
            item.kind,
            func.coalesce(item.stripe_id, item.subject).label("stripe_id"),
            item.ours_cents,
            item.theirs_cents,
            item.state,
            item.note,
            item.created_at,
        ),
        key=item.id,
        filters={"state": Filter(read["state"], lambda v: item.state == v)},
        orderings={"created_at": item.created_at},
        default_ordering="-created_at",
    )
