"""What we tell Stripe, and what Stripe tells us."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared.database import Key, Timestamps


class StripeOperation(Timestamps, Base):
    """The intent log: one write at Stripe, committed before the call is made.

    `idempotency_key` and `params` never change, so a repetition is the same call. `due_at` is when somebody who finds
    the row `started` may take it up: the caller's lease, then growing waits.
    """

    __tablename__ = "stripe_operations"
    __table_args__ = (
        Index("ix_stripe_operations_due", "due_at", postgresql_where=text("status = 'started'")),
        Index("ix_stripe_operations_subject", "subject"),
    )

    id: Mapped[Key]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    call: Mapped[str]
    target: Mapped[str | None]
    params: Mapped[dict[str, Any]]
    params_hash: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="started")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    stripe_id: Mapped[str | None]
    error: Mapped[dict[str, Any] | None]
    called_at: Mapped[datetime | None]


class StripeEvent(Timestamps, Base):
    """A webhook's event, kept by its id so that it is worked on once."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        Index("ix_stripe_events_due", "next_try_at", postgresql_where=text("status = 'received'")),
        Index("ix_stripe_events_created_at", "created_at"),
    )

    stripe_event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    account: Mapped[str | None]
    object_id: Mapped[str]
    stripe_created: Mapped[datetime]
    livemode: Mapped[bool]
    payload: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="received")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    note: Mapped[str | None]
