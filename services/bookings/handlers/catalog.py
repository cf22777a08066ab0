"""What catalog says of services and their dated sessions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.models import FavoriteTotal, Service, SessionSeat
from services.bookings.operations.dated import drop_session, lay_in_calendars, take_session
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """The whole state of a service."""

    id: int
    public_uuid: UUID
    slug: str | None = None
    name: str
    short_description: str | None = None
    service_type: str
    status: str
    is_active: bool = True
    is_public: bool = True
    is_visible: bool = True
    price_cents: int
    duration_minutes: int
    practitioner_id: int
    practitioners: list[dict[str, Any]] = field(default_factory=list)
    max_participants: int | None = None
    location_type: str = "virtual"
    location_id: int | None = None
    schedule_id: int | None = None
    validity_days: int | None = None
    sessions_included: int | None = None
    bonus_sessions: int | None = None
    max_per_customer: int | None = None
    available_from: datetime | None = None
    available_until: datetime | None = None
    children: list[dict[str, Any]] = field(default_factory=list)
    cancellation_policy: dict[str, Any] | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSessionChanged:
    """The whole state of a dated session."""

    id: int
    public_uuid: UUID | None = None
    service_id: int
    practitioner_id: int | None = None
    title: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    timezone: str = "UTC"
    max_participants: int | None = None
    price_cents: int | None = None
    status: str = "draft"
    visibility: str | None = None
    location_id: int | None = None
    sequence_number: int = 1
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSessionDeleted:
    """A dated session is gone."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FavoriteChanged:
    """How many favourites of a kind a user has now."""

    user_id: int
    kind: str
    total: int = 0


_SERVICE_FIELDS = tuple(name for name in ServiceChanged.__slots__ if name != "id")


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep the newest state of a service; what is booked already stays as it was booked."""
    values = {name: getattr(event, name) for name in _SERVICE_FIELDS}
    values["cancellation_policy"] = event.cancellation_policy or {}
    before = session.get(Service, event.id)
    gave_it = before.practitioner_ids if before else None
    session.expunge_all()
    if not replace_replica(session, Service, key={"id": event.id}, values=values, message=message):
        return
    after = session.get(Service, event.id)
    if after is not None and after.practitioner_ids != gave_it:
        for seat in session.scalars(select(SessionSeat).where(SessionSeat.service_id == event.id)):
            lay_in_calendars(session, seat)


@handles("service.deleted", ServiceDeleted)
def forget_service(session: Session, event: ServiceDeleted, message: Message) -> None:
    """Take no more bookings of it."""
    remove_replica(session, Service, key={"id": event.id}, message=message)


@handles("service_session.changed", ServiceSessionChanged)
def keep_session(session: Session, event: ServiceSessionChanged, message: Message) -> None:
    """Keep the newest state of a dated session; its bookings are told by the clock if it moved or was canceled."""
    values = {name: getattr(event, name) for name in ServiceSessionChanged.__slots__ if name != "id"}
    values["capacity"] = values.pop("max_participants")
    take_session(session, event.id, values, message=message)


@handles("service_session.deleted", ServiceSessionDeleted)
def forget_session(session: Session, event: ServiceSessionDeleted, message: Message) -> None:
    """Cancel what was booked of it."""
    drop_session(session, event.id, message=message)


@handles("favorite.changed", FavoriteChanged)
def keep_favorite_total(session: Session, event: FavoriteChanged, message: Message) -> None:
    """Keep how many favourites a user has."""
    key = {"user_id": event.user_id, "kind": event.kind}
    replace_replica(session, FavoriteTotal, key=key, values={"total": event.total}, message=message)
