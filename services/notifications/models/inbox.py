"""The inbox in the app: one ordered list a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base
from shared.database import Timestamps

PARTITIONS = 16


class Notification(Timestamps, Base):
    """One line of a person's inbox.

    Partitioned by hash of `user_id`: every query names the person, hence one partition. `seq` counts a person's lines
    in the order of their commits (`InboxState` sees to that), so that "after seq n" never skips one. `inbox_version` is
    the version of the inbox at which the line last changed, by which open pages learn what other pages marked.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "id"),
        UniqueConstraint("user_id", "dedupe_key"),
        Index("ix_notifications_seq", "user_id", text("seq DESC")),
        Index("ix_notifications_inbox_version", "user_id", "inbox_version"),
        Index("ix_notifications_newest", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_notifications_type", "user_id", "notification_type", text("created_at DESC")),
        Index("ix_notifications_unread", "user_id", "seq", postgresql_where=text("NOT is_read")),
        Index(
            "ix_notifications_related",
            "user_id",
            "related_object_type",
            "related_object_id",
            postgresql_where=text("related_object_type <> ''"),
        ),
        Index("ix_notifications_scheduled", "scheduled_for", postgresql_where=text("status = 'pending'")),
        CheckConstraint("count >= 1", name="counts_itself"),
        {"postgresql_partition_by": "HASH (user_id)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    user_id: Mapped[int]
    seq: Mapped[int]
    inbox_version: Mapped[int]
    kind: Mapped[str]
    notification_type: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    message: Mapped[str]
    action_url: Mapped[str | None]
    action_label: Mapped[str | None]
    related_object_type: Mapped[str] = mapped_column(default="")
    related_object_id: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    dedupe_key: Mapped[str]
    collapse_key: Mapped[str | None]
    count: Mapped[int] = mapped_column(default=1)
    is_read: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="sent")
    scheduled_for: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    event_id: Mapped[UUID | None]


class InboxState(Base):
    """What is known of a person's whole inbox. Its row is the lock that puts one person's changes into an order."""

    __tablename__ = "inbox_states"
    __table_args__ = (
        CheckConstraint("unread_count >= 0", name="unread_not_negative"),
        CheckConstraint("total_count >= 0", name="total_not_negative"),
    )

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_seq: Mapped[int] = mapped_column(default=0)
    unread_count: Mapped[int] = mapped_column(default=0)
    total_count: Mapped[int] = mapped_column(default=0)
    unread_by_type: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total_by_type: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)


class Tombstone(Base):
    """A line that was deleted at `seq`; kept seven days, so that a returning page can take it away."""

    __tablename__ = "tombstones"
    __table_args__ = (Index("ix_tombstones_deleted_at", "deleted_at"),)

    user_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int]
    deleted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
