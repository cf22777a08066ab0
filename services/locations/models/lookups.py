"""Finding the one place that a word means, for operations and queries alike."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal, or_, select

from services.locations.domain.addresses import us_state_code
from services.locations.domain.sphere import Point, chord_of, metres_of
from services.locations.domain.text import folded, slug_of
from services.locations.domain.words import TERRITORIES
from services.locations.models.cube import Cube
from services.locations.models.places import City, Country, State, Zipcode

Row = dict[str, Any]

SPELLING_MIN = 0.6
COUNTRY_WORDS: Mapping[str, str] = {
    "usa": "US",
    "u s a": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "u k": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "deutschland": "DE",
}

_COUNTRY = select(
    Country.id,
    Country.code,
    Country.name,
    Country.timezones,
    Country.capital_id,
    Country.is_active,
    Country.latitude,
    Country.longitude,
    Country.radius_miles,
)
STATE = select(
    *(
        State.id,
        State.code,
        State.name,
        State.country_id,
        State.slug,
        State.latitude,
        State.longitude,
        State.radius_miles,
    )
).where(State.is_active)
CITY = (
    select(
        *(City.id, City.name, City.state_id, City.country_id, City.latitude, City.longitude, City.timezone),
        *(City.population, City.seo_url),
        State.code.label("state_code"),
        State.name.label("state_name"),
    )
    .join(State, State.id == City.state_id)
    .where(City.is_active)
)
_ZIP = (
    select(
        *(Zipcode.id, Zipcode.code, Zipcode.latitude, Zipcode.longitude, Zipcode.timezone, Zipcode.is_active),
        *(Zipcode.city_id, Zipcode.state_id, Zipcode.country_id, Zipcode.other_city_names, Zipcode.kind),
        City.name.label("city_name"),
        State.code.label("state_code"),
        State.name.label("state_name"),
    )
    .outerjoin(City, City.id == Zipcode.city_id)
    .outerjoin(State, State.id == Zipcode.state_id)
)


def _first(connection: Connection, statement: Any, parameters: Row | None = None) -> Row | None:
    row = connection.execute(statement.limit(1), parameters or {}).first()
    return None if row is None else dict(row._mapping)


def country(connection: Connection, asked: str | int) -> Row | None:
    """Return an active country by ISO number, code or name."""
    text = str(asked).strip()
    if text.isascii() and text.isdigit():
        return _first(connection, _COUNTRY.where(Country.id == int(text[:9]), Country.is_active))
    word = folded(text)
    if not word:
        return None
    code = COUNTRY_WORDS.get(word, text.upper())
    named = or_(Country.code == code, Country.code_3 == code, Country.slug == slug_of(text))
    return _first(connection, _COUNTRY.where(named, Country.is_active).order_by(Country.code == code))


def country_and_state(connection: Connection, asked: str | int) -> tuple[Row | None, Row | None]:
    """Return a country, and the state where the country's code stands for a part of the United States."""
    found = country(connection, asked)
    if found is None or found["code"] not in TERRITORIES:
        return found, None
    us = country(connection, "US")
    return us, state(connection, us["id"], found["code"]) if us else None


def state_by_id(connection: Connection, state_id: int) -> Row | None:
    """Return an active state."""
    return _first(connection, STATE.where(State.id == state_id))


def state(connection: Connection, country_id: int, asked: str, *, whole: bool = False) -> Row | None:
    """Return a country's state by code, name, or, unless `whole`, the only one that begins so ("Calif.")."""
    word = folded(asked)
    if not word:
        return None
    code = (us_state_code(asked) if country_id == 840 else None) or asked.strip().upper()
    own = STATE.where(State.country_id == country_id)
    exact = _first(
        connection,
        own.where(
            or_(State.code == code, State.slug == slug_of(asked), State.search_text.like(f"% {word}|%"))
        ).order_by((State.code == code).desc(), (State.slug == slug_of(asked)).desc()),
    )
    if exact is not None or whole or len(word) < 3:
        return exact
    begun = connection.execute(own.where(State.search_text.like(f" {word}%")).limit(2)).all()
    return dict(begun[0]._mapping) if len(begun) == 1 else None


def city_by_id(connection: Connection, city_id: int) -> Row | None:
    """Return an active city."""
    return _first(connection, CITY.where(City.id == city_id))


def city(connection: Connection, country_id: int, state_id: int | None, asked: str) -> Row | None:
    """Return the city that has that name, or another name like that; the most populous where there are several.

    `is_called_so` tells whether it is the city's own name.
    """
    word, slug = folded(asked), slug_of(asked)
    if not word:
        return None
    own = CITY.where(City.country_id == country_id)
    if state_id is not None:
        own = own.where(City.state_id == state_id)
    order = (City.population.desc().nulls_last(), City.id)
    found = _first(connection, own.where(City.slug == slug)) if slug and state_id is not None else None
    if found is None:
        named = own.where(City.search_text.like(f"% {word}|%"))
        found = _first(connection, named.order_by((City.slug == slug).desc(), *order))
    return None if found is None else {**found, "is_called_so": slug_of(found["name"]) == slug}


def city_spelt_like(connection: Connection, state_id: int, asked: str) -> Row | None:
    """Return the city of a state whose name is similar by trigrams, to 0.6 at least."""
    likeness = func.similarity(func.lower(City.ascii_name), literal(folded(asked)))
    alike = CITY.where(City.state_id == state_id, likeness >= SPELLING_MIN)
    return _first(connection, alike.order_by(likeness.desc(), City.population.desc().nulls_last(), City.id))


def city_and_state(connection: Connection, country_id: int, asked: str) -> tuple[str, Row] | None:
    """Return the city before a state that the last one to three words name ("austin tx", "San Juan, PR")."""
    words = asked.replace(",", " ").split()
    for count in range(1, min(4, len(words))):
        found = state(connection, country_id, " ".join(words[-count:]), whole=count > 1 or len(words[-1]) < 3)
        if found is not None:
            return " ".join(words[:-count]), found
    return None


def zipcode(connection: Connection, country_id: int, code: str) -> Row | None:
    """Return a postal code, also an inactive one."""
    return _first(connection, _ZIP.where(Zipcode.country_id == country_id, Zipcode.code == code))


def zip_knows_city(row: Row, name: str) -> bool:
    """Tell whether mail to the postal code may name the city so."""
    return folded(name) in {folded(row["city_name"] or ""), *map(folded, row["other_city_names"])}


def largest_city(connection: Connection, *, state_id: int) -> Row | None:
    """Return the most populous city of a state that has a point."""
    own = CITY.where(City.state_id == state_id, City.latitude.is_not(None))
    return _first(connection, own.order_by(City.population.desc().nulls_last(), City.id))


_NEAR = bindparam("near", type_=Cube())


def _nearest(connection: Connection, statement: Any, geo: Any, point: Point, metres: float) -> Row | None:
    chord = geo.op("<->")(_NEAR)
    inside = geo.op("<@", is_comparison=True)(func.cube_enlarge(_NEAR, bindparam("chord"), 3))
    found = _first(
        connection,
        statement.add_columns(chord.label("chord")).where(inside).order_by(chord),
        {"near": point.cube, "chord": chord_of(metres)},
    )
    if found is None or found["chord"] > chord_of(metres):
        return None
    return {**found, "metres": metres_of(found["chord"])}


def nearest_city(connection: Connection, point: Point, metres: float, *, country_id: int | None = None) -> Row | None:
    """Return the city nearest to a point, within so many metres, with how many they are."""
    statement = CITY if country_id is None else CITY.where(City.country_id == country_id)
    return _nearest(connection, statement, City.geo, point, metres)


def nearest_zip(connection: Connection, point: Point, metres: float) -> Row | None:
    """Return the active postal code nearest to a point, within so many metres."""
    return _nearest(connection, _ZIP.where(and_(Zipcode.is_active)), Zipcode.geo, point, metres)


def point_of(row: Mapping[str, Any] | None) -> Point | None:
    """Return the point of a city or postal code, if it has one."""
    if row is None or row["latitude"] is None or row["longitude"] is None:
        return None
    return Point(float(row["latitude"]), float(row["longitude"]))
