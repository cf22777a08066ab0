"""Reading credits."""

from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from services.payments.models import CreditTransaction
from shared.clock import utc_now
from shared.identity import Identity
from shared.listing import Filter, Listing, Page

_BALANCE = text("""
    SELECT credits.id, credits.balance_cents, credits.created_at, credits.updated_at,
           coalesce(held.balance_cents, 0) AS held_cents,
           (SELECT max(id) FROM credit_transactions WHERE user_id = :user_id) AS last_transaction
    FROM ledger_accounts credits LEFT JOIN ledger_accounts held ON held.code = :held
    WHERE credits.code = :credits
""")


def balance_of(connection: Connection, user_id: int) -> dict[str, Any]:
    """Return what a user can spend, and what is reserved."""
    row = (
        connection.execute(
            _BALANCE, {"user_id": user_id, "credits": f"user:{user_id}:credits", "held": f"user:{user_id}:held"}
        )
        .mappings()
        .one_or_none()
    )
    now = utc_now()
    found = (
        dict(row)
        if row
        else {
            "id": user_id,
            "balance_cents": 0,
            "held_cents": 0,
            "last_transaction": None,
            "created_at": now,
            "updated_at": now,
        }
    )
    return {
        **found,
        "user": user_id,
        "balance": found["balance_cents"],
        "held": found["held_cents"],
        "currency": "USD",
    }


LINES = select(
    CreditTransaction.id,
    CreditTransaction.user_id.label("user"),
    CreditTransaction.amount_cents,
    CreditTransaction.transaction_type,
    CreditTransaction.service_id.label("service"),
    CreditTransaction.practitioner_id.label("practitioner"),
    CreditTransaction.order_id.label("order"),
    CreditTransaction.booking_id.label("booking"),
    CreditTransaction.reference_transaction_id.label("reference_transaction"),
    CreditTransaction.currency,
    CreditTransaction.expires_at,
    CreditTransaction.is_expired,
    CreditTransaction.description,
    CreditTransaction.details.label("metadata"),
    CreditTransaction.balance_after_cents,
    CreditTransaction.created_at,
    CreditTransaction.updated_at,
)


def listing(read: dict[str, Any]) -> Listing:
    """Return the list of credit transactions."""
    return Listing(
        columns=LINES,
        key=CreditTransaction.id,
        filters={
            "date_from": Filter(read["date_from"], lambda v: CreditTransaction.created_at >= v),
            "date_to": Filter(read["date_to"], lambda v: CreditTransaction.created_at < v),
            "type": Filter(read["type"], lambda v: CreditTransaction.transaction_type == v),
        },
        orderings={
            "created_at": CreditTransaction.created_at,
            "amount_cents": CreditTransaction.amount_cents,
        },
        default_ordering="-created_at",
    )


def line_page(connection: Connection, lines: Listing, query: dict[str, Any], *, by: Identity) -> Page:
    """Return a page of the caller's own history."""
    page = lines.page(
        connection,
        query,
        where=[CreditTransaction.user_id == bindparam("me")],
        variant="own",
        parameters={"me": by.user_id},
    )
    for row in page.rows:
        shown(row)
    return page


def line(connection: Connection, line_id: int) -> dict[str, Any]:
    """Return one line."""
    return shown(dict(connection.execute(LINES.where(CreditTransaction.id == line_id)).mappings().one()))


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from a line's amount."""
    row["amount"] = row["amount_cents"]
    row["exchange_rate"] = None
    row["is_credit"], row["is_debit"] = row["amount_cents"] > 0, row["amount_cents"] < 0
    return row
