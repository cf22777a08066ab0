"""What locations tell: places, as far as they are public."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.catalog.models import Location
from services.catalog.operations.following import follow_location, leave_location
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationChanged:
    """A place; never its exact address."""

    id: int
    public_uuid: UUID | None = None
    practitioner_id: int
    name: str | None = None
    public: dict[str, Any] = field(default_factory=dict)
    city_name: str | None = None
    city_slug: str | None = None
    state_code: str | None = None
    state_name: str | None = None
    country_code: str | None = None
    country_name: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDeleted:
    """A place is gone."""

    id: int


_FIELDS = tuple(name for name in LocationChanged.__slots__ if name not in ("id", "public"))


@handles("location.changed", LocationChanged)
def keep_location(session: Session, event: LocationChanged, message: Message) -> None:
    """Keep the newest state of a place."""
    values = {name: getattr(event, name) for name in _FIELDS}
    values["full_address"] = event.public.get("full_address")
    values["latitude"] = _degrees(event.public.get("latitude"))
    values["longitude"] = _degrees(event.public.get("longitude"))
    if replace_replica(session, Location, key={"id": event.id}, values=values, message=message):
        follow_location(session, event.id)


@handles("location.deleted", LocationDeleted)
def forget_location(session: Session, event: LocationDeleted, message: Message) -> None:
    """Take the place off services."""
    if remove_replica(session, Location, key={"id": event.id}, message=message):
        leave_location(session, event.id)


def _degrees(value: Any) -> float | None:
    return None if value in (None, "") else float(value)
