"""What goes out of the house: e-mails under way, and addresses that are not written to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base
from shared.database import Timestamps

OPEN = "status IN ('queued', 'sending')"


class Delivery(Timestamps, Base):
    """One e-mail to one person.

    `occasion` names the person, what is told and the channel: it is told once. `address` is only set where an event
    brought it (a new address, somebody who is gone); it and `context` are blanked once nothing is left to do. The
    secret half of a link is formed when the mail is written, never stored. While `status` is sending, `not_before` is
    the end of the lease of whoever sends it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("occasion"),
        Index("ix_deliveries_open", "not_before", postgresql_where=text(OPEN)),
        Index("ix_deliveries_related", "related", postgresql_where=text("status = 'queued'")),
        Index("ix_deliveries_user", "user_id", text("created_at DESC")),
        Index("ix_deliveries_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    notification_id: Mapped[int | None]
    kind: Mapped[str]
    channel: Mapped[str] = mapped_column(default="email")
    status: Mapped[str] = mapped_column(default="queued")
    reason: Mapped[str | None]
    related: Mapped[str] = mapped_column(default="")
    context: Mapped[dict[str, Any]]
    address: Mapped[str | None]
    occasion: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    error: Mapped[str | None]
    event_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]


class Suppression(Base):
    """An address that a server said is none; only its hash is kept."""

    __tablename__ = "suppressions"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    cause: Mapped[str]
    until: Mapped[datetime]
