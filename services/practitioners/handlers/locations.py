"""What locations tells: where practitioners work, as anybody may see it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.practitioners.domain.text import place_key
from services.practitioners.models import Place
from services.practitioners.operations.facts import refresh_facts
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationChanged:
    """The public part of a location. The exact address travels too, and is not read here."""

    id: int
    public_uuid: UUID | None = None
    practitioner_id: int
    name: str | None = None
    location_types: list[str] = field(default_factory=list)
    is_primary: bool = False
    is_virtual: bool = False
    is_in_person: bool = False
    address_visibility: str = "hidden"
    public: dict[str, Any] = field(default_factory=dict)
    city_id: int | None = None
    city_name: str | None = None
    city_slug: str | None = None
    state_id: int | None = None
    state_code: str | None = None
    state_name: str | None = None
    country_id: int | None = None
    country_code: str | None = None
    country_name: str | None = None
    timezone: str | None = None
    service_radius_miles: float | None = None


_COPIED = (
    *("public_uuid", "practitioner_id", "name", "location_types", "is_primary", "is_virtual", "is_in_person"),
    *("address_visibility", "city_id", "city_name", "city_slug", "state_id", "state_code", "state_name"),
    *("country_id", "country_code", "country_name", "timezone", "service_radius_miles"),
)


@handles("location.changed", LocationChanged)
def keep_location(session: Session, event: LocationChanged, message: Message) -> None:
    """Keep the place; its practitioner is found there."""
    before = session.get(Place, event.id)
    held = before.practitioner_id if before else event.practitioner_id
    values = {
        **{name: getattr(event, name) for name in _COPIED},
        "line1": event.public.get("line1") or "",
        "postal_code": event.public.get("postal_code") or "",
        "full_address": event.public.get("full_address") or "",
        "latitude": _number(event.public.get("latitude")),
        "longitude": _number(event.public.get("longitude")),
        "city_key": place_key(event.city_name),
        "state_key": place_key(event.state_name),
        "country_key": place_key(event.country_name),
    }
    if replace_replica(session, Place, key={"id": event.id}, values=values, message=message):
        refresh_facts(session, {held, event.practitioner_id})


def _number(value: Any) -> float | None:
    """Read a coordinate, which may come as a decimal string."""
    return None if value is None or value == "" else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDeleted:
    """A location is gone."""

    id: int
    practitioner_id: int


@handles("location.deleted", LocationDeleted)
def drop_location(session: Session, event: LocationDeleted, message: Message) -> None:
    """Forget the place."""
    values = {"listed": False, "is_primary": False, "practitioner_id": event.practitioner_id}
    if remove_replica(session, Place, key={"id": event.id}, message=message, values=values):
        refresh_facts(session, {event.practitioner_id})
