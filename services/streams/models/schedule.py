"""Recurring live streams."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.domain.recurrence import Rule, read_rule
from services.streams.models.base import Base
from shared.database import Key, Timestamps, Versioned

LOCAL = TIMESTAMP(timezone=False)


class Schedule(Versioned, Timestamps, Base):
    """A rule by which live streams are made. `starts_at` and `exdates` are wall-clock times of `timezone`."""

    __tablename__ = "schedules"
    __table_args__ = (
        Index("ix_schedules_stream", "stream_id"),
        Index("ix_schedules_due", "generated_until", postgresql_where=text("is_active AND deleted_at IS NULL")),
    )
    aggregate_type = "schedule"

    id: Mapped[Key]
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    rule: Mapped[str] = mapped_column(String(500))
    starts_at: Mapped[datetime] = mapped_column(LOCAL)
    timezone: Mapped[str]
    exdates: Mapped[list[datetime]] = mapped_column(ARRAY(LOCAL), default=list)
    duration_minutes: Mapped[int] = mapped_column(Integer, default=60)
    tier_rank: Mapped[int] = mapped_column(SmallInteger, default=0)
    is_public: Mapped[bool] = mapped_column(default=False)
    allow_chat: Mapped[bool] = mapped_column(default=True)
    allow_reactions: Mapped[bool] = mapped_column(default=True)
    record_stream: Mapped[bool] = mapped_column(default=True)
    tags: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    days_ahead: Mapped[int] = mapped_column(Integer, default=7)
    next_occurrence: Mapped[datetime | None]
    generated_until: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


def rule_of(schedule: Schedule) -> Rule:
    """Return a schedule's rule, ready to be expanded."""
    rule = read_rule(
        schedule.rule,
        starts_at=schedule.starts_at,
        zone=schedule.timezone,
        default_zone="UTC",
        now=schedule.created_at,
    )
    return replace(rule, exdates=frozenset(schedule.exdates))
