"""What locations says of the places where practitioners work."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from services.bookings.models import Location
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationChanged:
    """The whole state of a place; `address` is the exact one, for those whose booking is confirmed."""

    id: int
    practitioner_id: int
    name: str | None = None
    address: dict[str, Any] = field(default_factory=dict)
    city_name: str | None = None
    state_code: str | None = None
    country_code: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDeleted:
    """A place is gone."""

    id: int


@handles("location.changed", LocationChanged)
def keep_location(session: Session, event: LocationChanged, message: Message) -> None:
    """Keep the newest state of a place."""
    values = {
        "practitioner_id": event.practitioner_id,
        "name": event.name or "",
        "city": event.city_name,
        "state_code": event.state_code,
        "country_code": event.country_code,
        "address_line_1": event.address.get("line1"),
        "full_address": event.address.get("full_address"),
        "timezone": event.timezone,
    }
    replace_replica(session, Location, key={"id": event.id}, values=values, message=message)


@handles("location.deleted", LocationDeleted)
def forget_location(session: Session, event: LocationDeleted, message: Message) -> None:
    """Take no new bookings there; what is booked keeps it."""
    remove_replica(session, Location, key={"id": event.id}, message=message)
