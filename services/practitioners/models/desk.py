"""A practitioner's desk: clients, notes, daily numbers, views; and people's favourites."""

from datetime import date, datetime

from sqlalchemy import Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.practitioners.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Timestamps


class FavoritePractitioner(Base):
    """Somebody likes a practitioner."""

    __tablename__ = "favorite_practitioners"
    __table_args__ = (
        Index("ix_favorite_practitioners_user", "user_id", text("created_at DESC")),
        Index("ix_favorite_practitioners_practitioner", "practitioner_id"),
    )

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class FavoriteCounter(Base):
    """How many favourites somebody has, and how often that changed: the sequence of `favorite.changed`."""

    __tablename__ = "favorite_counters"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    total: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    last_target_id: Mapped[int]
    last_is_favorite: Mapped[bool]


class ClientNote(Timestamps, Base):
    """What a practitioner wrote down about a client; nobody else reads it."""

    __tablename__ = "client_notes"
    __table_args__ = (
        Index("ix_client_notes_client", "practitioner_id", "user_id", text("id DESC")),
        Index("ix_client_notes_user", "user_id"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    user_id: Mapped[int]
    content: Mapped[str] = mapped_column(String(5000))


class ClientStats(Base):
    """What a practitioner and a client had with each other."""

    __tablename__ = "client_stats"
    __table_args__ = (Index("ix_client_stats_last", "practitioner_id", text("last_at DESC NULLS LAST")),)

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bookings: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    canceled: Mapped[int] = mapped_column(default=0)
    no_show: Mapped[int] = mapped_column(default=0)
    spent_cents: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    type_codes: Mapped[list[str]] = mapped_column(default=list)


class PractitionerDaily(Base):
    """A practitioner's numbers of one day in their zone; `hours` counts bookings by the hour they begin in."""

    __tablename__ = "practitioner_daily"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    created: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    canceled: Mapped[int] = mapped_column(default=0)
    revenue_cents: Mapped[int] = mapped_column(default=0)
    hours: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=lambda: [0] * 24)


class ViewsDaily(Base):
    """How often a profile was looked at on a day (UTC)."""

    __tablename__ = "views_daily"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(default=0)


class NextAvailableQueue(Base):
    """Whose next free time is to be computed again, and not before when."""

    __tablename__ = "next_available_queue"
    __table_args__ = (Index("ix_next_available_queue_due", "due_at"),)

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]


class Throttle(Base):
    """When somebody last asked for something that may only be asked for now and then."""

    __tablename__ = "throttles"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(String(30), primary_key=True)
    window_start: Mapped[datetime]
    used: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
