"""What people use, and how often files are looked at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.media.models.base import Base
from shared.database import Timestamps


class Usage(Timestamps, Base):
    """How much room a person's files take; changed in the transaction of the file. `by_type` is bytes by media type."""

    __tablename__ = "usage"
    __table_args__ = (CheckConstraint("used_bytes >= 0 AND reserved_bytes >= 0 AND files >= 0", name="positive"),)

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    reserved_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    files: Mapped[int] = mapped_column(default=0, server_default="0")
    by_type: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")


class Counter(Base):
    """How often a file was looked at and fetched; apart from the file, so that counting moves no version."""

    __tablename__ = "counters"

    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(default=0, server_default="0")
    downloads: Mapped[int] = mapped_column(default=0, server_default="0")


class CounterMark(Base):
    """Somebody was counted for a file in this hour; kept for two days."""

    __tablename__ = "counter_marks"
    __table_args__ = (Index("ix_counter_marks_hour", "hour"),)

    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
