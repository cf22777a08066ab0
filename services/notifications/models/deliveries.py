"""What goes out of the house: e-mails under way, and addresses that are not written to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, PrimaryKeyConstraint, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base
from shared.clock import utc_now

DELIVERY_STATUSES = ("queued", "held", "sending", "sent", "failed", "suppressed", "skipped")


class Delivery(Base):
    """One e-mail to one person. Partitioned by month.

    `address` is only set where an event brought it (a new address, somebody who is gone); it and `context` are blanked
    once nothing is left to do; `recipient` is who got it, masked. The secret half of a link is formed when the mail
    is written, never stored. While `status` is sending, `not_before` is the end of the lease of whoever sends it; while
    it is held, `reason` says for what (quiet, digest) and `not_before` when to look again.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        PrimaryKeyConstraint("id", "created_at"),
        CheckConstraint(f"status IN {DELIVERY_STATUSES}", name="status_known"),
        Index("ix_deliveries_open", "not_before", postgresql_where=text("status IN ('queued', 'held', 'sending')")),
        Index("ix_deliveries_held", "user_id", "created_at", postgresql_where=text("status = 'held'")),
        Index("ix_deliveries_related", "related", postgresql_where=text("status IN ('queued', 'held')")),
        Index("ix_deliveries_user", "user_id", text("created_at DESC")),
        Index("ix_deliveries_newest", text("created_at DESC"), text("id DESC")),
        Index("ix_deliveries_event", "event_id"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[UUID]
    user_id: Mapped[int]
    notification_id: Mapped[int | None]
    kind: Mapped[str]
    channel: Mapped[str] = mapped_column(default="email")
    status: Mapped[str] = mapped_column(default="queued")
    reason: Mapped[str | None]
    related: Mapped[str] = mapped_column(default="")
    context: Mapped[dict[str, Any]]
    address: Mapped[str | None]
    recipient: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    error: Mapped[str | None]
    event_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=utc_now, onupdate=utc_now, server_default=func.now()
    )


class DeliveryKey(Base):
    """What was queued before: person, occasion and channel, so that nothing is mailed twice. Kept 35 days.

    A table of its own, because a partitioned table's uniqueness ends at the month.
    """

    __tablename__ = "delivery_keys"
    __table_args__ = (Index("ix_delivery_keys_created_at", "created_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Suppression(Base):
    """An address that a server said is none; only its hash is kept."""

    __tablename__ = "suppressions"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    cause: Mapped[str]
    until: Mapped[datetime]
