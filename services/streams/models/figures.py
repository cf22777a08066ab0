"""Figures that are computed once and read often."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.models.base import Base
from shared.database import Key, Money, Timestamps


class LiveAnalytics(Timestamps, Base):
    """The figures of a live stream that is over."""

    __tablename__ = "live_analytics"

    id: Mapped[Key]
    live_stream_id: Mapped[int] = mapped_column(ForeignKey("live_streams.id", ondelete="CASCADE"), unique=True)
    computed_at: Mapped[datetime]
    final_at: Mapped[datetime | None]
    figures: Mapped[dict[str, Any]]


class StreamDay(Timestamps, Base):
    """What happened to a stream on one UTC day. Totals are those at the day's end, kept for the days that changed."""

    __tablename__ = "stream_days"
    __table_args__ = (UniqueConstraint("stream_id", "day"),)

    id: Mapped[Key]
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    day: Mapped[date]
    free_total: Mapped[int] = mapped_column(default=0, server_default="0")
    entry_total: Mapped[int] = mapped_column(default=0, server_default="0")
    premium_total: Mapped[int] = mapped_column(default=0, server_default="0")
    joined: Mapped[int] = mapped_column(default=0, server_default="0")
    churned: Mapped[int] = mapped_column(default=0, server_default="0")
    upgraded: Mapped[int] = mapped_column(default=0, server_default="0")
    downgraded: Mapped[int] = mapped_column(default=0, server_default="0")
    views: Mapped[int] = mapped_column(default=0, server_default="0")
    uniques: Mapped[int] = mapped_column(default=0, server_default="0")
    reactions: Mapped[int] = mapped_column(default=0, server_default="0")
    chat: Mapped[int] = mapped_column(default=0, server_default="0")
    watch_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    live_streams: Mapped[int] = mapped_column(default=0, server_default="0")
    peak: Mapped[int] = mapped_column(default=0, server_default="0")
    revenue_cents: Mapped[Money] = mapped_column(default=0, server_default="0")
    commission_cents: Mapped[Money] = mapped_column(default=0, server_default="0")
