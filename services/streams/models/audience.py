"""What people do around a live stream: chat, reactions, reminders; and what hosts do about it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, PrimaryKeyConstraint, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.models.base import Base
from shared.clock import utc_now
from shared.database import Key
from shared.ids import uuid7


class ChatMessage(Base):
    """Something written in a live stream; the text of a deleted one is empty. Partitioned by month."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        PrimaryKeyConstraint("id", "sent_at"),
        Index("ix_chat_messages_live_stream", "live_stream_id", text("id DESC")),
        Index("ix_chat_messages_user", "user_id", text("sent_at DESC")),
        {"postgresql_partition_by": "RANGE (sent_at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    public_uuid: Mapped[UUID] = mapped_column(Uuid, default=uuid7)
    live_stream_id: Mapped[int]
    user_id: Mapped[int]
    is_host: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str]
    sent_at: Mapped[datetime]
    offset_seconds: Mapped[int] = mapped_column(Integer)
    deleted_by: Mapped[int | None]


class ChatKey(Base):
    """Which messages a client has sent, by its own id for each: a repeat is the same message."""

    __tablename__ = "chat_keys"
    __table_args__ = (
        PrimaryKeyConstraint("live_stream_id", "user_id", "client_id"),
        Index("ix_chat_keys_sent_at", "sent_at"),
    )

    live_stream_id: Mapped[int]
    user_id: Mapped[int]
    client_id: Mapped[UUID] = mapped_column(Uuid)
    message_id: Mapped[int]
    sent_at: Mapped[datetime]


class ReactionBucket(Base):
    """Reactions of a minute, counted from the start."""

    __tablename__ = "reaction_buckets"
    __table_args__ = (PrimaryKeyConstraint("live_stream_id", "minute", "emoji"),)

    live_stream_id: Mapped[int] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"))
    minute: Mapped[int] = mapped_column(Integer)
    emoji: Mapped[str] = mapped_column(String(16))
    count: Mapped[int]
    sent_count: Mapped[int] = mapped_column(default=0, server_default="0")


class ViewerEngagement(Base):
    """How often a person wrote and reacted in a live stream; the last minute's and ten seconds' for slow rates."""

    __tablename__ = "viewer_engagement"
    __table_args__ = (PrimaryKeyConstraint("live_stream_id", "user_id"),)

    live_stream_id: Mapped[int] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"))
    user_id: Mapped[int]
    chat: Mapped[int] = mapped_column(default=0, server_default="0")
    reactions: Mapped[int] = mapped_column(default=0, server_default="0")
    watch_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    reacting_since: Mapped[datetime | None]
    reacted: Mapped[int] = mapped_column(default=0, server_default="0")


class JoinHint(Base):
    """What a person's device and country were when they were let in; the room itself does not know."""

    __tablename__ = "join_hints"
    __table_args__ = (PrimaryKeyConstraint("room_id", "user_id"),)

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    user_id: Mapped[int]
    device: Mapped[str] = mapped_column(String(10))
    country: Mapped[str | None] = mapped_column(String(2))


class Moderation(Base):
    """Somebody muted or banned, in one live stream or in all of a stream."""

    __tablename__ = "moderation"
    __table_args__ = (
        Index("ix_moderation_person", "stream_id", "user_id"),
        Index(
            "uq_moderation_one",
            "stream_id",
            text("coalesce(live_stream_id, 0)"),
            "user_id",
            "kind",
            unique=True,
        ),
    )

    id: Mapped[Key]
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    live_stream_id: Mapped[int | None]
    user_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(4))
    until: Mapped[datetime | None]
    by_user_id: Mapped[int]
    reason: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class Reminder(Base):
    """Somebody wants to be told before a live stream begins."""

    __tablename__ = "reminders"
    __table_args__ = (PrimaryKeyConstraint("live_stream_id", "user_id"), Index("ix_reminders_user", "user_id"))

    live_stream_id: Mapped[int] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"))
    user_id: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class NoticeSent(Base):
    """Which notices of a live stream have gone out: each kind once."""

    __tablename__ = "notices_sent"
    __table_args__ = (PrimaryKeyConstraint("live_stream_id", "kind"),)

    live_stream_id: Mapped[int] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(60))
    sent_at: Mapped[datetime] = mapped_column(default=utc_now)
