"""Every fact that locations announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.locations.domain import words
from services.locations.domain.addresses import country_in_address, full_address
from services.locations.domain.hiding import shown_postal_code
from services.locations.models import City, Country, PractitionerLocation, State
from shared.messaging import Snapshot, event
from shared.privacy import PRIVACY_EVENTS


@event("location.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LocationChanged:
    """A location's whole state. `address` is exact, for people with a confirmed booking only; `public` for anybody."""

    id: int
    public_uuid: UUID
    practitioner_id: int
    practitioner_uuid: UUID
    name: str | None
    location_types: list[str]
    is_primary: bool
    is_virtual: bool
    is_in_person: bool
    address_visibility: str
    address: dict[str, Any]
    public: dict[str, Any]
    city_id: int | None
    city_name: str | None
    city_slug: str | None
    state_id: int | None
    state_code: str | None
    state_name: str | None
    country_id: int | None
    country_code: str | None
    country_name: str | None
    timezone: str
    precision: str | None
    service_radius_miles: float | None
    virtual_platform: str | None
    virtual_url: str | None
    arrival_notes: str | None
    accessibility: list[str]
    updated_at: datetime

    @classmethod
    def of(cls, session: Session, row: PractitionerLocation) -> Self:
        """Tell the present state."""
        city = session.get(City, row.city_id) if row.city_id else None
        state = session.get(State, row.state_id) if row.state_id else None
        country = session.get(Country, row.country_id) if row.country_id else None
        radius = row.service_radius_miles
        return cls(
            **{name: getattr(row, name) for name in _COPIED},
            accessibility=list(row.accessibility),
            address=_exact(row, state, country),
            public=_public(row, country),
            city_slug=city.seo_url if city else None,
            state_name=state.name if state else None,
            country_name=country.name if country else None,
            service_radius_miles=None if radius is None else float(radius),
        )


_COPIED = (
    *("id", "public_uuid", "practitioner_id", "practitioner_uuid", "name", "location_types", "is_primary"),
    *("is_virtual", "is_in_person", "address_visibility", "city_id", "city_name", "state_id", "state_code"),
    *("country_id", "country_code", "timezone", "precision", "virtual_platform", "virtual_url", "arrival_notes"),
    "updated_at",
)


def _exact(row: PractitionerLocation, state: State | None, country: Country | None) -> dict[str, Any]:
    return {
        "line1": row.address_line1,
        "line2": row.address_line2,
        "city_name": row.city_name,
        "state_code": row.state_code,
        "state_name": state.name if state else None,
        "postal_code": row.postal_code,
        "country_code": row.country_code,
        "country_name": country.name if country else None,
        "latitude": _degrees(row.latitude),
        "longitude": _degrees(row.longitude),
        "full_address": _written(row, country, line1=row.address_line1, postal_code=row.postal_code),
    }


def _public(row: PractitionerLocation, country: Country | None) -> dict[str, Any]:
    is_public = row.address_visibility == words.PUBLIC
    line1 = row.address_line1 if is_public else ""
    postal_code = row.postal_code if is_public else shown_postal_code(row.postal_code)
    return {
        "line1": line1,
        "postal_code": postal_code,
        "full_address": _written(row, country, line1=line1, postal_code=postal_code, is_exact=is_public),
        "latitude": _degrees(row.public_latitude),
        "longitude": _degrees(row.public_longitude),
    }


def _written(
    row: PractitionerLocation, country: Country | None, *, line1: str, postal_code: str, is_exact: bool = True
) -> str:
    return full_address(
        line1=line1,
        line2=row.address_line2 if is_exact else None,
        city=row.city_name,
        state=row.state_code,
        postal_code=postal_code,
        country=country_in_address(country.code, country.name) if country else None,
    )


def _degrees(value: Any) -> str | None:
    return None if value is None else f"{value:.6f}"


@event("location.deleted")
@dataclass(frozen=True, slots=True, kw_only=True)
class LocationDeleted:
    """A location is gone; bookings keep what they copied."""

    id: int
    public_uuid: UUID
    practitioner_id: int
    was_primary: bool

    @classmethod
    def of(cls, row: PractitionerLocation, *, was_primary: bool = False) -> Self:
        """Tell of the end."""
        return cls(id=row.id, public_uuid=row.public_uuid, practitioner_id=row.practitioner_id, was_primary=was_primary)


PUBLISHES = [LocationChanged, LocationDeleted, *PRIVACY_EVENTS]
SNAPSHOTS = [
    Snapshot(
        LocationChanged,
        select(PractitionerLocation).where(PractitionerLocation.deleted_at.is_(None)),
        build=LocationChanged.of,
    ),
    Snapshot(LocationDeleted, select(PractitionerLocation).where(PractitionerLocation.deleted_at.is_not(None))),
]
