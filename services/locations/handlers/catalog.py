"""What catalog tells: where services are given. Cities show how many."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.locations.models import Service
from services.locations.operations.following import count_service, lock_places, place_of
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """The part of a service that is counted. It may name a location that is not known here yet."""

    id: int
    location_id: int | None = None
    is_visible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone."""

    id: int


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep the newest state of a service, and count it where it is."""
    values = {"location_id": event.location_id, "is_visible": event.is_visible}
    _take(session, event.id, event.location_id, values, message, is_deleted=False)


@handles("service.deleted", ServiceDeleted)
def forget_service(session: Session, event: ServiceDeleted, message: Message) -> None:
    """Count the service nowhere any more."""
    _take(session, event.id, None, {"is_visible": False}, message, is_deleted=True)


def _take(
    session: Session,
    service_id: int,
    location_id: int | None,
    values: dict[str, Any],
    message: Message,
    *,
    is_deleted: bool,
) -> None:
    before = place_of(session, service_id)
    cities = lock_places(session, before, location_id)
    take = remove_replica if is_deleted else replace_replica
    if take(session, Service, key={"id": service_id}, values=values, message=message):
        count_service(session, cities, before=before, after=place_of(session, service_id))
