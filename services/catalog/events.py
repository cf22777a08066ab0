"""Every fact that catalog announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.catalog.domain import cancellation
from services.catalog.models import (
    Language,
    Modality,
    ModalityCategory,
    Practitioner,
    PractitionerCategory,
    Service,
    ServiceCategory,
    ServiceLanguage,
    ServiceModality,
    ServicePractitioner,
    ServiceRelationship,
    ServiceSession,
)
from shared.messaging import Snapshot, event
from shared.privacy import PRIVACY_EVENTS


@event("service.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """All that others may know of a service. Not told for ratings, popularity or seats."""

    id: int
    public_uuid: UUID
    slug: str
    name: str
    short_description: str | None
    service_type: str
    status: str
    is_active: bool
    is_public: bool
    is_visible: bool
    price_cents: int
    currency: str
    duration_minutes: int
    practitioner_id: int
    practitioner_uuid: UUID | None
    practitioners: list[dict[str, Any]]
    category: dict[str, Any] | None
    modality_ids: list[int]
    languages: list[str]
    min_participants: int
    max_participants: int
    location_type: str
    location_id: int | None
    schedule_id: int | None
    validity_days: int
    is_transferable: bool
    is_shareable: bool
    sessions_included: int | None
    bonus_sessions: int
    max_per_customer: int | None
    available_from: datetime | None
    available_until: datetime | None
    children: list[dict[str, Any]]
    cancellation_policy: dict[str, Any]
    image_url: str | None
    published_at: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, session: Session, service: Service) -> Self:
        """Tell a service's present state."""
        category = session.get(ServiceCategory, service.category_id) if service.category_id else None
        return cls(
            **{name: getattr(service, name) for name in _COPIED},
            service_type=service.code,
            is_visible=service.is_visible,
            currency="usd",
            practitioner_uuid=session.scalar(
                select(Practitioner.public_uuid).where(Practitioner.id == service.practitioner_id)
            ),
            practitioners=_practitioners(session, service.id),
            category={"id": category.id, "slug": category.slug, "name": category.name} if category else None,
            modality_ids=list(
                session.scalars(
                    select(ServiceModality.modality_id)
                    .where(ServiceModality.service_id == service.id)
                    .order_by(ServiceModality.modality_id)
                )
            ),
            languages=list(
                session.scalars(
                    select(Language.code)
                    .join(ServiceLanguage, ServiceLanguage.language_id == Language.id)
                    .where(ServiceLanguage.service_id == service.id)
                    .order_by(Language.code)
                )
            ),
            children=_children(session, service.id),
            cancellation_policy=cancellation.as_event(service.policy_code, service.policy_tiers),
            image_url=service.image_url or (service.primary_image or {}).get("url"),
        )


_COPIED = (
    *("id", "public_uuid", "slug", "name", "short_description", "status", "is_active", "is_public", "price_cents"),
    *("duration_minutes", "practitioner_id", "min_participants", "max_participants", "location_type", "location_id"),
    *("schedule_id", "validity_days", "is_transferable", "is_shareable", "sessions_included", "bonus_sessions"),
    *("max_per_customer", "available_from", "available_until", "published_at", "updated_at"),
)


def _practitioners(session: Session, service_id: int) -> list[dict[str, Any]]:
    offered = session.scalars(
        select(ServicePractitioner)
        .where(ServicePractitioner.service_id == service_id)
        .order_by(ServicePractitioner.is_primary.desc(), ServicePractitioner.id)
    )
    return [
        {
            "practitioner_id": one.practitioner_id,
            "is_primary": one.is_primary,
            "role": one.role,
            "share_bp": one.share_bp,
        }
        for one in offered
    ]


def _children(session: Session, service_id: int) -> list[dict[str, Any]]:
    contained = session.scalars(
        select(ServiceRelationship)
        .where(ServiceRelationship.parent_id == service_id)
        .order_by(ServiceRelationship.position, ServiceRelationship.id)
    )
    return [
        {
            "service_id": one.child_id,
            "quantity": one.quantity,
            "discount_bp": one.discount_bp,
            "is_required": one.is_required,
            "position": one.position,
        }
        for one in contained
    ]


@event("service.deleted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone for good; what was sold of it stays valid."""

    id: int
    public_uuid: UUID
    practitioner_id: int
    deleted_at: datetime

    @classmethod
    def of(cls, service: Service) -> Self:
        """Tell of a deleted service."""
        assert service.deleted_at is not None
        return cls(
            id=service.id,
            public_uuid=service.public_uuid,
            practitioner_id=service.practitioner_id,
            deleted_at=service.deleted_at,
        )


@event("service_session.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSessionChanged:
    """All that others may know of a dated session; `previous` are its times before it was moved."""

    id: int
    public_uuid: UUID
    service_id: int
    practitioner_id: int
    title: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str
    duration_minutes: int | None
    max_participants: int | None
    price_cents: int | None
    status: str
    visibility: str
    location_id: int | None
    sequence_number: int
    reschedule_count: int
    previous: dict[str, Any] | None
    reason: str | None

    @classmethod
    def of(cls, dated: ServiceSession, *, previous: dict[str, Any] | None = None, reason: str | None = None) -> Self:
        """Tell a dated session's present state."""
        told = {name: getattr(dated, name) for name in cls.__slots__ if name not in ("previous", "reason")}
        return cls(**told, previous=previous, reason=reason)


@event("service_session.deleted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSessionDeleted:
    """A dated session that nobody booked is gone."""

    id: int
    service_id: int


Category = ServiceCategory | PractitionerCategory | Modality | ModalityCategory
KINDS: dict[type[Any], str] = {
    ServiceCategory: "service",
    PractitionerCategory: "practitioner",
    Modality: "modality",
    ModalityCategory: "modality_category",
}


@event("category.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryChanged:
    """All that others may know of a category or modality; `parent_id` is a modality's category."""

    kind: str
    id: int
    slug: str
    name: str
    description: str | None
    parent_id: int | None
    practitioner_id: int | None
    is_active: bool
    position: int
    deleted: bool

    @classmethod
    def of(cls, row: Category, *, deleted: bool = False) -> Self:
        """Tell a category's present state."""
        return cls(
            kind=KINDS[type(row)],
            id=row.id,
            slug=row.slug,
            name=row.name,
            description=row.short_description if isinstance(row, ModalityCategory) else row.description,
            parent_id=row.category_id if isinstance(row, Modality) else None,
            practitioner_id=row.practitioner_id if isinstance(row, PractitionerCategory) else None,
            is_active=row.is_active,
            position=row.position,
            deleted=deleted,
        )


@event("favorite.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class FavoriteChanged:
    """Somebody keeps a service, or no longer; `total` is how many they keep now."""

    user_id: int
    kind: str
    target_id: int
    is_favorite: bool
    total: int


@event("media.claimed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaClaimed:
    """A file is in use."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


@event("media.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReleased:
    """A file is no longer in use here."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


PUBLISHES = [
    ServiceChanged,
    ServiceDeleted,
    ServiceSessionChanged,
    ServiceSessionDeleted,
    CategoryChanged,
    FavoriteChanged,
    MediaClaimed,
    MediaReleased,
    *PRIVACY_EVENTS,
]

SNAPSHOTS = [
    Snapshot(ServiceChanged, select(Service).where(Service.deleted_at.is_(None)), build=ServiceChanged.of),
    Snapshot(ServiceDeleted, select(Service).where(Service.deleted_at.is_not(None))),
    Snapshot(ServiceSessionChanged, select(ServiceSession)),
    *(Snapshot(CategoryChanged, select(model)) for model in KINDS),
]
