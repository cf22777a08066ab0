"""Copies of what other services own. Nothing refers to them by a foreign key: events may come in any order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Double, Index, Numeric, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base
from shared.messaging import Replica


class User(Replica, Base):
    """A person with an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    display_name: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")


class Practitioner(Replica, Base):
    """Somebody who offers services."""

    __tablename__ = "practitioners"
    __table_args__ = (
        Index("ix_practitioners_user", "user_id"),
        Index("ix_practitioners_slug", "slug"),
        Index("ix_practitioners_public_uuid", "public_uuid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID] = mapped_column(Uuid)
    user_id: Mapped[int]
    slug: Mapped[str | None]
    display_name: Mapped[str] = mapped_column(default="")
    professional_title: Mapped[str | None]
    profile_image_url: Mapped[str | None]
    bio: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")
    is_verified: Mapped[bool] = mapped_column(default=False)
    is_listed: Mapped[bool] = mapped_column(default=False)
    featured: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str | None]
    languages: Mapped[list[str]] = mapped_column(default=list)
    specializations: Mapped[list[Any]] = mapped_column(default=list)
    modality_ids: Mapped[list[int]] = mapped_column(default=list)
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def is_suspended(self) -> bool:
        """Whether staff suspended the profile."""
        return self.status == "suspended"


class Rating(Replica, Base):
    """What reviews says of a practitioner or service, kept beside in case it comes first."""

    __tablename__ = "ratings"

    target: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    average: Mapped[float] = mapped_column(Numeric(3, 2, asdecimal=False), default=0)
    count: Mapped[int] = mapped_column(default=0)
    weighted: Mapped[float] = mapped_column(Numeric(4, 3, asdecimal=False), default=0)
    distribution: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Schedule(Base):
    """Weekly hours of a practitioner; replaced as a whole by `schedule.changed`."""

    __tablename__ = "schedules"
    __table_args__ = (Index("ix_schedules_practitioner", "practitioner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    practitioner_id: Mapped[int]
    name: Mapped[str] = mapped_column(default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(default="UTC")
    description: Mapped[str | None]


class Calendar(Replica, Base):
    """Up to which `schedule.changed` a practitioner's schedules are known."""

    __tablename__ = "calendars"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Location(Replica, Base):
    """A place of a practitioner, as far as it is public."""

    __tablename__ = "locations"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID | None] = mapped_column(Uuid)
    practitioner_id: Mapped[int] = mapped_column(default=0)
    name: Mapped[str | None]
    city_name: Mapped[str | None]
    city_slug: Mapped[str | None]
    state_code: Mapped[str | None]
    state_name: Mapped[str | None]
    country_code: Mapped[str | None]
    country_name: Mapped[str | None]
    full_address: Mapped[str | None]
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    timezone: Mapped[str | None]


class Booking(Replica, Base):
    """Who booked what; the difference of two states is what counters move by."""

    __tablename__ = "bookings"
    __table_args__ = (
        Index("ix_bookings_user_service", "user_id", "service_id"),
        Index("ix_bookings_service", "service_id"),
        Index("ix_bookings_sessions", "session_ids", postgresql_using="gin"),
    )

    booking_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID | None] = mapped_column(Uuid)
    user_id: Mapped[int]
    service_id: Mapped[int]
    session_ids: Mapped[list[int]] = mapped_column(default=list)
    participants: Mapped[int] = mapped_column(default=1)
    status: Mapped[str]
    parent_booking_id: Mapped[int | None]
    booked_at: Mapped[datetime]
    end_time: Mapped[datetime | None]


class WaitlistEntry(Replica, Base):
    """Who waits for a place."""

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        Index("ix_waitlist_entries_waiting", "service_id", "session_id", postgresql_where=text("status = 'waiting'")),
        Index("ix_waitlist_entries_user", "user_id"),
    )

    entry_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    service_id: Mapped[int]
    session_id: Mapped[int | None]
    user_id: Mapped[int]
    status: Mapped[str]


class MediaFile(Replica, Base):
    """A file that media told of; known here so that services and resources can name it."""

    __tablename__ = "media_files"

    media_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str | None]
    thumbnail_url: Mapped[str | None]
    uploaded_by: Mapped[int] = mapped_column(default=0)
    entity_type: Mapped[str | None]
    entity_id: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
