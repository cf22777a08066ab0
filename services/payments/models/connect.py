"""Practitioners' accounts at Stripe Connect."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Timestamps, Versioned


class ConnectAccount(Versioned, Timestamps, Base):
    """Where a practitioner is paid. A disconnected one stays as history; the next has another `generation`."""

    aggregate_type = "connect_account"
    __tablename__ = "connect_accounts"
    __table_args__ = (
        Index("uq_connect_accounts_active", "practitioner_id", unique=True, postgresql_where=text("is_active")),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    user_id: Mapped[int]
    stripe_account_id: Mapped[str] = mapped_column(unique=True)
    generation: Mapped[int] = mapped_column(default=1)
    is_active: Mapped[bool] = mapped_column(default=True)
    country: Mapped[str]
    details_submitted: Mapped[bool] = mapped_column(default=False)
    charges_enabled: Mapped[bool] = mapped_column(default=False)
    payouts_enabled: Mapped[bool] = mapped_column(default=False)
    transfers_status: Mapped[str] = mapped_column(default="inactive")
    requirements: Mapped[dict[str, Any]] = mapped_column(default=dict)
    deauthorized_at: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]

    @property
    def can_receive(self) -> bool:
        """Whether a transfer to it would be taken and paid on to the bank."""
        return self.is_active and self.payouts_enabled and self.transfers_status == "active"
