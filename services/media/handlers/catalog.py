"""What catalog tells: services that files are attached to."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.media.operations.following import entity_gone, keep_entity
from shared.messaging import Message, handles

FILES_KEPT = timedelta(days=30)
"""A deleted service's files stay that long: what was sold of it may need them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """The part of a service that decides about files."""

    id: int
    public_uuid: str
    practitioner_id: int
    practitioners: list[dict[str, Any]] = field(default_factory=list)


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep who gives the service."""
    giving = {event.practitioner_id, *(int(one["practitioner_id"]) for one in event.practitioners)}
    keep_entity(
        session, message, kind="service", uuid=event.public_uuid, number=event.id, practitioner_ids=sorted(giving)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone."""

    id: int
    public_uuid: str


@handles("service.deleted", ServiceDeleted)
def drop_service(session: Session, event: ServiceDeleted, message: Message) -> None:
    """Delete its files, thirty days on."""
    entity_gone(session, message, kind="service", uuid=event.public_uuid, number=event.id, after=FILES_KEPT)
