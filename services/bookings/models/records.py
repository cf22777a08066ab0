"""What is written about bookings: notes, reminders, history."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.bookings.models.base import Base
from shared.database import Key, Timestamps


class BookingNote(Timestamps, Base):
    """A note about a booking; private ones are for the practitioner and staff."""

    __tablename__ = "booking_notes"
    __table_args__ = (Index("ix_booking_notes_booking", "booking_id", text("id DESC")),)

    id: Mapped[Key]
    booking_id: Mapped[int]
    author_id: Mapped[int]
    author_role: Mapped[str] = mapped_column(String(12))
    content: Mapped[str]
    is_private: Mapped[bool] = mapped_column(default=False)


class BookingReminder(Base):
    """A reminder that is due `offset_minutes` before the start."""

    __tablename__ = "booking_reminders"
    __table_args__ = (
        Index("uq_booking_reminders_offset", "booking_id", "offset_minutes", unique=True),
        Index("ix_booking_reminders_due", "scheduled_time", postgresql_where=text("NOT is_sent")),
    )

    id: Mapped[Key]
    booking_id: Mapped[int]
    offset_minutes: Mapped[int]
    reminder_type: Mapped[str] = mapped_column(String(10), default="email")
    scheduled_time: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    is_sent: Mapped[bool] = mapped_column(default=False, server_default="false")


class BookingHistory(Base):
    """One change of a booking. Rows are only added; partitioned by month."""

    __tablename__ = "booking_history"
    __table_args__ = (
        PrimaryKeyConstraint("id", "at"),
        Index("ix_booking_history_booking", "booking_id", text("at DESC"), text("id DESC")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    at: Mapped[datetime]
    booking_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(40))
    from_status: Mapped[str | None] = mapped_column(String(20))
    to_status: Mapped[str | None] = mapped_column(String(20))
    actor_id: Mapped[int | None]
    actor_role: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None]
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CalendarFeed(Base):
    """The secret address under which somebody's calendar is read. Only the token's hash is stored."""

    __tablename__ = "calendar_feeds"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(unique=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    include: Mapped[str] = mapped_column(String(12), default="both")
    show_names: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_fetched_at: Mapped[datetime | None]
