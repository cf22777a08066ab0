"""Leaving, and taking one's data along."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base
from shared.ids import uuid7


class Erasure(Base):
    """A service that has reported that it erased a deleted person."""

    __tablename__ = "erasures"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(30), primary_key=True)
    done_at: Mapped[datetime]


class Export(Base):
    """A person's wish for a copy of everything that is kept about them."""

    __tablename__ = "exports"
    __table_args__ = (Index("ix_exports_user", "user_id", "requested_at"), Index("ix_exports_status", "status"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(10), default="running")
    requested_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    archive: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    size_bytes: Mapped[int | None]
    waiting_for: Mapped[list[str]]


class ExportPart(Base):
    """What one service keeps about the person, or a slice of it."""

    __tablename__ = "export_parts"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(30), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    is_last: Mapped[bool]
    data: Mapped[Any] = mapped_column(JSONB)
    received_at: Mapped[datetime]
