"""What geocoding remembers: answers, how much was asked, and who asked too often."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.locations.models.base import Base


class GeocodeCache(Base):
    """What a provider answered; `key` is a hash of the question, so that no address stands here in the clear."""

    __tablename__ = "geocode_cache"
    __table_args__ = (Index("ix_geocode_cache_expires_at", "expires_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    result: Mapped[list[Any]]
    expires_at: Mapped[datetime]


class GeocodeUsage(Base):
    """How often the paid provider was asked on a day, over all processes."""

    __tablename__ = "geocode_usage"

    day: Mapped[date] = mapped_column(primary_key=True)
    calls: Mapped[int] = mapped_column(server_default=text("0"))
    cost_units: Mapped[int] = mapped_column(server_default=text("0"))


class Throttle(Base):
    """How often somebody asked within a minute. Unlogged: losing it in a crash costs nothing."""

    __tablename__ = "throttles"
    __table_args__ = (Index("ix_throttles_minute", "minute"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(server_default=text("0"))
