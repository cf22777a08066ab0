"""What happened to accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, String, Uuid, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base
from shared.ids import uuid7


class Activity(Base):
    """One sign-in, refusal or security change: the person's own log and staff's audit trail alike.

    Append-only, partitioned by month, kept 400 days; a trigger refuses every change but forgetting where it came from
    (`ip`, `user_agent`), which erasing a person asks for.
    """

    __tablename__ = "activities"
    __table_args__ = (
        PrimaryKeyConstraint("id", "at"),
        Index("ix_activities_user", "user_id", text("at DESC")),
        Index("ix_activities_actor", "actor_id", text("at DESC")),
        Index("ix_activities_at", text("at DESC")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(Uuid, default=uuid7)
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(50))
    result: Mapped[str] = mapped_column(String(10))
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    session_id: Mapped[str | None]
    request_id: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]]
