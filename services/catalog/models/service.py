"""Services, and what hangs at them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.domain import words
from services.catalog.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Money, Timestamps, Versioned
from shared.ids import uuid7

VISIBLE = "status = 'active' AND is_active AND is_public AND deleted_at IS NULL AND practitioner_listed"
SEARCH = (
    "setweight(to_tsvector('estuary', name), 'A') || "
    "setweight(to_tsvector('estuary', search_extra), 'B') || "
    "setweight(to_tsvector('estuary', coalesce(short_description, '')), 'C') || "
    "setweight(to_tsvector('estuary', left(coalesce(description, ''), 20000)), 'D')"
)

SAMPLED = "get_byte(uuid_send(public_uuid), 15) < 4"
"""True for one service in 64, whatever it is about."""


_FOUND_BY = ("search", "category_id", "type_id")


def among(column: str, choices: tuple[str, ...]) -> str:
    """Return the SQL condition that a column holds one of `choices`."""
    return f"{column} IN ({', '.join(repr(choice) for choice in choices)})"


def _listed(name: str, *columns: str, where: str = "listed", **options: Any) -> Index:
    parts = [text(column) for column in columns]
    return Index(f"ix_services_{name}", *parts, postgresql_where=text(where), **options)


class Service(Versioned, Timestamps, Base):
    """Something that can be bought.

    `version` counts what `service.changed` tells. The columns from `practitioner_listed` on follow from other rows and
    from other services' events; writing them does not count as a change of the service.
    """

    __tablename__ = "services"
    aggregate_type = "service"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    short_description: Mapped[str | None] = mapped_column(String(500))
    description: Mapped[str | None]
    what_youll_learn: Mapped[str | None]
    prerequisites: Mapped[str | None]
    terms_conditions: Mapped[str | None]
    price_cents: Mapped[Money]
    duration_minutes: Mapped[int]
    type_id: Mapped[int] = mapped_column(SmallInteger)
    category_id: Mapped[int | None]
    practitioner_category_id: Mapped[int | None]
    practitioner_id: Mapped[int]
    min_participants: Mapped[int] = mapped_column(default=1)
    max_participants: Mapped[int] = mapped_column(default=1)
    experience_level: Mapped[str] = mapped_column(String(12), default="all_levels")
    age_min: Mapped[int | None]
    age_max: Mapped[int | None]
    location_type: Mapped[str] = mapped_column(String(10), default=words.VIRTUAL)
    location_id: Mapped[int | None]
    schedule_id: Mapped[int | None]
    includes: Mapped[list[Any]] = mapped_column(default=list)
    tags: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_featured: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(10), default=words.DRAFT)
    published_at: Mapped[datetime | None]
    validity_days: Mapped[int] = mapped_column(default=365)
    is_transferable: Mapped[bool] = mapped_column(default=False)
    is_shareable: Mapped[bool] = mapped_column(default=False)
    sessions_included: Mapped[int | None]
    bonus_sessions: Mapped[int] = mapped_column(default=0)
    max_per_customer: Mapped[int | None]
    available_from: Mapped[datetime | None]
    available_until: Mapped[datetime | None]
    highlight_text: Mapped[str | None] = mapped_column(String(50))
    policy_code: Mapped[str] = mapped_column(String(20), default="flexible")
    policy_tiers: Mapped[list[Any]] = mapped_column(default=list)
    image_media_id: Mapped[UUID | None] = mapped_column(Uuid)
    image_url: Mapped[str | None] = mapped_column(String(2000))
    deleted_at: Mapped[datetime | None]

    practitioner_listed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    blockers: Mapped[list[str]] = mapped_column(default=list, server_default=text("'{}'"))
    blocked: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    sold_out: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    next_session_at: Mapped[datetime | None]
    first_session_at: Mapped[datetime | None]
    last_session_at: Mapped[datetime | None]
    sessions_count: Mapped[int] = mapped_column(default=0, server_default="0")
    spots_available: Mapped[int | None]
    primary_image: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rating_average: Mapped[float] = mapped_column(Numeric(3, 2, asdecimal=False), default=0, server_default="0")
    rating_count: Mapped[int] = mapped_column(default=0, server_default="0")
    rating_weighted: Mapped[float] = mapped_column(Numeric(4, 3, asdecimal=False), default=0, server_default="0")
    rating_distribution: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    rating_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    rating_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    bookings_count: Mapped[int] = mapped_column(default=0, server_default="0")
    waitlist_count: Mapped[int] = mapped_column(default=0, server_default="0")
    popularity_sum: Mapped[float] = mapped_column(Double, default=0, server_default="0")
    popularity_score: Mapped[float] = mapped_column(Double, default=0, server_default="0")
    hot: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    city_slug: Mapped[str | None]
    lat: Mapped[float | None] = mapped_column(Double)
    lng: Mapped[float | None] = mapped_column(Double)
    search_extra: Mapped[str] = mapped_column(default="", server_default="")

    visible: Mapped[bool] = mapped_column(Computed(VISIBLE, persisted=True))
    listed: Mapped[bool] = mapped_column(Computed(f"{VISIBLE} AND NOT blocked", persisted=True))
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        CheckConstraint("type_id BETWEEN 1 AND 5", name="type_known"),
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
        CheckConstraint("duration_minutes >= 0", name="duration_not_negative"),
        CheckConstraint("min_participants >= 1 AND min_participants <= max_participants", name="participants_range"),
        CheckConstraint(among("status", words.STATUSES), name="status_known"),
        CheckConstraint(among("location_type", words.LOCATION_TYPES), name="location_type_known"),
        CheckConstraint(among("experience_level", words.EXPERIENCE_LEVELS), name="experience_level_known"),
        CheckConstraint("available_from < available_until", name="sale_window"),
        _listed("popularity", "popularity_score DESC", "id DESC"),
        _listed("newest", "created_at DESC", "id DESC"),
        _listed("featured_newest", "is_featured DESC", "created_at DESC", "id DESC"),
        _listed("featured_rating", "is_featured DESC", "rating_average DESC", "id DESC"),
        _listed("price", "price_cents", "id"),
        _listed("rating", "rating_weighted DESC", "id DESC"),
        _listed("next_session", "next_session_at", "id"),
        _listed("category_popularity", "category_id", "popularity_score DESC"),
        _listed("type_popularity", "type_id", "popularity_score DESC"),
        _listed("city_popularity", "city_slug", "popularity_score DESC"),
        _listed("place", "point(lng, lat)", postgresql_using="gist"),
        # What was written last lies in a list that every search reads through: it is kept short.
        _listed("search", *_FOUND_BY, postgresql_using="gin", postgresql_with={"gin_pending_list_limit": "256"}),
        _listed("search_hot", *_FOUND_BY, where="listed AND hot", postgresql_using="gin"),
        _listed("search_sample", *_FOUND_BY, where=f"listed AND {SAMPLED}", postgresql_using="gin"),
        _listed("tags", "tags", postgresql_using="gin"),
        _listed("own", "practitioner_id", "status", "created_at DESC", where="deleted_at IS NULL"),
        _listed("roll", "next_session_at", where="next_session_at IS NOT NULL AND deleted_at IS NULL"),
        _listed("location", "location_id", where="location_id IS NOT NULL"),
        Index("ix_services_practitioner_category", "practitioner_category_id"),
        Index("ix_services_category", "category_id"),
    )

    @property
    def code(self) -> str:
        """The word for the type."""
        return words.CODES[self.type_id]

    @property
    def is_visible(self) -> bool:
        """Whether strangers may see it; computed as the database does."""
        return (
            self.status == words.ACTIVE
            and self.is_active
            and self.is_public
            and self.deleted_at is None
            and self.practitioner_listed
        )

    @property
    def is_listed(self) -> bool:
        """Whether strangers find it."""
        return self.is_visible and not self.blocked

    def touch(self) -> None:
        """Count this as a change even if only rows that belong to the service changed."""
        self.updated_at = utc_now()


Index(
    "ix_services_hot_names",
    func.lower(Service.name).label("name_lower"),
    postgresql_using="gin",
    postgresql_where=text("listed AND hot"),
    postgresql_ops={"name_lower": "gin_trgm_ops"},
)


def _parent(*, index: bool = False) -> Mapped[int]:
    return mapped_column(ForeignKey("services.id", ondelete="CASCADE"), index=index)


class ServiceSlug(Base):
    """An address that a service had before."""

    __tablename__ = "service_slugs"

    slug: Mapped[str] = mapped_column(String(100), primary_key=True)
    service_id: Mapped[int] = _parent(index=True)


class ServicePractitioner(Base):
    """Who offers a service, and the share of its revenue in hundredths of a percent."""

    __tablename__ = "service_practitioners"
    __table_args__ = (
        Index("uq_service_practitioners_pair", "service_id", "practitioner_id", unique=True),
        Index("uq_service_practitioners_primary", "service_id", unique=True, postgresql_where=text("is_primary")),
        Index("ix_service_practitioners_practitioner", "practitioner_id"),
        CheckConstraint("share_bp BETWEEN 0 AND 10000", name="share_range"),
    )

    id: Mapped[Key]
    service_id: Mapped[int] = _parent()
    practitioner_id: Mapped[int]
    is_primary: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str | None] = mapped_column(String(100))
    share_bp: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ServiceModality(Base):
    """A modality that a service offers."""

    __tablename__ = "service_modalities"
    __table_args__ = (Index("ix_service_modalities_modality", "modality_id"),)

    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), primary_key=True)
    modality_id: Mapped[int] = mapped_column(ForeignKey("modalities.id"), primary_key=True)


class ServiceLanguage(Base):
    """A language in which a service is offered."""

    __tablename__ = "service_languages"
    __table_args__ = (Index("ix_service_languages_language", "language_id"),)

    service_id: Mapped[int] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), primary_key=True)
    language_id: Mapped[int] = mapped_column(ForeignKey("languages.id"), primary_key=True)


class ServiceRelationship(Timestamps, Base):
    """A service that a package or bundle contains."""

    __tablename__ = "service_relationships"
    __table_args__ = (
        Index("uq_service_relationships_pair", "parent_id", "child_id", unique=True),
        Index("ix_service_relationships_child", "child_id"),
        CheckConstraint("parent_id <> child_id", name="not_itself"),
        CheckConstraint("quantity BETWEEN 1 AND 100", name="quantity_range"),
        CheckConstraint("discount_bp BETWEEN 0 AND 10000", name="discount_range"),
    )

    id: Mapped[Key]
    parent_id: Mapped[int] = _parent()
    child_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(default=0)
    discount_bp: Mapped[int] = mapped_column(default=0)
    is_required: Mapped[bool] = mapped_column(default=True)
    description_override: Mapped[str | None]
