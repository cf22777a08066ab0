"""Announcements of staff to many."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base
from shared.database import Timestamps


class Broadcast(Timestamps, Base):
    """An announcement and how far it has got.

    People are told in the order of their ids; `cursor` is the last one who was. Whoever works on it holds the row's
    lock, so two workers never tell the same people, and what a dead one began is rolled back with its lock.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (
        CheckConstraint("status IN ('scheduled', 'running', 'done', 'cancelled')", name="status_known"),
        Index("ix_broadcasts_open", "scheduled_for", postgresql_where=text("status IN ('scheduled', 'running')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    message: Mapped[str]
    audience: Mapped[str]
    channels: Mapped[list[str]]
    action_url: Mapped[str | None]
    status: Mapped[str]
    total: Mapped[int]
    sent: Mapped[int]
    cursor: Mapped[int]
    created_by: Mapped[int]
    scheduled_for: Mapped[datetime | None]
