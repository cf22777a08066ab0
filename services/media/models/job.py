"""Work on a file."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.media.models.base import Base
from services.media.models.naming import among
from shared.clock import utc_now
from shared.database import Timestamps
from shared.ids import uuid7

FIRST, REQUESTED = "first", "requested"
QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "queued", "processing", "completed", "failed", "cancelled"


class Job(Timestamps, Base):
    """What is to be done with a file, and how far that is. `locked_until` is the lease of the worker that does it."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(among("status", (QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED)), name="status_known"),
        Index(
            "uq_jobs_open",
            "media_id",
            "fingerprint",
            unique=True,
            postgresql_where=text("status IN ('queued', 'processing')"),
        ),
        Index("ix_jobs_due", "run_after", postgresql_where=text("status = 'queued'")),
        Index("ix_jobs_leased", "locked_until", postgresql_where=text("status = 'processing'")),
        Index("ix_jobs_media", "media_id", text("created_at DESC")),
    )

    job_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    operations: Mapped[list[str]]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fingerprint: Mapped[str] = mapped_column(String(64))
    weight: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(10), default=QUEUED)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int]
    current_operation: Mapped[str | None] = mapped_column(String(100))
    completed_operations: Mapped[list[str]] = mapped_column(default=list)
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime] = mapped_column(default=utc_now)
    locked_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(100))
    error_message: Mapped[str | None] = mapped_column(String(500))
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
