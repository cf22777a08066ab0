"""What the nightly comparison with Stripe and with ourselves found."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Timestamps


class ReconciliationRun(Timestamps, Base):
    """One comparison of one day."""

    __tablename__ = "reconciliation_runs"

    id: Mapped[Key]
    day: Mapped[date] = mapped_column(unique=True)
    checked: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)


class ReconciliationItem(Timestamps, Base):
    """One difference that somebody has to explain."""

    __tablename__ = "reconciliation_items"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        Index("ix_reconciliation_items_state", "state", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    subject: Mapped[str]
    stripe_id: Mapped[str | None]
    ours_cents: Mapped[int | None]
    theirs_cents: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="open")
    note: Mapped[str] = mapped_column(default="")
