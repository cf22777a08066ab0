"""What services are sorted by, and what people keep of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Timestamps, Versioned


class ServiceCategory(Versioned, Timestamps, Base):
    """A kind of service, kept by staff; its address never changes."""

    __tablename__ = "service_categories"
    __table_args__ = (Index("uq_service_categories_name", text("lower(name)"), unique=True),)
    aggregate_type = "service_category"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None]
    icon: Mapped[str | None] = mapped_column(String(50))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_featured: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    services_count: Mapped[int] = mapped_column(default=0, server_default="0")


class PractitionerCategory(Versioned, Timestamps, Base):
    """A group in which a practitioner shows services."""

    __tablename__ = "practitioner_categories"
    __table_args__ = (
        Index("uq_practitioner_categories_name", "practitioner_id", text("lower(name)"), unique=True),
        Index("uq_practitioner_categories_slug", "practitioner_id", "slug", unique=True),
    )
    aggregate_type = "practitioner_category"

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(110))
    description: Mapped[str | None]
    icon: Mapped[str | None] = mapped_column(String(50))
    color: Mapped[str | None] = mapped_column(String(7))
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    services_count: Mapped[int] = mapped_column(default=0, server_default="0")


class ModalityCategory(Versioned, Timestamps, Base):
    """A family of modalities."""

    __tablename__ = "modality_categories"
    aggregate_type = "modality_category"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    short_description: Mapped[str] = mapped_column(default="")
    icon: Mapped[str | None] = mapped_column(String(50))
    color: Mapped[str] = mapped_column(String(7), default="")
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Modality(Versioned, Timestamps, Base):
    """A way of working."""

    __tablename__ = "modalities"
    __table_args__ = (Index("uq_modalities_name", text("lower(name)"), unique=True),)
    aggregate_type = "modality"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None]
    short_description: Mapped[str | None]
    long_description: Mapped[str | None]
    icon: Mapped[str | None] = mapped_column(String(50))
    category_id: Mapped[int | None] = mapped_column(index=True)
    cluster: Mapped[str | None] = mapped_column(String(100))
    gray_zone: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_featured: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    benefits: Mapped[list[Any]] = mapped_column(default=list)
    faqs: Mapped[list[Any]] = mapped_column(default=list)
    seo_meta_title: Mapped[str | None]
    seo_meta_description: Mapped[str | None]
    seo_primary_keyword: Mapped[str | None]
    seo_secondary_keywords: Mapped[list[Any]] = mapped_column(default=list)
    services_count: Mapped[int] = mapped_column(default=0, server_default="0")
    practitioners_count: Mapped[int] = mapped_column(default=0, server_default="0")


class ModalityLink(Base):
    """Two modalities that are related; kept in both directions."""

    __tablename__ = "modality_links"

    modality_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    related_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Language(Base):
    """A language by its ISO 639-1 code."""

    __tablename__ = "languages"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(2), unique=True)
    name: Mapped[str]
    native_name: Mapped[str]
    is_rtl: Mapped[bool] = mapped_column(default=False)


class FavoriteService(Base):
    """A service that somebody keeps."""

    __tablename__ = "favorite_services"
    __table_args__ = (Index("ix_favorite_services_newest", "user_id", text("created_at DESC")),)

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class FavoriteCounter(Base):
    """Counts a person's changes of favourites; the lock under which they are made."""

    __tablename__ = "favorite_counters"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=0)


class ModalityPreference(Base):
    """A modality that somebody likes; 0 is liked most."""

    __tablename__ = "modality_preferences"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    modality_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    priority: Mapped[int]


class SearchTerm(Base):
    """A word that services use, and how many do."""

    __tablename__ = "search_terms"
    __table_args__ = (
        Index("ix_search_terms_trgm", "term", postgresql_using="gin", postgresql_ops={"term": "gin_trgm_ops"}),
        Index("ix_search_terms_prefix", "term", postgresql_ops={"term": "text_pattern_ops"}),
    )

    term: Mapped[str] = mapped_column(primary_key=True)
    df: Mapped[int] = mapped_column(default=0)
