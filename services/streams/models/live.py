"""Live streams, their rooms and who is inside."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Uuid,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, TSVECTOR, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.domain import words
from services.streams.models.base import Base
from shared.database import Key, Timestamps, Versioned
from shared.ids import uuid7

SEARCH = (
    "setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', tag_words), 'B') || "
    "setweight(to_tsvector('simple', left(coalesce(description, ''), 10000)), 'D')"
)


def among(column: str, choices: tuple[str, ...]) -> str:
    """Return the SQL condition that a column holds one of `choices`."""
    return f"{column} IN ({', '.join(repr(choice) for choice in choices)})"


class LiveStream(Versioned, Timestamps, Base):
    """One broadcast. Counters stand apart, so that ten thousand joins do not touch it.

    `host_present`, `host_last_seen` and `room_lost_at` follow the room; writing them does not count as a change.
    """

    __tablename__ = "live_streams"
    aggregate_type = "live_stream"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    practitioner_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(10), default=words.SCHEDULED)
    tier_rank: Mapped[int] = mapped_column(SmallInteger, default=0)
    is_public: Mapped[bool] = mapped_column(default=False)
    scheduled_start: Mapped[datetime]
    scheduled_end: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(default="UTC")
    actual_start: Mapped[datetime | None]
    actual_end: Mapped[datetime | None]
    started_published: Mapped[bool] = mapped_column(default=False)
    end_reason: Mapped[str | None] = mapped_column(String(12))
    allow_chat: Mapped[bool] = mapped_column(default=True)
    allow_reactions: Mapped[bool] = mapped_column(default=True)
    record_stream: Mapped[bool] = mapped_column(default=True)
    thumbnail_url: Mapped[str | None] = mapped_column(String(200))
    thumbnail_media_id: Mapped[UUID | None] = mapped_column(Uuid)
    tags: Mapped[list[str]] = mapped_column(default=list)
    tag_words: Mapped[str] = mapped_column(default="", server_default="")
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedules.id", ondelete="SET NULL"))
    occurrence: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=False))
    touched: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[datetime | None]

    host_present: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    host_last_seen: Mapped[datetime | None]
    room_lost_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint("scheduled_end > scheduled_start", name="ends_after_start"),
        CheckConstraint(among("status", words.STATUSES), name="status_known"),
        CheckConstraint("tier_rank BETWEEN 0 AND 2", name="tier_known"),
        ExcludeConstraint(
            (text("stream_id"), "="),
            (func.tstzrange(literal_column("scheduled_start"), literal_column("scheduled_end")), "&&"),
            name="live_streams_do_not_overlap",
            using="gist",
            where=text("status = 'scheduled' AND deleted_at IS NULL"),
        ),
        Index("uq_live_streams_one_live", "practitioner_id", unique=True, postgresql_where=text("status = 'live'")),
        Index("uq_live_streams_occurrence", "schedule_id", "occurrence", unique=True),
        Index("ix_live_streams_status", "status", text("scheduled_start DESC"), text("id DESC")),
        Index("ix_live_streams_stream", "stream_id", "status", text("scheduled_start DESC")),
        Index("ix_live_streams_practitioner", "practitioner_id", text("scheduled_start DESC")),
        Index("ix_live_streams_search", "search", postgresql_using="gin"),
    )


class LiveCounters(Base):
    """How many are, and were, inside a live stream."""

    __tablename__ = "live_counters"

    live_stream_id: Mapped[int] = mapped_column(
        ForeignKey("live_streams.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    current: Mapped[int] = mapped_column(default=0, server_default="0")
    peak: Mapped[int] = mapped_column(default=0, server_default="0")
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    uniques: Mapped[int] = mapped_column(default=0, server_default="0")
    chat: Mapped[int] = mapped_column(default=0, server_default="0")
    reactions: Mapped[int] = mapped_column(default=0, server_default="0")


class Room(Timestamps, Base):
    """A room at LiveKit, of a live stream, a booking or a dated session.

    `generation` counts how often it was made there; `livekit_sid` is the present making.
    """

    __tablename__ = "rooms"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80), unique=True)
    livekit_sid: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(10), default=words.PENDING)
    live_stream_id: Mapped[int | None] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"), unique=True)
    booking_id: Mapped[int | None] = mapped_column(unique=True)
    service_session_id: Mapped[int | None] = mapped_column(unique=True)
    max_participants: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    last_reconciled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("num_nonnulls(live_stream_id, booking_id, service_session_id) = 1", name="belongs_to_one"),
        CheckConstraint(among("status", words.ROOM_STATUSES), name="status_known"),
        Index("ix_rooms_open", "status", postgresql_where=text("status IN ('active', 'in_use')")),
    )


class ParticipantSeen(Base):
    """Which sids have been counted: the uniqueness that a partitioned table can not hold."""

    __tablename__ = "participants_seen"
    __table_args__ = (Index("ix_participants_seen_seen_at", "seen_at"),)

    sid: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class ViewerSession(Base):
    """One stay of a participant (not of an identity: who reconnects has a new one). Partitioned by month.

    `is_counted` is false for those that never were really inside: a left without a joined, an aborted connection.
    """

    __tablename__ = "viewer_sessions"
    __table_args__ = (
        PrimaryKeyConstraint("id", "joined_at"),
        Index("ix_viewer_sessions_room_user", "room_id", "user_id"),
        Index("ix_viewer_sessions_sid", "room_id", "participant_sid"),
        Index("ix_viewer_sessions_inside", "room_id", postgresql_where=text("left_at IS NULL")),
        Index("ix_viewer_sessions_user", "user_id", text("joined_at DESC")),
        {"postgresql_partition_by": "RANGE (joined_at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    room_id: Mapped[int]
    participant_sid: Mapped[str]
    identity: Mapped[str]
    user_id: Mapped[int | None]
    role: Mapped[str] = mapped_column(String(12))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    duration_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    tier_rank: Mapped[int | None] = mapped_column(SmallInteger)
    device: Mapped[str] = mapped_column(String(10), default="other", server_default="other")
    country: Mapped[str | None] = mapped_column(String(2))
    source: Mapped[str] = mapped_column(String(10))
    is_counted: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
