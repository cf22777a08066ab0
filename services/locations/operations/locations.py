"""Practitioners' locations: adding, changing, marking, deleting.

Finding an address may ask a provider over the network, so it happens between a transaction that reads and one that
writes. The second one finds out whether somebody else was quicker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.locations.domain import words
from services.locations.domain.errors import PinTooFar
from services.locations.domain.sphere import Point
from services.locations.models import Practitioner, PractitionerLocation
from services.locations.operations import primary
from services.locations.operations.announcing import announce, announce_deleted
from services.locations.operations.callers import (
    location_to_change,
    lock_practitioner,
    practitioner_in_business,
)
from services.locations.operations.counting import counted
from services.locations.operations.limits import check_limit
from services.locations.operations.placing import PIN_FAR, Placed, nowhere, place_address, public_columns, zone_of
from services.locations.operations.resolving import Address, resolve_address
from services.locations.settings import settings
from shared.database import reading, transaction
from shared.errors import Conflict, Invalid
from shared.identity import Identity

PLAIN: Final = (
    *("name", "service_radius_miles", "address_visibility", "virtual_platform", "virtual_url", "arrival_notes"),
    *("accessibility", "is_virtual", "is_in_person"),
)
DEFAULTS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(PLAIN),
    "address_visibility": words.AFTER_BOOKING,
    "accessibility": [],
    "is_virtual": False,
    "is_in_person": True,
}
Check = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A location that was written, and what its owner should know of it."""

    location: PractitionerLocation
    warnings: tuple[str, ...] = ()


def create_location(
    body: Mapping[str, Any], *, by: Identity, now: datetime, creation_key: str | None = None
) -> Written:
    """Add a location to the caller's practice; the first one becomes the primary one.

    `creation_key` makes a repetition after a crash find the first one. Raises NotAPractitioner, PractitionerSuspended,
    LocationLimitReached, Invalid. Emits LocationChanged, also of a former primary one.
    """
    wanted = _wanted(DEFAULTS, body)
    with transaction() as session:
        practitioner = practitioner_in_business(session, by)
        made = _made_before(session, practitioner.id, creation_key)
        if made is not None:
            return Written(location=made)
        check_limit(session, practitioner, is_in_person=wanted["is_in_person"])
    address = _address(body, wanted)
    placed = nowhere()
    if wanted["is_in_person"]:
        placed = place_address(address, pin=_pin(body), source=words.CLIENT, now=now)
    columns = _columns(wanted, address, placed, body.get("timezone"), practitioner.timezone)
    with transaction() as session:
        locked = lock_practitioner(session, practitioner.id) or practitioner
        made = _made_before(session, locked.id, creation_key)
        if made is not None:
            return Written(location=made)
        check_limit(session, locked, is_in_person=wanted["is_in_person"])
        is_primary = bool(body.get("is_primary")) or not primary.has_any(session, locked.id)
        with counted(session, locked.id):
            if is_primary:
                primary.unset_primary(session, locked.id)
            location = PractitionerLocation(
                practitioner_id=locked.id,
                practitioner_uuid=locked.public_uuid,
                practitioner_name=locked.display_name,
                practitioner_slug=locked.slug,
                listed=locked.is_listed,
                creation_key=creation_key,
                is_primary=is_primary,
                **columns,
            )
            session.add(location)
            announce(session, location)
        return Written(location=location, warnings=placed.warnings)


def update_location(
    reference: str, body: Mapping[str, Any], *, by: Identity, now: datetime, match: Check, whole: bool = False
) -> Written:
    """Change a location; with `whole`, what is absent takes its default.

    `match` is told the version that the change is made on. A changed address is found on the map again, unless a point
    comes with it. Raises what `location_to_change` does, LocationLimitReached, Invalid, Conflict. Emits
    LocationChanged.
    """
    with transaction() as session:
        before = location_to_change(session, reference, by)
        match(before.version)
        owner = session.get(Practitioner, before.practitioner_id)
    wanted = _wanted(DEFAULTS if whole else {name: getattr(before, name) for name in PLAIN}, body)
    address = _address(body if whole else {**_kept_inputs(before, body), **body}, wanted)
    placed = _placed_again(before, address, wanted, body, now)
    zone = _zone(before, body, whole=whole)
    columns = _columns(wanted, address, placed, zone, owner.timezone if owner else None)
    with transaction() as session:
        location = _locked(session, before)
        if columns["is_in_person"] and not before.is_in_person and owner is not None:
            check_limit(session, owner, is_in_person=True, except_id=location.id)
        with counted(session, location.practitioner_id):
            if body.get("is_primary"):
                primary.make_primary(session, location)
            location.set_values(columns)
            if session.is_modified(location):
                announce(session, location)
        return Written(location=location, warnings=placed.warnings)


def place_again(reference: str, pin: Point | None, *, by: Identity, now: datetime) -> Written:
    """Find a location's address again, or put a pin where the owner says.

    Raises what `location_to_change` does, PinTooFar, Invalid where there is no address, Conflict. Emits
    LocationChanged.
    """
    with transaction() as session:
        before = location_to_change(session, reference, by)
        owner = session.get(Practitioner, before.practitioner_id)
    if not before.is_in_person:
        raise Invalid("A virtual location has no address.")
    wanted = {name: getattr(before, name) for name in PLAIN}
    address = _address(_kept_inputs(before, {}), wanted)
    placed = place_address(address, pin=pin, source=words.MANUAL, now=now)
    if pin is not None and PIN_FAR in placed.warnings:
        raise PinTooFar
    zone = before.timezone if before.timezone_given else None
    columns = _columns(wanted, address, placed, zone, owner.timezone if owner else None)
    with transaction() as session:
        location = _locked(session, before)
        with counted(session, location.practitioner_id):
            location.set_values(columns)
            if session.is_modified(location):
                announce(session, location)
        return Written(location=location, warnings=placed.warnings)


def set_primary(session: Session, reference: str, *, by: Identity) -> PractitionerLocation:
    """Make a location the primary one; a second time changes nothing.

    Raises what `location_to_change` does. Emits LocationChanged of the old and the new one.
    """
    location = location_to_change(session, reference, by)
    lock_practitioner(session, location.practitioner_id)
    session.refresh(location, with_for_update=True)
    if not location.is_primary and location.deleted_at is None:
        primary.make_primary(session, location)
        announce(session, location)
    return location


def delete_location(session: Session, reference: str, *, by: Identity, now: datetime) -> None:
    """Delete a location; the next one becomes primary if it was. Bookings keep what they copied.

    Raises what `location_to_change` does. Emits LocationDeleted, LocationChanged.
    """
    location = location_to_change(session, reference, by)
    lock_practitioner(session, location.practitioner_id)
    session.refresh(location, with_for_update=True)
    if location.deleted_at is None:
        remove(session, location, now=now)


def remove(session: Session, location: PractitionerLocation, *, now: datetime, promote: bool = True) -> None:
    """Mark a location as deleted and tell of it; the practitioner's row must be locked."""
    with counted(session, location.practitioner_id):
        was_primary, location.is_primary = location.is_primary, False
        location.deleted_at, location.geocode_due_at = now, None
        announce_deleted(session, location, was_primary=was_primary)
        if was_primary and promote:
            primary.promote_next(session, location.practitioner_id)


def _wanted(base: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain columns that a request asks for. Raises Invalid if people could not meet at all."""
    wanted = {name: body.get(name, base[name]) for name in PLAIN}
    for name in ("address_visibility", "accessibility", "is_virtual", "is_in_person"):
        if wanted[name] is None:
            wanted[name] = DEFAULTS[name]
    if not (wanted["is_virtual"] or wanted["is_in_person"]):
        sentence = ["A location is in person, virtual, or both."]
        raise Invalid(errors={"is_in_person": sentence, "is_virtual": sentence})
    return wanted


def _address(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> Address:
    with reading() as connection:
        return resolve_address(
            connection,
            given,
            is_in_person=wanted["is_in_person"],
            default_country=settings().locations_default_country,
        )


def _kept_inputs(before: PractitionerLocation, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stays of a location's address under a request that names other parts of it."""
    kept: dict[str, Any] = {
        "address_line1": before.address_line1,
        "address_line2": before.address_line2,
        "postal_code": before.postal_code,
        "country": before.country_id,
        "state": before.state_id,
        "city": before.city_id,
        "input_city_name": before.city_name if before.city_id is None else None,
    }
    gone: set[str] = set()
    if body.get("city") is not None:
        gone |= {"input_city_name", "state"}
    if body.get("input_city_name"):
        gone |= {"city"}
    if body.get("input_state_code") or body.get("input_state_name"):
        gone |= {"state"}
    if body.get("input_country_code") or body.get("input_country_name"):
        gone |= {"country"}
    return {name: value for name, value in kept.items() if name not in gone}


def _zone(before: PractitionerLocation, body: Mapping[str, Any], *, whole: bool) -> str | None:
    """Return the zone that somebody chose, None where it follows from the place.

    A client that sends back what it read has chosen nothing.
    """
    if "timezone" not in body and not whole:
        return before.timezone if before.timezone_given else None
    asked = body.get("timezone")
    return None if asked == before.timezone and not before.timezone_given else asked


def _pin(body: Mapping[str, Any]) -> Point | None:
    latitude, longitude = body.get("latitude"), body.get("longitude")
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        missing = "latitude" if latitude is None else "longitude"
        raise Invalid.field(missing, "A point needs both.")
    return Point(latitude, longitude)


_PLACE_COLUMNS: Final = (
    *("latitude", "longitude", "precision", "geocode_status", "geocode_source", "geocoded_at", "place_id"),
    *("geocode_due_at", "geocode_attempts"),
)


def _placed_again(
    before: PractitionerLocation, address: Address, wanted: Mapping[str, Any], body: Mapping[str, Any], now: datetime
) -> Placed:
    """Return where the location is after a change: only an address or a point that is another is looked up."""
    if not wanted["is_in_person"]:
        return nowhere()
    pin = _pin(body)
    if pin is not None and pin == before.point:
        pin = None
    has_moved = not before.is_in_person or any(
        getattr(before, name) != value for name, value in address.columns.items() if name != "city_id"
    )
    if has_moved or (before.city_id or None) != (address.columns["city_id"] or before.city_id):
        return place_address(address, pin=pin, source=words.CLIENT, now=now)
    if pin is not None:
        return place_address(address, pin=pin, source=words.MANUAL, now=now)
    city = {"id": before.city_id, "name": before.city_name} if before.city_id and not address.city else None
    return Placed(columns={name: getattr(before, name) for name in _PLACE_COLUMNS}, city=city)


def _columns(
    wanted: Mapping[str, Any], address: Address, placed: Placed, zone: str | None, practitioner_zone: str | None
) -> dict[str, Any]:
    """Return every column of a location that follows from what was asked and found."""
    columns = {**wanted, **address.columns, **placed.columns}
    if placed.city is not None:
        columns |= {"city_id": placed.city["id"], "city_name": placed.city["name"]}
    columns |= public_columns(columns, wanted["address_visibility"])
    columns["timezone_given"] = zone is not None
    columns["timezone"] = zone or zone_of(columns, address, practitioner_zone=practitioner_zone)
    return columns


def _locked(session: Session, before: PractitionerLocation) -> PractitionerLocation:
    """Return the location, locked, if it is still what was read. Raises Conflict."""
    lock_practitioner(session, before.practitioner_id)
    location = session.get(PractitionerLocation, before.id, with_for_update=True, populate_existing=True)
    if location is None or location.version != before.version or location.deleted_at is not None:
        raise Conflict("Somebody else has changed this location meanwhile. Read it again.")
    return location


def _made_before(session: Session, practitioner_id: int, key: str | None) -> PractitionerLocation | None:
    if key is None:
        return None
    return session.scalar(
        select(PractitionerLocation).where(
            PractitionerLocation.practitioner_id == practitioner_id, PractitionerLocation.creation_key == key
        )
    )
