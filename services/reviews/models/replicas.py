"""Copies of what other services own. Nothing refers to them by a foreign key: events may come in any order."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from services.reviews.models.base import Base
from shared.messaging import Replica


class User(Replica, Base):
    """A person as auth last announced them; blanked when they are deleted."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_uuid", "uuid"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[UUID]
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    avatar_url: Mapped[str | None]


class Practitioner(Replica, Base):
    """Somebody who is reviewed."""

    __tablename__ = "practitioners"
    __table_args__ = (
        Index("ix_practitioners_public_uuid", "public_uuid"),
        Index("ix_practitioners_slug", "slug"),
        Index("ix_practitioners_user", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID]
    slug: Mapped[str | None]
    user_id: Mapped[int]
    display_name: Mapped[str] = mapped_column(default="")
    professional_title: Mapped[str | None]
    profile_image_url: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="draft")


class Service(Replica, Base):
    """Something that is reviewed; a deleted one keeps its name."""

    __tablename__ = "services"
    __table_args__ = (Index("ix_services_public_uuid", "public_uuid"), Index("ix_services_slug", "slug"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID]
    slug: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    short_description: Mapped[str | None]
    practitioner_id: Mapped[int] = mapped_column(default=0)
    practitioner_ids: Mapped[list[int]] = mapped_column(default=list)


class Booking(Replica, Base):
    """Who met whom; a completed one may be reviewed. `requests_sent` counts how often its client was asked to."""

    __tablename__ = "bookings"
    __table_args__ = (
        Index("ix_bookings_public_uuid", "public_uuid"),
        Index("ix_bookings_user", "user_id", "status", text("completed_at DESC")),
        Index(
            "ix_bookings_to_ask",
            "completed_at",
            postgresql_where=text("status = 'completed' AND requests_sent < 2"),
        ),
    )

    booking_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID]
    user_id: Mapped[int]
    practitioner_id: Mapped[int]
    service_id: Mapped[int | None]
    status: Mapped[str]
    is_refunded: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    requests_sent: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")


class MediaFile(Replica, Base):
    """An image that somebody uploaded for a review."""

    __tablename__ = "media_files"

    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str | None]
    thumbnail_url: Mapped[str | None]
    media_type: Mapped[str | None]
    uploaded_by: Mapped[int] = mapped_column(default=0)
    review_id: Mapped[int | None]
