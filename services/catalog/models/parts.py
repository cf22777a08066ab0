"""Dated sessions, benefits, agenda, files and resources of services."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.domain import words
from services.catalog.models.base import Base
from services.catalog.models.service import among
from shared.clock import utc_now
from shared.database import Key, Timestamps, Versioned
from shared.ids import uuid7


class ServiceSession(Versioned, Timestamps, Base):
    """A date of a workshop or course. `taken` is fed by bookings' events and does not count as a change."""

    __tablename__ = "service_sessions"
    aggregate_type = "service_session"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    practitioner_id: Mapped[int]
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None]
    agenda: Mapped[str | None]
    what_youll_learn: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    duration_minutes: Mapped[int | None]
    timezone: Mapped[str] = mapped_column(default="UTC")
    max_participants: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0, server_default="0")
    waitlist_count: Mapped[int] = mapped_column(default=0, server_default="0")
    price_cents: Mapped[int | None]
    sequence_number: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(12), default=words.SCHEDULED)
    visibility: Mapped[str] = mapped_column(String(10), default="public")
    location_id: Mapped[int | None]
    actual_start: Mapped[datetime | None]
    actual_end: Mapped[datetime | None]
    reschedule_count: Mapped[int] = mapped_column(default=0)
    original_start: Mapped[datetime | None]
    original_end: Mapped[datetime | None]
    shared_notes: Mapped[str | None]
    practitioner_notes: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("status = 'draft' OR (starts_at IS NOT NULL AND ends_at IS NOT NULL)", name="times_given"),
        CheckConstraint(among("status", words.SESSION_STATUSES), name="status_known"),
        Index(
            "uq_service_sessions_start",
            "service_id",
            "starts_at",
            unique=True,
            postgresql_where=text("status <> 'canceled'"),
        ),
        Index("ix_service_sessions_service_start", "service_id", "starts_at"),
        Index(
            "ix_service_sessions_calendar",
            "practitioner_id",
            "starts_at",
            postgresql_where=text("status IN ('scheduled', 'in_progress')"),
        ),
        Index("ix_service_sessions_ending", "ends_at", postgresql_where=text("status IN ('scheduled', 'in_progress')")),
    )


def _order(table: str) -> tuple[Any, ...]:
    """Positions are unique, but only at the end of a transaction: so a reorder is one statement."""
    return (
        CheckConstraint("num_nonnulls(service_id, session_id) = 1", name="one_parent"),
        UniqueConstraint("service_id", "position", name=f"uq_{table}_service", deferrable=True, initially="DEFERRED"),
        UniqueConstraint("session_id", "position", name=f"uq_{table}_session", deferrable=True, initially="DEFERRED"),
    )


class ServiceBenefit(Timestamps, Base):
    """What somebody gets out of a service or session."""

    __tablename__ = "service_benefits"
    __table_args__ = _order("service_benefits")

    id: Mapped[Key]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("service_sessions.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    icon: Mapped[str | None] = mapped_column(String(50))
    position: Mapped[int]


class AgendaItem(Timestamps, Base):
    """A step of what happens."""

    __tablename__ = "agenda_items"
    __table_args__ = _order("agenda_items")

    id: Mapped[Key]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("service_sessions.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    starts: Mapped[datetime | None]
    ends: Mapped[datetime | None]
    position: Mapped[int]


class ServiceMedia(Base):
    """A file that a service shows; order and primary are ours, the rest is media's."""

    __tablename__ = "service_media"
    __table_args__ = (
        Index("uq_service_media_pair", "service_id", "media_id", unique=True),
        Index("uq_service_media_primary", "service_id", unique=True, postgresql_where=text("is_primary")),
        Index("ix_service_media_media", "media_id"),
    )

    id: Mapped[Key]
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    media_id: Mapped[UUID] = mapped_column(Uuid)
    url: Mapped[str]
    thumbnail_url: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    is_primary: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)


class ServiceResource(Versioned, Timestamps, Base):
    """Material for those who may see it."""

    __tablename__ = "service_resources"
    aggregate_type = "service_resource"

    id: Mapped[Key]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("service_sessions.id", ondelete="CASCADE"), index=True)
    booking_id: Mapped[int | None] = mapped_column(index=True)
    owner_service_id: Mapped[int] = mapped_column(index=True)
    uploaded_by: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    resource_type: Mapped[str] = mapped_column(String(10))
    attachment_level: Mapped[str] = mapped_column(String(10))
    content: Mapped[str | None]
    file_url: Mapped[str | None] = mapped_column(String(2000))
    external_url: Mapped[str | None] = mapped_column(String(2000))
    file_name: Mapped[str | None] = mapped_column(String(255))
    file_size: Mapped[int | None]
    file_type: Mapped[str | None] = mapped_column(String(50))
    duration_seconds: Mapped[int | None]
    access_level: Mapped[str] = mapped_column(String(10), default="enrolled")
    is_downloadable: Mapped[bool] = mapped_column(default=True)
    available_from: Mapped[datetime | None]
    available_until: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)
    is_featured: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[str]] = mapped_column(default=list)
    view_count: Mapped[int] = mapped_column(default=0, server_default="0")
    download_count: Mapped[int] = mapped_column(default=0, server_default="0")
    media_id: Mapped[UUID | None] = mapped_column(Uuid)
    personal_note: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "CASE attachment_level"
            " WHEN 'service' THEN service_id IS NOT NULL AND num_nonnulls(session_id, booking_id) = 0"
            " WHEN 'session' THEN session_id IS NOT NULL AND num_nonnulls(service_id, booking_id) = 0"
            " WHEN 'booking' THEN booking_id IS NOT NULL AND num_nonnulls(service_id, session_id) = 0"
            " ELSE false END",
            name="one_parent",
        ),
        CheckConstraint(
            among("access_level", ("public", "registered", "enrolled", "completed", "private")), name="access_known"
        ),
    )


class ResourceEvent(Base):
    """Somebody looked at a resource or fetched it."""

    __tablename__ = "resource_events"
    __table_args__ = (
        Index("ix_resource_events_resource", "resource_id", "at"),
        Index("ix_resource_events_user", "user_id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    at: Mapped[datetime] = mapped_column(primary_key=True, default=utc_now)
    resource_id: Mapped[int]
    user_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(10))
