"""Places that distances are measured between, and what lies in an area."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from services.locations.domain.errors import LocationNotFound, PlaceNotFound
from services.locations.domain.sphere import Point, chord_of
from services.locations.domain.text import zip_digits
from services.locations.models import City, PractitionerLocation, lookups
from services.locations.models.cube import Cube
from services.locations.queries import places

MAJOR_SHOWN = 20


@dataclass(frozen=True, slots=True)
class End:
    """One end of a distance."""

    point: Point
    name: str | None = None


def zip_end(connection: Connection, code: str, *, country: str) -> End:
    """Return the middle of a postal code. Raises PlaceNotFound."""
    nation = lookups.country(connection, country)
    row = lookups.zipcode(connection, nation["id"], zip_digits(code, country)) if nation else None
    point = lookups.point_of(row)
    if row is None or point is None:
        raise PlaceNotFound
    return End(point, row["code"])


def city_end(connection: Connection, city_id: int) -> End:
    """Return the middle of a city. Raises PlaceNotFound."""
    row = lookups.city_by_id(connection, city_id)
    point = lookups.point_of(row)
    if row is None or point is None:
        raise PlaceNotFound
    return End(point, row["name"])


def location_end(connection: Connection, public_uuid: UUID) -> End:
    """Return the point of a listed location that everybody may know. Raises LocationNotFound."""
    own = PractitionerLocation
    row = connection.execute(
        select(own.public_latitude, own.public_longitude, own.name, own.city_name).where(
            own.public_uuid == public_uuid, own.listed, own.deleted_at.is_(None), own.public_latitude.is_not(None)
        )
    ).first()
    if row is None:
        raise LocationNotFound
    return End(Point(float(row.public_latitude), float(row.public_longitude)), row.name or row.city_name)


def service_area(connection: Connection, point: Point, metres: float) -> dict[str, Any]:
    """Return how many cities, people and practitioners lie within so many metres, and the major cities there."""
    near = bindparam("near", type_=Cube())
    inside = [City.is_active, *places.within(City.geo)]
    parameters = {"near": point.cube, "near_chord": chord_of(metres)}
    figures = connection.execute(
        select(
            func.count().label("cities_count"),
            func.coalesce(func.sum(City.population), 0).label("total_population"),
            func.coalesce(func.sum(City.practitioner_count), 0).label("practitioner_count"),
        ).where(*inside),
        parameters,
    ).one()
    major = connection.execute(
        places.CITY_COLUMNS.add_columns(City.geo.op("<->")(near).label("chord"))
        .where(*inside, City.is_major)
        .order_by(City.population.desc().nulls_last(), City.id)
        .limit(MAJOR_SHOWN),
        parameters,
    )
    return {
        "cities_count": int(figures.cities_count),
        "total_population": int(figures.total_population),
        "practitioner_count": int(figures.practitioner_count),
        "major_cities": [places.shown_distance(dict(row._mapping)) for row in major],
    }
