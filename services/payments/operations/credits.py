"""Account credits: what a user reads of the ledger, transfers, and what staff give or take."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.payments.domain.errors import InsufficientCredits, TransferLimitExceeded
from services.payments.events import CreditsChanged
from services.payments.models import CreditTransaction, UserRef
from services.payments.operations import ledger
from shared.audit import audit
from shared.errors import Invalid, NotFound, RateLimited
from shared.identity import Identity
from shared.messaging import Subject, record

_TOLD = text("""
    WITH told AS (
        UPDATE ledger_accounts SET version = version + 1 WHERE code = :credits RETURNING version, balance_cents
    )
    SELECT version, balance_cents,
           coalesce((SELECT balance_cents FROM ledger_accounts WHERE code = :held), 0) AS held_cents
    FROM told
""")


@dataclass(frozen=True, kw_only=True)
class Links:
    """What a line of credit history belongs to."""

    service_id: int | None = None
    practitioner_id: int | None = None
    order_id: int | None = None
    booking_id: int | None = None
    reference_transaction_id: int | None = None
    expires_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)


def note_credits(
    session: Session,
    posting: ledger.Posting,
    *,
    user_id: int,
    cents: int,
    transaction_type: str,
    description: str,
    links: Links | None = None,
) -> CreditTransaction:
    """Write a line of a user's credit history for a posting just made. Emits CreditsChanged."""
    links = links or Links()
    account = session.execute(_TOLD, {"credits": ledger.user_credits(user_id), "held": ledger.user_held(user_id)}).one()
    line = CreditTransaction(
        user_id=user_id,
        amount_cents=cents,
        transaction_type=transaction_type,
        ledger_transaction_id=posting.id,
        balance_after_cents=account.balance_cents + account.held_cents,
        description=description,
        **vars(links),
    )
    session.add(line)
    session.flush()
    record(
        session,
        CreditsChanged(
            user_id=user_id,
            balance_cents=account.balance_cents,
            held_cents=account.held_cents,
            change_cents=cents,
            transaction_type=transaction_type,
            transaction_id=line.id,
        ),
        about=Subject(type="credits", id=str(user_id), sequence=account.version),
    )
    return line


def transfer_credits(
    session: Session,
    *,
    by: Identity,
    recipient_email: str,
    cents: int,
    description: str,
    key: str,
    now: datetime,
    daily_cents: int,
    hourly: int,
) -> CreditTransaction:
    """Give credits to another user; both histories name the other by id only.

    Raises Invalid on `recipient_email`, InsufficientCredits, TransferLimitExceeded, RateLimited. Emits CreditsChanged
    twice.
    """
    recipient = _recipient(session, recipient_email, sender_id=by.user_id)
    source, target = ledger.user_credits(by.user_id), ledger.user_credits(recipient.id)
    ledger.lock_balances(session, [source, target])
    _hold_limits(session, user_id=by.user_id, cents=cents, now=now, daily_cents=daily_cents, hourly=hourly)
    posting = ledger.post(session, "transfer", f"transfer:{key}", {source: cents, target: -cents})
    if not posting.is_new:
        return _line_of(session, posting, user_id=by.user_id)
    sent = note_credits(
        session,
        posting,
        user_id=by.user_id,
        cents=-cents,
        transaction_type="transfer",
        description=description or "Credits sent",
        links=Links(details={"recipient_id": recipient.id}),
    )
    note_credits(
        session,
        posting,
        user_id=recipient.id,
        cents=cents,
        transaction_type="transfer",
        description=description or "Credits received",
        links=Links(reference_transaction_id=sent.id, details={"sender_id": by.user_id}),
    )
    audit(
        session,
        "credits.transferred",
        by=by,
        subject=("user", recipient.id),
        details={"amount_cents": cents, "transaction": sent.id},
    )
    return sent


def _recipient(session: Session, email: str, *, sender_id: int) -> UserRef:
    recipient = session.scalars(
        select(UserRef).where(
            func.lower(UserRef.email) == email.lower(),
            UserRef.deleted_at.is_(None),
            UserRef.is_active.is_(True),
        )
    ).first()
    if recipient is None:
        raise Invalid.field("recipient_email", "Nobody with this address can receive credits.")
    if recipient.id == sender_id:
        raise Invalid.field("recipient_email", "You can not transfer credits to yourself.")
    return recipient


def adjust_credits(
    session: Session,
    *,
    by: Identity,
    user_id: int,
    cents: int,
    transaction_type: str,
    reason: str,
    expires_at: datetime | None,
    key: str,
) -> CreditTransaction:
    """Let staff give credits, or take them away (`cents` negative).

    Raises NotFound for an unknown user, InsufficientCredits. Emits CreditsChanged.
    """
    known = session.scalar(select(UserRef.id).where(UserRef.id == user_id, UserRef.deleted_at.is_(None)))
    if known is None:
        raise NotFound("There is no such user.")
    line = grant_credits(
        session,
        user_id=user_id,
        cents=cents,
        transaction_type=transaction_type,
        description=reason,
        key=key,
        expires_at=expires_at,
    )
    audit(
        session,
        "credits.adjusted",
        by=by,
        subject=("user", user_id),
        details={"amount_cents": cents, "reason": reason, "transaction": line.id},
    )
    return line


def grant_credits(
    session: Session,
    *,
    user_id: int,
    cents: int,
    transaction_type: str,
    description: str,
    key: str,
    expires_at: datetime | None = None,
) -> CreditTransaction:
    """Give credits at the platform's cost, or take some away, once per `key`. Raises InsufficientCredits."""
    account = ledger.user_credits(user_id)
    posting = ledger.post(
        session, "adjust", f"adjust:{key}", {ledger.PROMOTIONS: cents, account: -cents}, description=description
    )
    if not posting.is_new:
        return _line_of(session, posting, user_id=user_id)
    return note_credits(
        session,
        posting,
        user_id=user_id,
        cents=cents,
        transaction_type=transaction_type,
        description=description,
        links=Links(expires_at=expires_at),
    )


def _hold_limits(session: Session, *, user_id: int, cents: int, now: datetime, daily_cents: int, hourly: int) -> None:
    """Refuse more than a day's sum or an hour's count. The sender's account is locked, so this can not race."""
    sent = session.execute(
        select(
            func.coalesce(func.sum(-CreditTransaction.amount_cents), 0).label("cents"),
            func.count().filter(CreditTransaction.created_at > now - timedelta(hours=1)).label("last_hour"),
        ).where(
            CreditTransaction.user_id == user_id,
            CreditTransaction.transaction_type == "transfer",
            CreditTransaction.amount_cents < 0,
            CreditTransaction.created_at > now - timedelta(days=1),
        )
    ).one()
    if sent.last_hour >= hourly:
        raise RateLimited(retry_after=3600)
    balance = ledger.balances(session, [ledger.user_credits(user_id)])[ledger.user_credits(user_id)]
    if balance < cents:
        raise InsufficientCredits
    if sent.cents + cents > daily_cents:
        raise TransferLimitExceeded


def _line_of(session: Session, posting: ledger.Posting, *, user_id: int) -> CreditTransaction:
    return session.scalars(
        select(CreditTransaction).where(
            CreditTransaction.ledger_transaction_id == posting.id, CreditTransaction.user_id == user_id
        )
    ).one()
