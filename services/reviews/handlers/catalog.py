"""What catalog tells: services."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.reviews.models import Service
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """The part of a service that reviews show."""

    id: int
    public_uuid: UUID
    slug: str | None = None
    name: str
    short_description: str | None = None
    practitioner_id: int
    practitioners: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone."""

    id: int


_FIELDS = ("public_uuid", "slug", "name", "short_description", "practitioner_id")


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep the newest state of a service."""
    values = {name: getattr(event, name) for name in _FIELDS}
    values["practitioner_ids"] = [one["practitioner_id"] for one in event.practitioners]
    replace_replica(session, Service, key={"id": event.id}, values=values, message=message)


@handles("service.deleted", ServiceDeleted)
def drop_service(session: Session, event: ServiceDeleted, message: Message) -> None:
    """Keep the name: its reviews stay, and count for the practitioner."""
    remove_replica(session, Service, key={"id": event.id}, message=message)
