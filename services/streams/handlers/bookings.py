"""What bookings and catalog tell of virtual appointments: people and times of their rooms."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.streams.models import Booking, Service, ServiceSession
from services.streams.operations.rooms import booking_changed
from shared.clock import utc_now
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanged:
    """The part of a booking that its room needs."""

    id: int
    public_uuid: UUID
    kind: str
    status: str
    user_id: int
    practitioner_id: int
    practitioner_user_id: int
    service_id: int
    session_ids: list[int] = field(default_factory=list)
    parent_booking_id: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    location_type: str = "virtual"
    service_name: str = ""


_KEPT = (
    *("public_uuid", "kind", "status", "user_id", "practitioner_id", "practitioner_user_id", "service_id"),
    *("parent_booking_id", "start_time", "end_time", "location_type"),
)


@handles("booking.changed", BookingChanged)
def keep_booking(session: Session, event: BookingChanged, message: Message) -> None:
    """Keep people and times; whoever may not be in the room any more is put out."""
    values = {name: getattr(event, name) for name in _KEPT}
    values |= {"service_session_id": next(iter(event.session_ids), None), "title": event.service_name}
    if replace_replica(session, Booking, key={"id": event.id}, values=values, message=message):
        booking_changed(session, event.id, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """Who gives a service, and where."""

    id: int
    name: str = ""
    location_type: str = "virtual"
    practitioner_id: int | None = None
    practitioners: list[dict[str, Any]] = field(default_factory=list)


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep who gives the service."""
    helpers = [one["id"] for one in event.practitioners if isinstance(one.get("id"), int)]
    own = [event.practitioner_id] if event.practitioner_id is not None else []
    values = {
        "name": event.name,
        "location_type": event.location_type,
        "practitioner_ids": list(dict.fromkeys([*own, *helpers])),
    }
    replace_replica(session, Service, key={"id": event.id}, values=values, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Something that is no more."""

    id: int


@handles("service.deleted", Gone)
def drop_service(session: Session, event: Gone, message: Message) -> None:
    """Keep what was sold of it: only nothing new comes."""
    remove_replica(session, Service, key={"id": event.id}, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSessionChanged:
    """A dated session whose bookings share a room."""

    id: int
    public_uuid: UUID | None = None
    service_id: int
    practitioner_id: int
    title: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_participants: int | None = None
    status: str = "scheduled"


@handles("service_session.changed", ServiceSessionChanged)
def keep_session(session: Session, event: ServiceSessionChanged, message: Message) -> None:
    """Keep its times."""
    values = {name: getattr(event, name) for name in ServiceSessionChanged.__slots__ if name != "id"}
    replace_replica(session, ServiceSession, key={"id": event.id}, values=values, message=message)


@handles("service_session.deleted", Gone)
def drop_session(session: Session, event: Gone, message: Message) -> None:
    """Nobody booked it: it has no room."""
    remove_replica(session, ServiceSession, key={"id": event.id}, message=message)
