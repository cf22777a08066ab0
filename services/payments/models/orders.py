"""Orders, what they are for, how they were tried to be paid, and what was given back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Money, Timestamps, Versioned
from shared.ids import uuid7

STATUSES = ("pending", "processing", "completed", "failed", "refunded", "partially_refunded")
ORDER_TYPES = ("direct", "credit", "package", "subscription")
METHODS = ("stripe", "credits", "manual")
PAID = ("completed", "partially_refunded", "refunded")


class Order(Versioned, Timestamps, Base):
    """What somebody is to pay. Money is integer cents.

    total = subtotal + tax − credits applied, and is what the card is charged. `source_key` names what made the order
    (`booking:12`, `credits:7:key`), so that it is made once. `wanted` is how the payer asked to pay.
    """

    aggregate_type = "order"
    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("subtotal_amount_cents >= 0 AND tax_amount_cents >= 0", name="amounts"),
        CheckConstraint("credits_applied_cents >= 0 AND total_amount_cents >= 0", name="parts"),
        CheckConstraint(
            "total_amount_cents = subtotal_amount_cents + tax_amount_cents - credits_applied_cents", name="total"
        ),
        CheckConstraint(
            "refunded_amount_cents BETWEEN 0 AND subtotal_amount_cents + tax_amount_cents", name="refunded"
        ),
        Index("ix_orders_user", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_orders_practitioner", "practitioner_id", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_orders_unpaid",
            "status",
            "updated_at",
            postgresql_where=text("status IN ('pending', 'processing')"),
        ),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    source_key: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int]
    practitioner_id: Mapped[int | None]
    service_id: Mapped[int | None]
    booking_id: Mapped[int | None] = mapped_column(unique=True)
    membership_id: Mapped[int | None]
    subscription_id: Mapped[int | None]
    order_type: Mapped[str]
    payment_method: Mapped[str] = mapped_column(default="stripe")
    status: Mapped[str] = mapped_column(default="pending")
    description: Mapped[str] = mapped_column(default="")
    subtotal_amount_cents: Mapped[Money]
    tax_amount_cents: Mapped[Money] = mapped_column(default=0)
    credits_applied_cents: Mapped[Money] = mapped_column(default=0)
    total_amount_cents: Mapped[Money]
    refunded_amount_cents: Mapped[Money] = mapped_column(default=0)
    commission_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(CHAR(3), default="USD")
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_checkout_session_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_invoice_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_payment_method_id: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=0)
    checkout_url: Mapped[str | None]
    client_secret: Mapped[str | None]
    next_action_url: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    is_final: Mapped[bool] = mapped_column(default=False, server_default="false")
    expires_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    disputed: Mapped[bool] = mapped_column(default=False, server_default="false")
    wanted: Mapped[dict[str, Any]] = mapped_column(default=dict)
    details: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    tax_details: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def is_paid(self) -> bool:
        """Whether the money came, even if some or all went back since."""
        return self.status in PAID

    @property
    def paid_cents(self) -> int:
        """What the payer gave when paid: subtotal and tax."""
        return self.subtotal_amount_cents + self.tax_amount_cents

    @property
    def refundable_cents(self) -> int:
        """What of it is left."""
        return self.paid_cents - self.refunded_amount_cents


class OrderItem(Timestamps, Base):
    """One practitioner's part of an order, and how much of it was delivered and given back."""

    __tablename__ = "order_items"
    __table_args__ = (
        CheckConstraint("gross_cents >= 0 AND released_cents >= 0 AND refunded_undelivered_cents >= 0", name="amounts"),
        CheckConstraint("released_cents + refunded_undelivered_cents <= gross_cents", name="not_more_than_paid"),
        CheckConstraint("refunded_earned_cents BETWEEN 0 AND released_cents", name="refunded_earned"),
        CheckConstraint("sessions_total >= 1", name="sessions"),
        UniqueConstraint("order_id", "booking_id", "practitioner_id", "service_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    booking_id: Mapped[int | None]
    service_id: Mapped[int | None]
    practitioner_id: Mapped[int]
    service_type_code: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    gross_cents: Mapped[Money]
    commission_bps: Mapped[int | None]
    sessions_total: Mapped[int] = mapped_column(default=1)
    sessions_done: Mapped[int] = mapped_column(default=0)
    released_cents: Mapped[Money] = mapped_column(default=0)
    refunded_undelivered_cents: Mapped[Money] = mapped_column(default=0)
    refunded_earned_cents: Mapped[Money] = mapped_column(default=0)
    commission_taken_cents: Mapped[Money] = mapped_column(default=0)
    commission_back_cents: Mapped[Money] = mapped_column(default=0)

    @property
    def undelivered_cents(self) -> int:
        """What still lies in escrow."""
        return self.gross_cents - self.released_cents - self.refunded_undelivered_cents

    @property
    def earned_cents(self) -> int:
        """What was delivered and not given back."""
        return self.released_cents - self.refunded_earned_cents


class PaymentAttempt(Timestamps, Base):
    """One try to be paid. Its number is part of Stripe's idempotency key: one number, one charge."""

    __tablename__ = "payment_attempts"
    __table_args__ = (UniqueConstraint("order_id", "number"), Index("ix_payment_attempts_stripe_id", "stripe_id"))

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="started")
    amount_cents: Mapped[Money]
    credits_cents: Mapped[Money] = mapped_column(default=0)
    stripe_id: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]


class Refund(Versioned, Timestamps, Base):
    """Money on its way back. `source_key` names what asked for it, so that it is made once.

    `is_extra`: gives back a late or second payment, which never counted as the order's.
    """

    aggregate_type = "refund"
    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_cents > 0 AND amount_cents = to_card_cents + to_credits_cents", name="parts"),
        CheckConstraint("to_card_cents >= 0 AND to_credits_cents >= 0", name="amounts"),
        Index("ix_refunds_order_id", "order_id"),
        Index("ix_refunds_booking_id", "booking_id"),
    )

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(unique=True, default=uuid7)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    booking_id: Mapped[int | None]
    source_key: Mapped[str] = mapped_column(unique=True)
    amount_cents: Mapped[Money]
    to_card_cents: Mapped[Money]
    to_credits_cents: Mapped[Money]
    status: Mapped[str] = mapped_column(default="pending")
    is_extra: Mapped[bool] = mapped_column(default=False, server_default="false")
    stripe_refund_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_payment_intent_id: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    failure_reason: Mapped[str | None]
    created_by: Mapped[int | None]
