"""The double-entry ledger, and what a user reads of it as credits. Only `operations.ledger` writes these tables."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Money, Timestamps

KINDS_NOT_NEGATIVE = ("credits", "held", "escrow", "pending", "in_payout", "disputed")


class LedgerAccount(Timestamps, Base):
    """Where money lies, such as `user:12:credits`, `practitioner:3:escrow` or `platform:stripe`.

    Accounts of users and practitioners carry `balance_cents` in their normal direction. Platform accounts carry none:
    a running balance would be one hot row for all sales; theirs is the last snapshot and the entries since.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        CheckConstraint("normal IN ('debit', 'credit')", name="normal"),
        CheckConstraint(
            "balance_cents >= 0 OR kind NOT IN ('credits', 'held', 'escrow', 'pending', 'in_payout', 'disputed')",
            name="not_negative",
        ),
        CheckConstraint("(balance_cents IS NULL) = (owner_id IS NULL)", name="platform_has_no_balance"),
        Index("ix_ledger_accounts_owner", "owner_type", "owner_id"),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    owner_type: Mapped[str | None]
    owner_id: Mapped[int | None]
    currency: Mapped[str] = mapped_column(CHAR(3), server_default="USD")
    normal: Mapped[str]
    balance_cents: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default="1")


class LedgerTransaction(Base):
    """One posting: at least two entries that sum to zero. Append-only; `reference` makes it happen once, for ever."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (Index("ix_ledger_transactions_order_id", "order_id"),)

    id: Mapped[Key]
    kind: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int | None]
    booking_id: Mapped[int | None]
    payout_id: Mapped[int | None]
    description: Mapped[str] = mapped_column(server_default="")
    actor: Mapped[str] = mapped_column(server_default="system")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerEntry(Base):
    """One line of a posting: debit positive, credit negative. Append-only."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("amount_cents <> 0", name="not_zero"),
        Index("ix_ledger_entries_account_id_id", "account_id", "id"),
        Index("ix_ledger_entries_transaction_id", "transaction_id"),
    )

    id: Mapped[Key]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    amount_cents: Mapped[Money]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BalanceSnapshot(Base):
    """The sum of an account's entries up to `entry_id`, so that no sum ever reads all of history."""

    __tablename__ = "balance_snapshots"
    __table_args__ = (UniqueConstraint("account_id", "day"),)

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    day: Mapped[date]
    entry_id: Mapped[int]
    balance_cents: Mapped[Money]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerAudit(Base):
    """One look at the ledger: all entries up to `entry_id` were settled, those of people summing to `total_cents`."""

    __tablename__ = "ledger_audits"

    id: Mapped[Key]
    entry_id: Mapped[int]
    total_cents: Mapped[Money]
    entries: Mapped[int]
    found: Mapped[int]
    created_at: Mapped[datetime]


class CreditTransaction(Timestamps, Base):
    """One line of a user's credit history; `balance_after_cents` counts what was held then as well."""

    __tablename__ = "credit_transactions"
    __table_args__ = (
        CheckConstraint("amount_cents <> 0", name="not_zero"),
        Index("ix_credit_transactions_user_id_id", "user_id", "id"),
    )

    id: Mapped[Key]
    user_id: Mapped[int]
    amount_cents: Mapped[Money]
    currency: Mapped[str] = mapped_column(CHAR(3), server_default="USD")
    transaction_type: Mapped[str]
    ledger_transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    balance_after_cents: Mapped[Money]
    service_id: Mapped[int | None]
    practitioner_id: Mapped[int | None]
    order_id: Mapped[int | None]
    booking_id: Mapped[int | None]
    reference_transaction_id: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    is_expired: Mapped[bool] = mapped_column(server_default="false")
    description: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any]] = mapped_column("metadata", server_default="{}")
