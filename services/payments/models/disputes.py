"""Charges that a payer's bank takes back."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Money, Timestamps


class Dispute(Timestamps, Base):
    """One dispute. `is_frozen`: the order's unpaid earnings are set aside (`EarningsTransaction.frozen_cents`)."""

    __tablename__ = "disputes"

    id: Mapped[Key]
    stripe_dispute_id: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    practitioner_id: Mapped[int | None] = mapped_column(index=True)
    amount_cents: Mapped[Money]
    fee_cents: Mapped[Money] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    status: Mapped[str]
    funds_state: Mapped[str] = mapped_column(default="none")
    is_frozen: Mapped[bool] = mapped_column(default=False)
    evidence_due_by: Mapped[datetime | None]
