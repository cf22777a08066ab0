"""The ledger: the only place that writes postings.

A posting sums to zero, happens once per `reference`, and is never changed; the database checks the sum at commit.
Accounts of users and practitioners are locked in the order of their ids, so that postings never deadlock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.payments.domain.errors import InsufficientCredits, InsufficientEarnings
from services.payments.models.ledger import KINDS_NOT_NEGATIVE
from shared.messaging import current

STRIPE = "platform:stripe"
MANUAL = "platform:manual"
DISPUTED = "platform:disputed"
STRIPE_FEES = "platform:stripe_fees"
PROMOTIONS = "platform:promotions"
LOSSES = "platform:losses"
COMMISSION = "platform:commission"
PLANS = "platform:plans"
PAYOUT_FEES = "platform:payout_fees"
REFUNDS_DUE = "platform:refunds_due"
TAX = "platform:tax"

_DEBIT = {"stripe", "manual", "disputed", "stripe_fees", "promotions", "losses"}


def user_credits(user_id: int) -> str:
    """Return the account of what a user can spend."""
    return f"user:{user_id}:credits"


def user_held(user_id: int) -> str:
    """Return the account of what is reserved for a user's unpaid orders."""
    return f"user:{user_id}:held"


def practitioner(practitioner_id: int, kind: str) -> str:
    """Return a practitioner's account: escrow, pending, available, in_payout or disputed."""
    return f"practitioner:{practitioner_id}:{kind}"


@dataclass(frozen=True, slots=True)
class Posting:
    """What `post` did. `balances` are those of the owned accounts touched, after it; empty when it was there before."""

    id: int | None
    is_new: bool
    balances: Mapping[str, int]


NOTHING = Posting(None, is_new=False, balances={})

_INSERT = text("""
    INSERT INTO ledger_transactions (kind, reference, order_id, booking_id, payout_id, description, actor)
    VALUES (:kind, :reference, :order_id, :booking_id, :payout_id, :description, :actor)
    ON CONFLICT (reference) DO NOTHING RETURNING id
""")
_EXISTING = text("SELECT id FROM ledger_transactions WHERE reference = :reference")
# People's accounts are locked in the order of their ids; the platform's are not, as nobody changes them.
_ACCOUNTS = text("""
    WITH owned AS (
        SELECT id, code, kind, normal, balance_cents FROM ledger_accounts
        WHERE code = ANY(:codes) AND owner_id IS NOT NULL ORDER BY id FOR NO KEY UPDATE
    )
    SELECT id, code, kind, normal, balance_cents, true AS is_owned FROM owned
    UNION ALL
    SELECT id, code, kind, normal, balance_cents, false FROM ledger_accounts
    WHERE code = ANY(:codes) AND owner_id IS NULL
""")
_OPEN = text("""
    INSERT INTO ledger_accounts (code, kind, owner_type, owner_id, normal, balance_cents)
    SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:kinds AS text[]), CAST(:owner_types AS text[]),
                         CAST(:owner_ids AS bigint[]), CAST(:normals AS text[]), CAST(:balances AS bigint[]))
    ON CONFLICT (code) DO NOTHING
""")
_MOVE = text("""
    UPDATE ledger_accounts a SET balance_cents = a.balance_cents + m.change, version = a.version + 1, updated_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:changes AS bigint[])) AS m(id, change) WHERE a.id = m.id
""")
_ENTRIES = text("""
    INSERT INTO ledger_entries (transaction_id, account_id, amount_cents)
    SELECT :transaction_id, * FROM unnest(CAST(:accounts AS bigint[]), CAST(:amounts AS bigint[]))
""")


def post(
    session: Session,
    kind: str,
    reference: str,
    lines: Mapping[str, int],
    *,
    order_id: int | None = None,
    booking_id: int | None = None,
    payout_id: int | None = None,
    description: str = "",
) -> Posting:
    """Post `lines` (account code → cents, debit positive) once; a known `reference` changes nothing.

    Lines of 0 are left out; if none remains nothing is posted. Raises InsufficientCredits, InsufficientEarnings when
    an account would fall below what it may; then nothing has been written.
    """
    lines = {code: cents for code, cents in lines.items() if cents}
    if not lines:
        return NOTHING
    assert sum(lines.values()) == 0, f"{reference} does not sum to zero: {lines}"
    session.flush()
    actor = current().actor
    links = {"order_id": order_id, "booking_id": booking_id, "payout_id": payout_id}
    transaction_id = session.scalar(
        _INSERT,
        {
            "kind": kind,
            "reference": reference,
            "description": description,
            "actor": f"{actor.role}:{actor.user_id}" if actor and actor.user_id else "system",
            **links,
        },
    )
    if transaction_id is None:
        return Posting(session.scalar(_EXISTING, {"reference": reference}), is_new=False, balances={})
    ids, locked = _locked(session, lines)
    changes, balances = _moved(locked, lines)
    if changes:
        session.execute(_MOVE, {"ids": list(changes), "changes": list(changes.values())})
    session.execute(
        _ENTRIES,
        {
            "transaction_id": transaction_id,
            "accounts": [ids[code] for code in lines],
            "amounts": list(lines.values()),
        },
    )
    return Posting(transaction_id, is_new=True, balances=balances)


def _moved(locked: list[Any], lines: Mapping[str, int]) -> tuple[dict[int, int], dict[str, int]]:
    """Return the change of each owned account by its id, and its balance afterwards by its code."""
    changes, balances = {}, {}
    for row in locked:
        change = lines[row.code] if row.normal == "debit" else -lines[row.code]
        after = row.balance_cents + change
        if after < 0 and change < 0 and row.kind in KINDS_NOT_NEGATIVE:
            raise InsufficientCredits if row.kind in {"credits", "held"} else InsufficientEarnings
        changes[row.id], balances[row.code] = change, after
    return changes, balances


def was_posted(session: Session, reference: str) -> bool:
    """Whether this posting has been made."""
    return session.scalar(_EXISTING, {"reference": reference}) is not None


def lock_balances(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Lock accounts of users and practitioners in id order until the commit, and return their balances.

    A transaction that posts more than once locks all it will touch first. Accounts are opened where missing.
    """
    _ids, locked = _locked(session, codes)
    return {row.code: row.balance_cents for row in locked}


def balances(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Return balances of accounts of users and practitioners without locking; 0 where there is no account."""
    wanted = list(codes)
    rows = session.execute(
        text("SELECT code, balance_cents FROM ledger_accounts WHERE code = ANY(:codes)"), {"codes": wanted}
    )
    found = {row.code: row.balance_cents or 0 for row in rows}
    return {code: found.get(code, 0) for code in wanted}


def _locked(session: Session, codes: Iterable[str]) -> tuple[dict[str, int], list[Any]]:
    """Return every account's id, and the owned ones locked."""
    wanted = sorted(codes)
    rows = session.execute(_ACCOUNTS, {"codes": wanted}).all()
    missing = [code for code in wanted if code not in {row.code for row in rows}]
    if missing:
        session.execute(_OPEN, _opened(missing))
        rows = session.execute(_ACCOUNTS, {"codes": wanted}).all()
    return {row.code: row.id for row in rows}, [row for row in rows if row.is_owned]


def _opened(codes: list[str]) -> dict[str, list[Any]]:
    """Return the columns of new accounts, which follow from their codes."""
    parts = [code.split(":") for code in codes]
    owned = [len(part) == 3 for part in parts]
    return {
        "codes": codes,
        "kinds": [part[-1] for part in parts],
        "owner_types": [part[0] if has else None for part, has in zip(parts, owned, strict=True)],
        "owner_ids": [int(part[1]) if has else None for part, has in zip(parts, owned, strict=True)],
        "normals": [
            "credit" if has or part[-1] not in _DEBIT else "debit" for part, has in zip(parts, owned, strict=True)
        ],
        "balances": [0 if has else None for has in owned],
    }
