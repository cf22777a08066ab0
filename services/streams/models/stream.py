"""Streams and their categories."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.streams.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Money, Timestamps, Versioned
from shared.ids import uuid7

SHOWN = "is_active AND practitioner_visible AND deleted_at IS NULL"
SEARCH = (
    "setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', practitioner_name), 'A') || "
    "setweight(to_tsvector('simple', coalesce(tagline, '')), 'B') || "
    "setweight(to_tsvector('simple', tag_words), 'B') || "
    "setweight(to_tsvector('simple', left(description, 10000)), 'D')"
)


def _shown(name: str, *columns: str, **options: object) -> Index:
    parts = [text(column) for column in columns]
    return Index(f"ix_streams_{name}", *parts, postgresql_where=text(SHOWN), **options)  # type: ignore[arg-type]


class Stream(Versioned, Timestamps, Base):
    """A practitioner's content stream with its three tiers.

    `version` counts what `stream.changed` tells. Columns from `practitioner_visible` on follow from elsewhere; writing
    them does not count as a change.
    """

    __tablename__ = "streams"
    aggregate_type = "stream"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    practitioner_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    tagline: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str]
    about: Mapped[str | None]
    cover_image_url: Mapped[str | None] = mapped_column(String(200))
    profile_image_url: Mapped[str | None] = mapped_column(String(200))
    intro_video_url: Mapped[str | None] = mapped_column(String(200))
    tags: Mapped[list[str]] = mapped_column(default=list)
    free_tier_name: Mapped[str] = mapped_column(String(50), default="Free")
    entry_tier_name: Mapped[str] = mapped_column(String(50), default="Entry")
    premium_tier_name: Mapped[str] = mapped_column(String(50), default="Premium")
    free_tier_description: Mapped[str | None]
    entry_tier_description: Mapped[str | None]
    premium_tier_description: Mapped[str | None]
    free_tier_perks: Mapped[list[str]] = mapped_column(default=list)
    entry_tier_perks: Mapped[list[str]] = mapped_column(default=list)
    premium_tier_perks: Mapped[list[str]] = mapped_column(default=list)
    entry_price_cents: Mapped[Money]
    premium_price_cents: Mapped[Money]
    is_active: Mapped[bool] = mapped_column(default=True)
    is_featured: Mapped[bool] = mapped_column(default=False)
    allow_comments: Mapped[bool] = mapped_column(default=True)
    allow_dms: Mapped[bool] = mapped_column(default=False)
    allow_tips: Mapped[bool] = mapped_column(default=True)
    watermark_media: Mapped[bool] = mapped_column(default=False)
    preview_post_count: Mapped[int] = mapped_column(Integer, default=3)
    commission_bps: Mapped[int] = mapped_column(Integer, default=2000)
    launched_at: Mapped[datetime | None]
    launch_told: Mapped[bool] = mapped_column(default=False)
    cover_media_id: Mapped[UUID | None] = mapped_column(Uuid)
    profile_media_id: Mapped[UUID | None] = mapped_column(Uuid)
    deleted_at: Mapped[datetime | None]

    practitioner_visible: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    practitioner_name: Mapped[str] = mapped_column(default="", server_default="")
    tag_words: Mapped[str] = mapped_column(default="", server_default="")
    free_count: Mapped[int] = mapped_column(default=0, server_default="0")
    entry_count: Mapped[int] = mapped_column(default=0, server_default="0")
    premium_count: Mapped[int] = mapped_column(default=0, server_default="0")
    revenue_cents: Mapped[Money] = mapped_column(default=0, server_default="0")
    popularity: Mapped[float] = mapped_column(Double, default=0, server_default="0")
    live_stream_id: Mapped[int | None]
    next_live_at: Mapped[datetime | None]

    subscriber_count: Mapped[int] = mapped_column(Computed("free_count + entry_count + premium_count", persisted=True))
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint(
            "entry_price_cents BETWEEN 100 AND 99999 AND premium_price_cents BETWEEN 100 AND 99999"
            " AND entry_price_cents < premium_price_cents",
            name="prices_rise",
        ),
        CheckConstraint("free_count >= 0 AND entry_count >= 0 AND premium_count >= 0", name="counts_not_negative"),
        Index("uq_streams_practitioner", "practitioner_id", unique=True, postgresql_where=text("deleted_at IS NULL")),
        _shown("newest", "created_at DESC", "id DESC"),
        _shown("most_members", "subscriber_count DESC", "id DESC"),
        _shown("featured", "is_featured DESC", "created_at DESC", "id DESC"),
        _shown("launched", "launched_at DESC", "id DESC"),
        _shown("search", "search", postgresql_using="gin"),
        _shown("tags", "tags", postgresql_using="gin"),
    )

    @property
    def tier_prices(self) -> tuple[int, int, int]:
        """Prices by rank, in cents."""
        return 0, self.entry_price_cents, self.premium_price_cents

    def is_launched(self, now: datetime) -> bool:
        """Whether its launch has come."""
        return self.launched_at is not None and self.launched_at <= now

    def is_shown(self, now: datetime) -> bool:
        """Whether strangers may see it."""
        return self.is_active and self.practitioner_visible and self.deleted_at is None and self.is_launched(now)


class StreamCategory(Timestamps, Base):
    """A shelf that streams stand on."""

    __tablename__ = "stream_categories"
    __table_args__ = (Index("uq_stream_categories_name", func.lower(text("name")), unique=True),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None]
    icon: Mapped[str | None] = mapped_column(String(50))
    position: Mapped[int] = mapped_column(Integer, default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class StreamCategoryLink(Base):
    """A stream on a shelf."""

    __tablename__ = "stream_category_links"
    __table_args__ = (
        PrimaryKeyConstraint("stream_id", "category_id"),
        Index("ix_stream_category_links_category", "category_id", "stream_id"),
    )

    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    category_id: Mapped[int] = mapped_column(ForeignKey("stream_categories.id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
