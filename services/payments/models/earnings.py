"""What practitioners earned, and what was paid out to them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Money, Timestamps, Versioned
from shared.ids import uuid7


class EarningsTransaction(Timestamps, Base):
    """A delivered part: net = gross − commission − fees. It can be paid out from `available_after` on."""

    __tablename__ = "earnings_transactions"
    __table_args__ = (
        CheckConstraint("net_cents = gross_cents - commission_cents - fees_cents", name="net"),
        CheckConstraint("paid_cents >= 0 AND reversed_cents >= 0", name="amounts"),
        Index("ix_earnings_transactions_practitioner", "practitioner_id", text("id DESC")),
        Index("ix_earnings_transactions_due", "available_after", postgresql_where=text("status = 'pending'")),
        Index("ix_earnings_transactions_booking_id", "booking_id"),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    practitioner_id: Mapped[int]
    source_key: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int | None]
    order_item_id: Mapped[int | None] = mapped_column(ForeignKey("order_items.id"))
    booking_id: Mapped[int | None]
    membership_id: Mapped[int | None]
    service_id: Mapped[int | None]
    service_type_code: Mapped[str] = mapped_column(default="")
    client_id: Mapped[int | None]
    gross_cents: Mapped[Money]
    commission_bps: Mapped[int]
    commission_cents: Mapped[Money]
    fees_cents: Mapped[Money] = mapped_column(default=0)
    net_cents: Mapped[Money]
    paid_cents: Mapped[Money] = mapped_column(default=0)
    reversed_cents: Mapped[Money] = mapped_column(default=0)
    frozen_cents: Mapped[Money] = mapped_column(default=0, server_default="0")
    currency: Mapped[str] = mapped_column(CHAR(3), default="USD")
    status: Mapped[str] = mapped_column(default="pending")
    available_after: Mapped[datetime]
    transaction_type: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    external_fees: Mapped[dict[str, Any] | None]

    @property
    def left_cents(self) -> int:
        """What of it was neither paid out nor taken back."""
        return self.net_cents - self.paid_cents - self.reversed_cents


class EarningsDaily(Base):
    """Sums per practitioner, UTC day and service type, kept in the transaction that earns."""

    __tablename__ = "earnings_daily"
    __table_args__ = (PrimaryKeyConstraint("practitioner_id", "day", "service_type_code"),)

    practitioner_id: Mapped[int]
    day: Mapped[date]
    service_type_code: Mapped[str]
    gross_cents: Mapped[Money]
    commission_cents: Mapped[Money]
    net_cents: Mapped[Money]
    count: Mapped[int]


class Payout(Versioned, Timestamps, Base):
    """Money on its way to a practitioner's bank. One at a time is open per practitioner."""

    aggregate_type = "payout"
    __tablename__ = "payouts"
    __table_args__ = (
        CheckConstraint("amount_cents > 0 AND fee_cents >= 0 AND fee_cents < amount_cents", name="amounts"),
        Index(
            "uq_payouts_open",
            "practitioner_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'processing')"),
        ),
        Index("ix_payouts_practitioner", "practitioner_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    practitioner_id: Mapped[int]
    amount_cents: Mapped[Money]
    fee_cents: Mapped[Money] = mapped_column(default=0)
    commission_cents: Mapped[Money] = mapped_column(default=0)
    reversed_cents: Mapped[Money] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="pending")
    batch_id: Mapped[UUID | None]
    stripe_account_id: Mapped[str | None]
    stripe_transfer_id: Mapped[str | None] = mapped_column(unique=True)
    attempt: Mapped[int] = mapped_column(default=1)
    returns: Mapped[int] = mapped_column(default=0)
    method: Mapped[str] = mapped_column(default="standard")
    payment_method: Mapped[str] = mapped_column(default="stripe")
    currency: Mapped[str] = mapped_column(CHAR(3), default="USD")
    notes: Mapped[str | None]
    failure_code: Mapped[str | None]
    error_message: Mapped[str | None]
    processed_by: Mapped[int | None]
    retry_at: Mapped[datetime | None]
    payout_date: Mapped[datetime | None]

    @property
    def reference_number(self) -> str:
        """The number that people quote."""
        return f"PO-{self.id:06d}"


class PayoutItem(Base):
    """How much of one earning a payout carries."""

    __tablename__ = "payout_items"
    __table_args__ = (UniqueConstraint("payout_id", "earnings_transaction_id"),)

    id: Mapped[Key]
    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"))
    earnings_transaction_id: Mapped[int] = mapped_column(ForeignKey("earnings_transactions.id"), index=True)
    amount_cents: Mapped[Money]


class PayoutBatch(Timestamps, Base):
    """One week's payouts. A batch without `finished_at` was begun, and goes on where it stopped."""

    __tablename__ = "payout_batches"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    monday: Mapped[date] = mapped_column(unique=True)
    payouts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
