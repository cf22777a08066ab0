"""Recordings of rooms."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.domain import words
from services.streams.models.base import Base
from services.streams.models.live import among
from shared.database import Key, Timestamps, Versioned
from shared.ids import uuid7


class Recording(Versioned, Timestamps, Base):
    """A film of a room: made by LiveKit, kept by media, watched by those who may."""

    __tablename__ = "recordings"
    aggregate_type = "recording"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    live_stream_id: Mapped[int | None] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"))
    practitioner_id: Mapped[int]
    egress_id: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(String(10), default=words.STARTING)
    layout: Mapped[str] = mapped_column(String(20), default="speaker")
    audio_only: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    duration_seconds: Mapped[int] = mapped_column(default=0)
    storage_key: Mapped[str | None]
    source_url: Mapped[str | None]
    file_url: Mapped[str | None]
    thumbnail_url: Mapped[str | None]
    file_size_bytes: Mapped[int] = mapped_column(default=0)
    media_id: Mapped[UUID | None] = mapped_column(Uuid)
    processed_at: Mapped[datetime | None]
    is_public: Mapped[bool] = mapped_column(default=False)
    tier_rank: Mapped[int] = mapped_column(SmallInteger, default=0)
    title: Mapped[str | None] = mapped_column(String(255))
    access_expires_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(among("status", words.RECORDING_STATUSES), name="status_known"),
        Index(
            "uq_recordings_one_running",
            "room_id",
            unique=True,
            postgresql_where=text(among("status", words.RUNNING)),
        ),
        Index("ix_recordings_live_stream", "live_stream_id"),
        Index("ix_recordings_media", "media_id"),
    )
