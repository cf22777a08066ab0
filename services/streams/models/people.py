"""Whom and what this service shows of others: copies of what other services own, in whatever order events come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.models.base import Base
from shared.messaging import Replica


class User(Replica, Base):
    """A person as auth last announced them; blanked when they are deleted."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[str]
    display_name: Mapped[str]
    avatar_url: Mapped[str | None]
    is_active: Mapped[bool]


class Practitioner(Replica, Base):
    """Somebody who may have a stream."""

    __tablename__ = "practitioners"
    __table_args__ = (Index("ix_practitioners_user", "user_id"), Index("ix_practitioners_uuid", "public_uuid"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID] = mapped_column(Uuid)
    user_id: Mapped[int]
    slug: Mapped[str | None]
    display_name: Mapped[str] = mapped_column(default="")
    image_url: Mapped[str | None]
    timezone: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")
    is_verified: Mapped[bool] = mapped_column(default=False)

    @property
    def is_suspended(self) -> bool:
        """Whether staff took the practitioner off the market."""
        return self.status == "suspended"

    @property
    def is_visible(self) -> bool:
        """Whether strangers may see what the practitioner offers."""
        return self.is_verified and not self.is_suspended and self.deleted_at is None


class Membership(Replica, Base):
    """What a person may see of a stream, as payments told: active until `access_until`, or without an end."""

    __tablename__ = "memberships"
    __table_args__ = (
        Index("ix_memberships_user_stream", "user_id", "stream_id", postgresql_where=text("is_active")),
        Index("ix_memberships_stream_tier", "stream_id", "tier_rank", postgresql_where=text("is_active")),
    )

    membership_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int]
    stream_id: Mapped[int]
    tier_rank: Mapped[int] = mapped_column(SmallInteger)
    is_active: Mapped[bool]
    since: Mapped[datetime]
    access_until: Mapped[datetime | None]
    price_cents: Mapped[int]


class Booking(Replica, Base):
    """A booking that may have a video room."""

    __tablename__ = "bookings"
    __table_args__ = (
        Index("ix_bookings_session", "service_session_id"),
        Index("ix_bookings_public_uuid", "public_uuid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str]
    status: Mapped[str]
    user_id: Mapped[int]
    practitioner_id: Mapped[int]
    practitioner_user_id: Mapped[int]
    service_id: Mapped[int]
    service_session_id: Mapped[int | None]
    parent_booking_id: Mapped[int | None]
    start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    location_type: Mapped[str]
    title: Mapped[str] = mapped_column(default="")


class Service(Replica, Base):
    """A service, for who gives it and where."""

    __tablename__ = "services"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(default="")
    location_type: Mapped[str] = mapped_column(default="virtual")
    practitioner_ids: Mapped[list[int]] = mapped_column(default=list)


class ServiceSession(Replica, Base):
    """A dated session of a workshop or course, whose bookings share a room."""

    __tablename__ = "service_sessions"
    __table_args__ = (Index("ix_service_sessions_public_uuid", "public_uuid"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID | None] = mapped_column(Uuid)
    service_id: Mapped[int]
    practitioner_id: Mapped[int]
    title: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    max_participants: Mapped[int | None]
    status: Mapped[str]


class MediaFile(Replica, Base):
    """A file that media holds, by which covers and thumbnails follow it."""

    __tablename__ = "media_files"
    __table_args__ = (Index("ix_media_files_url", "url"),)

    media_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str] = mapped_column(default="")
    thumbnail_url: Mapped[str | None]
