"""What happens to a review: earlier texts, votes, reports, decisions."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.reviews.domain import words
from services.reviews.models.base import Base
from services.reviews.models.review import among
from shared.clock import utc_now
from shared.database import Key, Timestamps

REVIEW = "reviews.id"


class Revision(Base):
    """What a review said before it was edited at `at`."""

    __tablename__ = "review_revisions"
    __table_args__ = (Index("ix_review_revisions_review", "review_id", "id"),)

    id: Mapped[Key]
    review_id: Mapped[int] = mapped_column(ForeignKey(REVIEW, ondelete="CASCADE"))
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str]
    at: Mapped[datetime]


class Vote(Timestamps, Base):
    """Whether somebody finds a review helpful; nobody's after the voter was erased."""

    __tablename__ = "review_votes"
    __table_args__ = (
        UniqueConstraint("review_id", "user_id", name="uq_review_votes_review_user"),
        Index("ix_review_votes_user", "user_id"),
    )

    id: Mapped[Key]
    review_id: Mapped[int] = mapped_column(ForeignKey(REVIEW, ondelete="CASCADE"))
    user_id: Mapped[int | None]
    is_helpful: Mapped[bool]


class Report(Timestamps, Base):
    """Somebody thinks that a review breaks the rules; `counts` unless staff or the practitioner reviewed say so."""

    __tablename__ = "review_reports"
    __table_args__ = (
        CheckConstraint(among("reason", words.REPORT_REASONS), name="reason_known"),
        CheckConstraint(among("resolution", (words.UPHELD, words.DISMISSED)), name="resolution_known"),
        UniqueConstraint("review_id", "user_id", name="uq_review_reports_review_user"),
        Index("ix_review_reports_user", "user_id", "created_at"),
        Index("ix_review_reports_open", "review_id", postgresql_where=text("resolution IS NULL")),
    )

    id: Mapped[Key]
    review_id: Mapped[int] = mapped_column(ForeignKey(REVIEW, ondelete="CASCADE"))
    user_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(15))
    details: Mapped[str] = mapped_column(default="")
    weight: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    counts: Mapped[bool] = mapped_column(default=True)
    by_staff: Mapped[bool] = mapped_column(default=False)
    resolution: Mapped[str | None] = mapped_column(String(10))
    resolved_by: Mapped[int | None]
    resolved_at: Mapped[datetime | None]
    resolution_notes: Mapped[str] = mapped_column(default="")


class ReporterStats(Base):
    """How a reporter's last hundred reports were decided: `1` upheld, `0` dismissed, the newest last."""

    __tablename__ = "reporter_stats"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcomes: Mapped[str] = mapped_column(default="")


class ModerationEntry(Base):
    """One change of a review's status or claim; nobody's (`by` null) when it happened by itself."""

    __tablename__ = "moderation_log"
    __table_args__ = (Index("ix_moderation_log_review", "review_id", "id"),)

    id: Mapped[Key]
    review_id: Mapped[int] = mapped_column(ForeignKey(REVIEW, ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(10))
    from_status: Mapped[str] = mapped_column(String(10))
    to_status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="")
    by: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=utc_now)
