"""Reviews."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Double, Index, Numeric, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from services.reviews.domain import words
from services.reviews.domain.display import UNKNOWN
from services.reviews.domain.figures import helpfulness
from services.reviews.domain.transitions import next_status
from services.reviews.models.base import Base
from shared.database import Key, Timestamps, Versioned
from shared.ids import uuid7

# Names are found by their beginnings (weight A), and only those that are shown; the text by its words.
SEARCH = (
    "setweight(to_tsvector('simple'::regconfig, CASE WHEN is_anonymous OR display_name = '"
    + UNKNOWN
    + "' THEN '' ELSE display_name END), 'A') || setweight(to_tsvector('english'::regconfig, comment), 'B')"
)


def among(column: str, choices: tuple[str, ...]) -> str:
    """Return the SQL condition that a column holds one of `choices`."""
    return f"{column} IN ({', '.join(repr(choice) for choice in choices)})"


def _published(name: str, *columns: str) -> Index:
    parts = [text(column) for column in columns]
    return Index(f"ix_reviews_{name}", *parts, postgresql_where=text("status = 'published'"))


class Review(Versioned, Timestamps, Base):
    """What a client thinks of a completed booking.

    `rating` is in hundredths of a star. `display_name` and `avatar_url` are what strangers see, copied from the author.
    `visible_at` is the first publication, or when a sealed review is due. `queue_score` orders the moderation queue:
    what staff reported comes first.
    """

    __tablename__ = "reviews"
    aggregate_type = "review"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(default=uuid7, unique=True)
    booking_id: Mapped[int]
    practitioner_id: Mapped[int]
    service_id: Mapped[int | None]
    author_id: Mapped[int | None]
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(default="")
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    is_verified: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(10))
    status_reason: Mapped[str | None] = mapped_column(String(20))
    visible_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    was_restored: Mapped[bool] = mapped_column(default=False)
    response_text: Mapped[str] = mapped_column(default="")
    response_at: Mapped[datetime | None]
    response_edited_at: Mapped[datetime | None]
    helpful: Mapped[int] = mapped_column(default=0)
    unhelpful: Mapped[int] = mapped_column(default=0)
    helpful_score: Mapped[float] = mapped_column(Double, default=0.0)
    reports_open: Mapped[int] = mapped_column(default=0)
    report_score: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal(0))
    staff_reported: Mapped[bool] = mapped_column(default=False)
    first_reported_at: Mapped[datetime | None]
    claimed_by: Mapped[int | None]
    claimed_until: Mapped[datetime | None]
    held_reasons: Mapped[list[str]] = mapped_column(default=list)
    screened_at: Mapped[datetime | None]
    display_name: Mapped[str] = mapped_column(default="")
    avatar_url: Mapped[str | None]
    photos: Mapped[list[Any]] = mapped_column(default=list)
    queue_score: Mapped[Decimal] = mapped_column(
        Numeric(10, 2),
        Computed("report_score + CASE WHEN staff_reported THEN 100000 ELSE 0 END", persisted=True),
    )
    search: Mapped[Any] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint("rating BETWEEN 100 AND 500", name="rating_in_stars"),
        CheckConstraint(among("status", words.STATUSES), name="status_known"),
        CheckConstraint("length(comment) <= 5000", name="comment_fits"),
        CheckConstraint("length(response_text) <= 2000", name="response_fits"),
        CheckConstraint("(response_text = '') = (response_at IS NULL)", name="response_has_its_time"),
        CheckConstraint("helpful >= 0 AND unhelpful >= 0 AND reports_open >= 0", name="counts_not_negative"),
        CheckConstraint("jsonb_array_length(photos) <= 6", name="few_photos"),
        Index("uq_reviews_booking", "booking_id", unique=True, postgresql_where=text("status <> 'withdrawn'")),
        _published("practitioner_newest", "practitioner_id", "created_at DESC", "id DESC"),
        _published("service_newest", "service_id", "created_at DESC", "id DESC"),
        _published("practitioner_helpful", "practitioner_id", "helpful_score DESC", "id DESC"),
        _published("service_helpful", "service_id", "helpful_score DESC", "id DESC"),
        _published("practitioner_rating", "practitioner_id", "rating", "created_at DESC"),
        _published("service_rating", "service_id", "rating", "created_at DESC"),
        _published("newest", "created_at DESC", "id DESC"),
        _published("best", "rating DESC", "id DESC"),
        Index("ix_reviews_search", "search", postgresql_using="gin", postgresql_where=text("status = 'published'")),
        Index("ix_reviews_author", "author_id", text("created_at DESC")),
        Index(
            "ix_reviews_queue",
            text("queue_score DESC"),
            text("id DESC"),
            postgresql_where=text("reports_open > 0 OR status = 'held'"),
        ),
        Index("ix_reviews_sealed", "visible_at", postgresql_where=text("status = 'sealed'")),
        Index(
            "ix_reviews_unscreened",
            "id",
            postgresql_where=text("screened_at IS NULL AND status IN ('published', 'sealed')"),
        ),
        Index(
            "ix_reviews_taken_down", "status", text("id DESC"), postgresql_where=text("status IN ('hidden', 'removed')")
        ),
    )

    @property
    def is_published(self) -> bool:
        """Whether everybody may see it."""
        return self.status == words.PUBLISHED

    def edit_until(self, window: timedelta) -> datetime:
        """Until when, inclusive, its author may change it."""
        return self.created_at + window

    def move(self, action: str, *, now: datetime, reason: str | None = None) -> str:
        """Take the status that `action` leads to, and return the one before. Raises InvalidTransition."""
        before = self.status
        self.status = next_status(before, action, removed_at=self.removed_at, now=now)
        self.status_reason = reason
        if self.status == words.REMOVED:
            self.removed_at = now
        if self.status == words.WITHDRAWN:
            self.withdrawn_at = now
        if self.status == words.PUBLISHED:
            self.held_reasons = []
            if before == words.HIDDEN:
                self.was_restored = True
        return before

    def note_edit(self, *, now: datetime) -> None:
        """Remember that it was edited; this counts as a change even where only its answers are other ones."""
        self.edited_at = now
        flag_modified(self, "edited_at")

    def count_votes(self, *, helpful: int, unhelpful: int) -> None:
        """Move the votes, and the order that follows from them."""
        self.helpful += helpful
        self.unhelpful += unhelpful
        self.helpful_score = helpfulness(helpful=self.helpful, unhelpful=self.unhelpful)
