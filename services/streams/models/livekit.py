"""What LiveKit told, and what is to be asked of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.models.base import Base
from shared.clock import utc_now
from shared.database import Key


class LiveKitEvent(Base):
    """A webhook, kept before anything is done about it. `status`: received, done, ignored or parked."""

    __tablename__ = "livekit_events"
    __table_args__ = (
        Index("ix_livekit_events_waiting", "room_name", "created_at_s", postgresql_where=text("status = 'received'")),
        Index("ix_livekit_events_received_at", "received_at"),
    )

    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    room_name: Mapped[str]
    created_at_s: Mapped[int]
    payload: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(8), default="received")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    due_at: Mapped[datetime] = mapped_column(default=utc_now)


class LiveKitOperation(Base):
    """A call that must be made however often it takes: committed before it is made. `status`: started, done, failed."""

    __tablename__ = "livekit_operations"
    __table_args__ = (Index("ix_livekit_operations_due", "due_at", postgresql_where=text("status = 'started'")),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    call: Mapped[str]
    params: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(8), default="started")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    due_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_error: Mapped[str | None]
