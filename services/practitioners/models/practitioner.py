"""Practitioners: the profile, where its verification stands, and what others' events say about it."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, Numeric, SmallInteger, String, Uuid, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from services.practitioners.domain import words
from services.practitioners.domain.bands import LAST_BAND
from services.practitioners.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Timestamps, Versioned
from shared.ids import uuid7

LISTED = "verification_status = 'verified' AND activity = 'active' AND deleted_at IS NULL AND user_active"
SEARCH = (
    "setweight(to_tsvector('estuary', coalesce(display_name, '') || ' ' || full_name), 'A') || "
    "setweight(to_tsvector('estuary', coalesce(professional_title, '') || ' ' || search_extra), 'B') || "
    "setweight(to_tsvector('estuary', coalesce(bio, '') || ' ' || coalesce(quote, '')), 'D')"
)


def _among(column: str, choices: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(choice) for choice in choices)})"


def _listed_index(name: str, *columns: Any, **options: Any) -> Index:
    return Index(f"ix_practitioners_{name}", *columns, postgresql_where=text("listed"), **options)


class Practitioner(Versioned, Timestamps, Base):
    """Somebody who offers, or wants to.

    From `rating_average` on the columns are fed by other services' events and by jobs: writing them does not count as
    a change of the profile (`version` stays). `tags` holds every facet as a prefixed word: `s12` specialization, `y3`
    style, `t9` topic, `m4` modality, `M2` its category, `c7` service category, `k1` service type, `l:en` language,
    `v:virtual` place of work. `band` says how far from the best rated somebody stands (domain/bands.py).
    """

    __tablename__ = "practitioners"
    aggregate_type = "practitioner"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    user_id: Mapped[int] = mapped_column(unique=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    display_name: Mapped[str | None] = mapped_column(String(255))
    professional_title: Mapped[str | None] = mapped_column(String(255))
    bio: Mapped[str | None] = mapped_column(String(2000))
    quote: Mapped[str | None] = mapped_column(String(500))
    profile_image_url: Mapped[str | None] = mapped_column(String(500))
    profile_video_url: Mapped[str | None] = mapped_column(String(500))
    profile_image_media_id: Mapped[UUID | None] = mapped_column(Uuid)
    profile_video_media_id: Mapped[UUID | None] = mapped_column(Uuid)
    years_of_experience: Mapped[int | None]
    buffer_minutes: Mapped[int] = mapped_column(default=15)
    languages: Mapped[list[str]] = mapped_column(default=list)
    timezone: Mapped[str] = mapped_column(default="UTC")
    verification_status: Mapped[str] = mapped_column(String(20), default=words.DRAFT)
    activity: Mapped[str] = mapped_column(String(10), default=words.ACTIVE)
    vacation_until: Mapped[date | None]
    featured: Mapped[bool] = mapped_column(default=False)
    featured_until: Mapped[datetime | None]
    is_onboarded: Mapped[bool] = mapped_column(default=False)
    onboarding_completed_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    may_reapply_from: Mapped[datetime | None]
    status_message: Mapped[str | None]
    requested_changes: Mapped[list[str]] = mapped_column(default=list)
    deleted_at: Mapped[datetime | None]
    tier_code: Mapped[str] = mapped_column(default=words.BASIC)
    features: Mapped[dict[str, Any]] = mapped_column(default=dict)
    full_name: Mapped[str] = mapped_column(default="", server_default="")
    user_active: Mapped[bool] = mapped_column(default=True)

    rating_average: Mapped[float] = mapped_column(Numeric(3, 2, asdecimal=False), server_default="0")
    rating_count: Mapped[int] = mapped_column(server_default="0")
    rating_weighted: Mapped[float] = mapped_column(Numeric(4, 3, asdecimal=False), server_default="0")
    rating_epoch: Mapped[int] = mapped_column(server_default="0")
    rating_sequence: Mapped[int] = mapped_column(server_default="0")
    services_count: Mapped[int] = mapped_column(server_default="0")
    min_price_cents: Mapped[int | None]
    max_price_cents: Mapped[int | None]
    completed_count: Mapped[int] = mapped_column(server_default="0")
    canceled_count: Mapped[int] = mapped_column(server_default="0")
    bookings_count: Mapped[int] = mapped_column(server_default="0")
    next_available_at: Mapped[datetime | None]
    next_computed_at: Mapped[datetime | None]
    free_from: Mapped[date | None]
    free_map: Mapped[str | None] = mapped_column(String(180))
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    search_extra: Mapped[str] = mapped_column(server_default="")
    new_until: Mapped[datetime | None]
    band: Mapped[int] = mapped_column(SmallInteger, server_default=text(str(LAST_BAND)))

    listed: Mapped[bool] = mapped_column(Computed(LISTED, persisted=True))
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint(_among("verification_status", words.VERIFICATION_STATUSES), name="verification_status_known"),
        CheckConstraint(_among("activity", words.ACTIVITIES), name="activity_known"),
        CheckConstraint("years_of_experience BETWEEN 0 AND 80", name="years_of_experience_range"),
        CheckConstraint("buffer_minutes BETWEEN 0 AND 240", name="buffer_minutes_range"),
        _listed_index("default", text("featured DESC"), text("created_at DESC"), text("id DESC")),
        _listed_index("featured_rating", text("featured DESC"), text("rating_weighted DESC"), text("id DESC")),
        _listed_index("weighted", text("rating_weighted DESC"), text("id DESC")),
        _listed_index("rating", text("rating_average DESC"), text("id DESC")),
        _listed_index("min_price", "min_price_cents", "id"),
        _listed_index("max_price", text("max_price_cents DESC NULLS LAST"), text("id DESC")),
        _listed_index("experience", text("years_of_experience DESC NULLS LAST"), text("id DESC")),
        _listed_index("next_available", "next_available_at", "id"),
        _listed_index("found", text("(ARRAY[band])"), "tags", "search", postgresql_using="gin"),
        Index(
            "ix_practitioners_review_queue",
            "verification_status",
            "submitted_at",
            "id",
            postgresql_where=text("verification_status IN ('submitted', 'under_review')"),
        ),
        Index(
            "ix_practitioners_display_name",
            "display_name",
            postgresql_using="gin",
            postgresql_ops={"display_name": "gin_trgm_ops"},
        ),
        Index("ix_practitioners_vacation", "vacation_until", postgresql_where=text("activity = 'vacation'")),
        Index("ix_practitioners_suspended", "suspended_until", postgresql_where=text("suspended_until IS NOT NULL")),
        Index("ix_practitioners_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("ix_practitioners_featured", "featured_until", postgresql_where=text("featured_until IS NOT NULL")),
    )

    @property
    def status(self) -> str:
        """The one word that clients know."""
        return words.practitioner_status(self.verification_status, self.activity)

    @property
    def is_verified(self) -> bool:
        """Whether staff found everything in order."""
        return self.verification_status == words.VERIFIED

    @property
    def is_listed(self) -> bool:
        """Whether strangers find this practitioner; computed as the database does."""
        return self.is_verified and self.activity == words.ACTIVE and self.deleted_at is None and self.user_active

    @property
    def is_visible(self) -> bool:
        """Whether strangers may open the profile by its address: also during a vacation."""
        return (
            self.is_verified
            and self.activity in (words.ACTIVE, words.VACATION)
            and self.deleted_at is None
            and self.user_active
        )

    @property
    def shown_name(self) -> str:
        """The name that is shown; never empty."""
        return self.display_name or self.full_name or "Practitioner"

    @property
    def nameless_slug(self) -> str:
        """The address of a profile that has no name any more."""
        return f"practitioner-{self.public_uuid.hex[-12:]}"

    def limit(self, name: str) -> int:
        """Return a plan's limit; −1 is unlimited, as is an absent one."""
        value = self.features.get(name, -1)
        return value if isinstance(value, int) and not isinstance(value, bool) else -1

    def touch(self) -> None:
        """Count this as a change even if only rows that belong to the profile changed."""
        self.updated_at = utc_now()
        flag_modified(self, "updated_at")


class OldSlug(Base):
    """An address that a profile had before."""

    __tablename__ = "practitioner_slugs"

    slug: Mapped[str] = mapped_column(String(100), primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(index=True)


class StatusChange(Base):
    """One line of the history of a verification; `by` None is the owner or the clock."""

    __tablename__ = "status_history"
    __table_args__ = (Index("ix_status_history_practitioner", "practitioner_id", "id"),)

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    from_status: Mapped[str] = mapped_column(String(20))
    to_status: Mapped[str] = mapped_column(String(20))
    by: Mapped[int | None]
    reason: Mapped[str | None]
    note: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=utc_now)


class ReviewClaim(Base):
    """Who of the staff is reviewing an application, and until when that counts."""

    __tablename__ = "review_claims"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int]
    until: Mapped[datetime]


class Onboarding(Base):
    """How far somebody is on the way to their first booking."""

    __tablename__ = "onboarding"
    __table_args__ = (
        Index("ix_onboarding_in_progress", "last_updated", postgresql_where=text("status = 'in_progress'")),
    )

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    status: Mapped[str] = mapped_column(String(12), default="in_progress")
    current_step: Mapped[str] = mapped_column(String(30), default="profile_completion")
    steps_completed: Mapped[list[str]] = mapped_column(default=list)
    steps_skipped: Mapped[list[str]] = mapped_column(default=list)
    told_complete: Mapped[list[str]] = mapped_column(default=list)
    stall_reason: Mapped[str | None]
    rejection_reason: Mapped[str | None]
    reminded_days: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_updated: Mapped[datetime] = mapped_column(default=utc_now)
    completed_at: Mapped[datetime | None]


class Document(Timestamps, Base):
    """Evidence: an identity card, a licence. `document_url` is given by older clients, or is media's gated address."""

    __tablename__ = "verification_documents"
    __table_args__ = (
        CheckConstraint(_among("document_type", words.DOCUMENT_TYPES), name="document_type_known"),
        CheckConstraint(_among("status", words.DOCUMENT_STATUSES), name="status_known"),
        Index("ix_verification_documents_practitioner", "practitioner_id", "created_at"),
        Index("ix_verification_documents_expiry", "expires_at", postgresql_where=text("status = 'approved'")),
        Index("ix_verification_documents_media", "media_id", postgresql_where=text("media_id IS NOT NULL")),
    )
    aggregate_type: ClassVar[str] = "verification_document"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    practitioner_id: Mapped[int]
    document_type: Mapped[str] = mapped_column(String(20))
    media_id: Mapped[UUID | None] = mapped_column(Uuid)
    document_url: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(10), default=words.PENDING)
    rejection_reason: Mapped[str | None]
    notes: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    reviewed_by: Mapped[int | None]
    reminded_days: Mapped[int | None]
