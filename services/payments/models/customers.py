"""Payers at Stripe, and their stored cards. A card's number never comes near this service."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Timestamps, Versioned


class Customer(Timestamps, Base):
    """Who a user is at Stripe."""

    __tablename__ = "customers"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(unique=True)
    stripe_customer_id: Mapped[str] = mapped_column(unique=True)


class PaymentMethod(Versioned, Timestamps, Base):
    """A stored card. A user has one default at most, and each card once among the active ones."""

    aggregate_type = "payment_method"
    __tablename__ = "payment_methods"
    __table_args__ = (
        Index("uq_payment_methods_default", "user_id", unique=True, postgresql_where=text("is_default AND is_active")),
        Index(
            "uq_payment_methods_fingerprint",
            "user_id",
            "fingerprint",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        Index("ix_payment_methods_user", "user_id", "is_active"),
        Index("ix_payment_methods_expiry", "exp_year", "exp_month", postgresql_where=text("is_active")),
    )

    id: Mapped[Key]
    user_id: Mapped[int]
    stripe_payment_method_id: Mapped[str] = mapped_column(unique=True)
    fingerprint: Mapped[str]
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    expiry_told_at: Mapped[datetime | None]
