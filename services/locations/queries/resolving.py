"""One box of text to one place: a point, a postal code, a city, a state, a country."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any, Final

from sqlalchemy import Connection, select

from services.locations.domain.sphere import METRES_PER_MILE, Point
from services.locations.domain.text import folded, normalised, slug_of, zip_digits
from services.locations.models import City, Country, State, lookups
from services.locations.queries.timezones import zone_of_point

POINT_MILES: Final = 10.0
POSTAL_CODE_MILES: Final = 5.0
PEOPLE_PER_KM2: Final = 1500
CITY_MILES: Final = (3.0, 25.0)
WELL_KNOWN: Final = 100_000
_POINT: Final = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]+)?)\s*[,;]\s*([+-]?[0-9]{1,3}(?:\.[0-9]+)?)", re.ASCII)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place and half its size."""

    type: str
    name: str
    point: Point
    radius_miles: float
    city: int | None = None
    state: int | None = None
    country: int | None = None
    timezone: str | None = None


def resolve(connection: Connection, asked: str, *, country: Row | None, default: Row) -> Place | None:
    """Return the place that a text means, None if nothing fits.

    `country` narrows it; `default` is where postal codes without a country are looked up.
    """
    text = normalised(asked)
    point = _point(connection, text)
    if point is not None:
        return point
    where = country or default
    found = _postal_code(connection, text, where)
    if found is None and country is None:
        nation = lookups.country(connection, text) if len(text) > 3 or text.isupper() else None
        found = _country(nation) if nation and not _is_state_code(connection, text, default) else None
    return found or _named(connection, text, country, where)


def _is_state_code(connection: Connection, text: str, default: Row) -> bool:
    """Whether two letters are rather a state at home than a country abroad ("CA", "DE")."""
    return len(text) == 2 and lookups.state(connection, default["id"], text, whole=True) is not None


def _point(connection: Connection, text: str) -> Place | None:
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    latitude, longitude = float(match.group(1)), float(match.group(2))
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    point = Point(latitude, longitude)
    name = f"{latitude:g}, {longitude:g}"
    return Place(
        type="point", name=name, point=point, radius_miles=POINT_MILES, timezone=zone_of_point(connection, point)
    )


def _postal_code(connection: Connection, text: str, country: Row) -> Place | None:
    if not any(letter.isdigit() for letter in text):
        return None
    row = lookups.zipcode(connection, country["id"], zip_digits(text, country["code"]))
    point = lookups.point_of(row)
    if row is None or point is None:
        return None
    name = ", ".join(part for part in (row["city_name"], f"{row['state_code'] or ''} {row['code']}".strip()) if part)
    return Place(
        type="postal_code",
        name=name,
        point=point,
        radius_miles=POSTAL_CODE_MILES,
        city=row["city_id"],
        state=row["state_id"],
        country=row["country_id"],
        timezone=row["timezone"],
    )


def _named(connection: Connection, text: str, country: Row | None, where: Row) -> Place | None:
    split = lookups.city_and_state(connection, where["id"], text)
    if split is not None:
        city = lookups.city(connection, where["id"], split[1]["id"], split[0])
        if city is not None:
            return city_place(city)
    if "," in text and country is None:
        before, _, after = text.rpartition(",")
        nation = lookups.country(connection, after)
        if nation is not None:
            return _named(connection, before.strip(), nation, nation)
    city, state = _best_city(connection, text, country), _best_state(connection, text, country)
    if city is not None and (state is None or _is_meant(city, text)):
        return city_place(city)
    return _state(connection, state) if state is not None else None


def _is_meant(city: Row, text: str) -> bool:
    """Tell whether a city is rather meant than the state of that name: "New York" is, "Texas" is not San Antonio."""
    is_called_so = slug_of(city["name"]) == slug_of(text) or folded(city["name"]).startswith(f"{folded(text)} ")
    return is_called_so and (city["population"] or 0) >= WELL_KNOWN


def _best_city(connection: Connection, text: str, country: Row | None) -> Row | None:
    """Return the most populous city of that name, those that are really called so first."""
    word = folded(text)
    if not word:
        return None
    named = lookups.CITY.where(City.search_text.like(f"% {word}|%"), City.latitude.is_not(None))
    if country is not None:
        named = named.where(City.country_id == country["id"])
    row = connection.execute(named.order_by(City.population.desc().nulls_last(), City.id).limit(1)).first()
    return None if row is None else dict(row._mapping)


def _best_state(connection: Connection, text: str, country: Row | None) -> Row | None:
    word = folded(text)
    if not word:
        return None
    named = lookups.STATE.where(State.search_text.like(f"% {word}|%"), State.latitude.is_not(None))
    if country is not None:
        named = named.where(State.country_id == country["id"])
    else:
        # Codes of two letters mean too much in the world.
        named = named.where(State.slug == slug_of(text))
    row = connection.execute(named.order_by((State.country_id == 840).desc(), State.city_count.desc()).limit(1)).first()
    return None if row is None else dict(row._mapping)


def city_place(row: Mapping[str, Any]) -> Place:
    """Return a city as a place; its size follows from how many live there."""
    point = lookups.point_of(row)
    assert point is not None
    radius = sqrt((row["population"] or 0) / PEOPLE_PER_KM2 / pi) * 1000 / METRES_PER_MILE
    return Place(
        type="city",
        name=f"{row['name']}, {row['state_name']}",
        point=point,
        radius_miles=round(min(max(radius, CITY_MILES[0]), CITY_MILES[1]), 1),
        city=row["id"],
        state=row["state_id"],
        country=row["country_id"],
        timezone=row["timezone"],
    )


def _state(connection: Connection, row: Row) -> Place | None:
    point = lookups.point_of(row)
    if point is None:
        return None
    largest = lookups.largest_city(connection, state_id=row["id"])
    country = connection.execute(select(Country.name).where(Country.id == row["country_id"])).scalar_one()
    return Place(
        type="state",
        name=f"{row['name']}, {country}",
        point=point,
        radius_miles=float(row["radius_miles"]),
        state=row["id"],
        country=row["country_id"],
        timezone=largest["timezone"] if largest else None,
    )


def _country(row: Row) -> Place | None:
    point = lookups.point_of(row)
    if point is None:
        return None
    return Place(
        type="country",
        name=row["name"],
        point=point,
        radius_miles=float(row["radius_miles"]),
        country=row["id"],
        timezone=next(iter(row["timezones"]), None),
    )
