"""Completing what somebody types: our own places, by how many live there."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from services.locations.domain.sphere import Point, chord_of
from services.locations.domain.text import folded, highlighted, normalised
from services.locations.models import City, Country, State, Zipcode
from services.locations.models.cube import Cube
from services.locations.queries.places import like_part

Row = dict[str, Any]
AROUND_METRES = 80_000
SHORT = 3
SHORT_POPULATION = 50_000


def suggest(
    connection: Connection, asked: str, *, countries: list[int], types: Collection[str], near: Point | None, limit: int
) -> list[Row]:
    """Return up to `limit` places that begin so: those near by first, then countries, states, cities, postal codes."""
    text = normalised(asked)
    before, _comma, after = text.partition(",")
    word = folded(before)
    found: list[Row] = []
    if "postal_code" in types and text[:1].isdigit():
        found += _zipcodes(connection, text.upper(), countries, limit)
    if word and not text[:1].isdigit():
        if "country" in types and not countries:
            found += _countries(connection, word)
        if "state" in types:
            found += _states(connection, word, countries)
        if "city" in types:
            found += _cities(connection, word, folded(after), countries, near, limit)
            if not found and " " in word and not after:
                name, _space, state = word.rpartition(" ")
                found += _cities(connection, name, state, countries, near, limit)
    return [{**one, "highlight": highlighted(one["text"], before)} for one in found[:limit]]


def _cities(
    connection: Connection, name: str, state: str, countries: list[int], near: Point | None, limit: int
) -> list[Row]:
    statement = (
        select(
            *(City.id, City.name, City.latitude, City.longitude, City.seo_url),
            State.name.label("state_name"),
            State.code.label("state_code"),
            Country.name.label("country_name"),
            Country.code.label("country_code"),
        )
        .join(State, State.id == City.state_id)
        .join(Country, Country.id == City.country_id)
        .where(City.is_active)
        .order_by(City.population.desc().nulls_last(), City.id)
        .limit(limit)
    )
    if state:
        statement = statement.where(State.search_text.like(f"% {state}%"))
    if len(name) < SHORT:
        # Two letters begin thousands of names: the largest places answer, by their index.
        statement = statement.where(City.population >= SHORT_POPULATION)
    if countries:
        statement = statement.where(City.country_id.in_(countries))
    # A city's own name stands first in what it is found by.
    own, any_name = City.search_text.like(f" {name}%"), City.search_text.like(f"% {name}%")
    around = City.geo.op("<@", is_comparison=True)(
        func.cube_enlarge(bindparam("near", type_=Cube()), bindparam("chord"), 3)
    )
    rows: dict[int, Any] = {}
    if near is not None:
        given = {"near": near.cube, "chord": chord_of(AROUND_METRES)}
        rows |= {row.id: row for row in connection.execute(statement.where(around, any_name), given)}
    for pattern in (own, any_name):
        if len(rows) < limit:
            rows |= {row.id: rows.get(row.id, row) for row in connection.execute(statement.where(pattern))}
    return [
        _suggestion(
            "city",
            row.id,
            row.name,
            f"{row.state_name}, {row.country_name}",
            latitude=row.latitude,
            longitude=row.longitude,
            slug=row.seo_url,
        )
        for row in list(rows.values())[:limit]
    ]


def _states(connection: Connection, word: str, countries: list[int]) -> list[Row]:
    statement = (
        select(State.id, State.name, State.slug, State.latitude, State.longitude, Country.name.label("country_name"))
        .join(Country, Country.id == State.country_id)
        .where(State.is_active, State.search_text.like(f" {word}%"))
        .order_by((State.country_id == 840).desc(), State.city_count.desc(), State.id)
        .limit(2)
    )
    if countries:
        statement = statement.where(State.country_id.in_(countries))
    return [
        _suggestion(
            "state",
            row.id,
            row.name,
            row.country_name,
            latitude=row.latitude,
            longitude=row.longitude,
            slug=row.slug,
        )
        for row in connection.execute(statement)
    ]


def _countries(connection: Connection, word: str) -> list[Row]:
    statement = (
        select(Country.id, Country.name, Country.slug, Country.latitude, Country.longitude)
        .where(Country.is_active, Country.search_text.like(f" {word}%"))
        .order_by(Country.name)
        .limit(2)
    )
    return [
        _suggestion("country", row.id, row.name, "", latitude=row.latitude, longitude=row.longitude, slug=row.slug)
        for row in connection.execute(statement)
    ]


def _zipcodes(connection: Connection, text: str, countries: list[int], limit: int) -> list[Row]:
    begins = like_part(text)[1:]
    statement = (
        select(
            *(Zipcode.id, Zipcode.code, Zipcode.latitude, Zipcode.longitude),
            City.name.label("city_name"),
            State.code.label("state_code"),
            Country.name.label("country_name"),
        )
        .join(Country, Country.id == Zipcode.country_id)
        .outerjoin(City, City.id == Zipcode.city_id)
        .outerjoin(State, State.id == Zipcode.state_id)
        .where(Zipcode.is_active, Zipcode.code.like(begins), or_(Zipcode.latitude.is_not(None), City.id.is_not(None)))
        .order_by(Zipcode.code)
        .limit(limit)
    )
    if countries:
        statement = statement.where(Zipcode.country_id.in_(countries))
    found = []
    for row in connection.execute(statement):
        place = ", ".join(part for part in (row.city_name, row.state_code, row.country_name) if part)
        found.append(
            _suggestion("postal_code", row.id, row.code, place, latitude=row.latitude, longitude=row.longitude)
        )
    return found


def _suggestion(
    kind: str,
    number: int | None,
    name: str,
    secondary: str,
    *,
    latitude: Any = None,
    longitude: Any = None,
    slug: str | None = None,
    place_id: str | None = None,
) -> Row:
    return {
        "type": kind,
        "id": number,
        "text": name,
        "secondary_text": secondary,
        "latitude": latitude,
        "longitude": longitude,
        "slug": slug,
        "place_id": place_id,
    }


def address_suggestion(name: str, secondary: str, place_id: str, asked: str) -> Row:
    """Return an address that Google suggests."""
    return {**_suggestion("address", None, name, secondary, place_id=place_id), "highlight": highlighted(name, asked)}
