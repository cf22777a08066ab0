"""Waitlists: who would like a place that is not there yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.bookings.models.base import Base
from shared.database import Versioned
from shared.ids import uuid7


class WaitlistEntry(Versioned, Base):
    """Somebody's place in the line of a session, or of a service. The position is the rank by `joined_at`."""

    __tablename__ = "waitlist_entries"
    aggregate_type = "waitlist_entry"
    __table_args__ = (
        Index(
            "uq_waitlist_entries_place",
            "service_id",
            text("coalesce(service_session_id, 0)"),
            "user_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'notified')"),
        ),
        Index(
            "ix_waitlist_entries_line",
            "service_id",
            "service_session_id",
            "joined_at",
            "id",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_waitlist_entries_user", "user_id", text("joined_at DESC"), "id"),
        Index("ix_waitlist_entries_offers", "offer_expires_at", postgresql_where=text("status = 'notified'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    service_id: Mapped[int]
    service_session_id: Mapped[int | None]
    practitioner_user_id: Mapped[int]
    user_id: Mapped[int]
    joined_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    notes: Mapped[str | None]
    notified_at: Mapped[datetime | None]
    notification_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    offer_expires_at: Mapped[datetime | None]
    offer_exclusive: Mapped[bool] = mapped_column(default=False)
    offered_start: Mapped[datetime | None]
    booking_id: Mapped[int | None]
