"""Replicas of what is sold: services, and streams that fans join."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.payments.models import ServiceRef, StreamRef
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """A service's public state."""

    id: int
    public_uuid: UUID
    slug: str | None = ""
    name: str | None = ""
    price_cents: int | None = 0
    service_type: str | None = ""
    practitioner_id: int | None = 0
    is_active: bool = True
    practitioners: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChanged:
    """A stream's public state."""

    id: int
    public_uuid: UUID
    practitioner_id: int
    title: str | None = ""
    entry_price_cents: int | None = None
    premium_price_cents: int | None = None
    free_tier_name: str | None = "Free"
    entry_tier_name: str | None = "Entry"
    premium_tier_name: str | None = "Premium"
    is_active: bool = True
    is_launched: bool = True
    deleted: bool = False


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep price, kind and who shares in it."""
    replace_replica(
        session,
        ServiceRef,
        key={"id": event.id},
        values={
            "uuid": event.public_uuid,
            "slug": event.slug or "",
            "name": event.name or "",
            "price_cents": event.price_cents or 0,
            "service_type": event.service_type or "",
            "practitioner_id": event.practitioner_id or 0,
            "is_active": event.is_active,
            "shares": event.practitioners,
        },
        message=message,
    )


@handles("service.deleted", ServiceDeleted)
def drop_service(session: Session, event: ServiceDeleted, message: Message) -> None:
    """Sell it no more."""
    remove_replica(session, ServiceRef, key={"id": event.id}, message=message)


@handles("stream.changed", StreamChanged)
def keep_stream(session: Session, event: StreamChanged, message: Message) -> None:
    """Keep what joining costs."""
    replace_replica(
        session,
        StreamRef,
        key={"id": event.id},
        values={
            "uuid": event.public_uuid,
            "practitioner_id": event.practitioner_id,
            "title": event.title or "",
            "entry_price_cents": event.entry_price_cents,
            "premium_price_cents": event.premium_price_cents,
            "tier_names": {
                "free": event.free_tier_name or "Free",
                "entry": event.entry_tier_name or "Entry",
                "premium": event.premium_tier_name or "Premium",
            },
            "is_active": event.is_active and event.is_launched and not event.deleted,
        },
        message=message,
    )
