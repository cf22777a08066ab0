"""What happens by itself: trying addresses again, renewing what Google lets us keep, forgetting what is over."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from services.locations.clients.zone_names import all_zones
from services.locations.clients.zones import zone_at
from services.locations.domain import words
from services.locations.domain.sphere import Point
from services.locations.models import City, GeocodeCache, GeocodeUsage, PractitionerLocation, Zipcode, lookups
from services.locations.operations.announcing import announce
from services.locations.operations.callers import lock_practitioner
from services.locations.operations.counting import counted
from services.locations.operations.geocoding import geocoding
from services.locations.operations.placing import (
    FIRST_RETRY,
    LAST_RETRY,
    Placed,
    exact_columns,
    place_address,
    public_columns,
)
from services.locations.operations.resolving import Address
from services.locations.operations.throttling import forget_minutes
from shared.database import reading, transaction

BATCH: Final = 20
REFRESH_AFTER: Final = timedelta(days=25)
CREATION_KEYS_KEPT: Final = timedelta(hours=72)
USAGE_KEPT: Final = timedelta(days=400)
L = PractitionerLocation


def geocode_due(*, now: datetime) -> int:
    """Try up to 20 addresses again that were found badly; return how many were due. Needs Google.

    Each is put off before it is tried, by 1, 4, 16 … minutes up to a day, so that two workers never try the same.
    """
    if not geocoding().has_google:
        return 0
    with transaction() as session:
        due = (
            select(L)
            .where(L.geocode_due_at <= now, L.deleted_at.is_(None), L.is_in_person)
            .order_by(L.geocode_due_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        found = session.scalars(due).all()
        for location in found:
            later = min(FIRST_RETRY * 4 ** min(location.geocode_attempts, 8), LAST_RETRY)
            _put_off(session, location.id, due_at=now + later, attempts=location.geocode_attempts + 1)
    for location in found:
        address = _address(location)
        placed = place_address(address, pin=None, source=words.CLIENT, now=now)
        if placed.columns["geocode_source"] == words.GOOGLE:
            _replace(location, placed)
    return len(found)


def refresh_google(*, now: datetime) -> int:
    """Read up to 20 of Google's points anew that are older than 25 days; return how many there were.

    Google allows to keep a point for 30 days and a place's id for ever. Where it does not answer, our own tables do.
    """
    old = (
        select(L)
        .where(L.geocode_source == words.GOOGLE, L.geocoded_at < now - REFRESH_AFTER, L.deleted_at.is_(None))
        .order_by(L.geocoded_at)
        .limit(BATCH)
    )
    with transaction() as session:
        found = session.scalars(old).all()
    for location in found:
        again = geocoding().again(location.place_id) if location.place_id else None
        if again is None:
            best = geocoding().offline(_address(location).question).best
            status = words.PENDING if geocoding().has_google else words.APPROXIMATE
            source = words.OFFLINE
        else:
            best, status, source = again, words.OK, words.GOOGLE
        columns = {
            **exact_columns(best.point if best else None, best.precision if best else None),
            "geocode_status": status if best else words.FAILED,
            "geocode_source": source if best else None,
            "geocoded_at": now,
            "place_id": again.place_id if again else location.place_id,
            "geocode_due_at": now + LAST_RETRY if again is None and geocoding().has_google else None,
        }
        _replace(location, Placed(columns=columns))
    return len(found)


def purge(session: Session, *, now: datetime) -> None:
    """Forget answers that have expired, minutes and days that are over, and keys of requests."""
    session.execute(delete(GeocodeCache).where(GeocodeCache.expires_at < now))
    session.execute(delete(GeocodeUsage).where(GeocodeUsage.day < (now - USAGE_KEPT).date()))
    forget_minutes(session, before=now - timedelta(minutes=10))
    session.execute(
        _quietly(update(L))
        .where(L.creation_key.is_not(None), L.created_at < now - CREATION_KEYS_KEPT)
        .values(creation_key=None)
    )


def mend_zones() -> int:
    """Give places whose time zone is no name any more the one that holds at their point; return how many."""
    known = list(all_zones())
    mended = 0
    for model in (City, Zipcode):
        with transaction() as session:
            lost = session.execute(
                select(model.id, model.latitude, model.longitude).where(
                    model.timezone.is_not(None), ~model.timezone.in_(known)
                )
            ).all()
            for row in lost:
                zone = None if row.latitude is None else zone_at(Point(float(row.latitude), float(row.longitude)))
                session.execute(update(model).where(model.id == row.id).values(timezone=zone))
        mended += len(lost)
    with transaction() as session:
        stale: Sequence[PractitionerLocation] = session.scalars(
            select(L).where(~L.timezone.in_(known), L.deleted_at.is_(None)).with_for_update(skip_locked=True)
        ).all()
        for location in stale:
            city = session.get(City, location.city_id) if location.city_id else None
            location.timezone = (location.point and zone_at(location.point)) or (city and city.timezone) or "UTC"
            location.timezone_given = False
            announce(session, location)
    return mended + len(stale)


def _address(location: PractitionerLocation) -> Address:
    """Return a location's address as it is asked for."""

    def row(find: Callable[[Connection, int], dict[str, Any] | None], number: int | None) -> dict[str, Any] | None:
        return find(connection, number) if number is not None else None

    with reading() as connection:
        return Address(
            line1=location.address_line1,
            line2=location.address_line2,
            country=row(lookups.country, location.country_id),
            state=row(lookups.state_by_id, location.state_id),
            city=row(lookups.city_by_id, location.city_id),
            city_name=location.city_name,
            postal_code=location.postal_code,
        )


def _replace(before: PractitionerLocation, placed: Placed) -> None:
    """Take the new point, unless somebody changed the location meanwhile; tells of it if it is another one."""
    with transaction() as session:
        lock_practitioner(session, before.practitioner_id)
        location = session.get(L, before.id, with_for_update=True, populate_existing=True)
        if location is None or location.version != before.version or location.deleted_at is not None:
            return
        with counted(session, location.practitioner_id):
            told = (location.latitude, location.longitude, location.precision)
            location.set_values({**placed.columns, **public_columns(placed.columns, location.address_visibility)})
            if location.point and not location.timezone_given and location.precision not in ("state", "country"):
                location.timezone = zone_at(location.point) or location.timezone
            if (location.latitude, location.longitude, location.precision) != told:
                announce(session, location)


def _put_off(session: Session, location_id: int, *, due_at: datetime, attempts: int) -> None:
    statement = _quietly(update(L)).where(L.id == location_id)
    session.execute(statement.values(geocode_due_at=due_at, geocode_attempts=attempts))


def _quietly(statement: Any) -> Any:
    """Return an update that is no change of the location: its version and time stay."""
    return statement.values(version=L.version, updated_at=L.updated_at).execution_options(synchronize_session=False)
