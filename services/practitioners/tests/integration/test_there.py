"""Lists of who works in a city or around a point: the indexes of places against plain Python."""

import random
from datetime import UTC, datetime, timedelta
from math import dist
from typing import Any

import pytest
from sqlalchemy import insert, text

from services.practitioners.domain.geo import Circle
from services.practitioners.models import Place, Practitioner
from services.practitioners.queries.paging import practitioners_page
from services.practitioners.queries.there import page_there
from shared.database import Database
from shared.errors import NotFound

CITIES = (("austin", "austin-tx"), ("springfield", "springfield-il"), ("springfield-il", "elsewhere"))
MIDDLE = (30.27, -97.74)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def people(database: Database) -> dict[int, list[dict[str, Any]]]:
    """Sixty people with one to three places each; the id is told with the places."""
    chance, held = random.Random(5), {}
    with database.transaction() as session:
        for number in range(60):
            known = {
                "featured": chance.random() < 0.2,
                "created_at": SINCE + timedelta(days=chance.randint(0, 9)),
                "verification_status": chance.choice(("verified", "verified", "verified", "suspended")),
            }
            person = Practitioner(user_id=number + 1, slug=f"p-{number}", timezone="UTC", **known)
            session.add(person)
            session.flush()
            one = person.id
            held[one] = [_place(one, position, chance) | known for position in range(chance.randint(1, 3))]
        rows = [place for places in held.values() for place in places]
        session.execute(insert(Place), [_written(place) for place in rows])
    return held


def _place(practitioner_id: int, position: int, chance: random.Random) -> dict[str, Any]:
    city_key, city_slug = chance.choice(CITIES)
    return {
        "id": 10 * practitioner_id + position,
        "practitioner_id": practitioner_id,
        "city_key": city_key,
        "city_slug": city_slug,
        "latitude": MIDDLE[0] + chance.uniform(-0.5, 0.5),
        "longitude": MIDDLE[1] + chance.uniform(-0.5, 0.5),
        "epoch": 1,
        "sequence": 1,
    }


def _written(place: dict[str, Any]) -> dict[str, Any]:
    copied = {"listed": place["verification_status"] == "verified", "since": place["created_at"]}
    return {name: value for name, value in place.items() if name not in ("verification_status", "created_at")} | copied


def _usual(one: int, places: list[dict[str, Any]]) -> tuple[Any, ...]:
    return (not places[0]["featured"], -places[0]["created_at"].timestamp(), -one)


def _chord(place: dict[str, Any], circle: Circle) -> float:
    return dist(Circle(place["latitude"], place["longitude"], 1).point, circle.point)


@pytest.mark.parametrize("city", ["austin", "springfield-il", "nowhere"])
def test_a_city_is_listed_by_name_and_slug(
    database: Database, people: dict[int, list[dict[str, Any]]], city: str
) -> None:
    there = {
        one: places
        for one, places in people.items()
        if places[0]["verification_status"] == "verified"
        and any(city in (place["city_key"], place["city_slug"]) for place in places)
    }
    expected = sorted(there, key=lambda one: _usual(one, there[one]))

    with database.reading() as connection:
        pages = [
            practitioners_page(connection, {"city": city, "page_size": 9, "page": number})
            for number in (1, 2)
            if number == 1 or city != "nowhere"
        ]
        by_rows = practitioners_page(connection, {"city": city, "page_size": 100, "is_verified": True})

    assert [row["id"] for page in pages for row in page.rows] == expected[:18]
    assert [row["id"] for row in by_rows.rows] == expected
    assert {(page.count, page.count_exact) for page in pages} == {(len(expected), True)}


@pytest.mark.parametrize("radius_km", [5.0, 20.0, 200.0])
def test_around_a_point_in_both_orders(
    database: Database, people: dict[int, list[dict[str, Any]]], radius_km: float
) -> None:
    circle = Circle(*MIDDLE, radius_km)
    nearest = {
        one: min(_chord(place, circle) for place in places)
        for one, places in people.items()
        if places[0]["verification_status"] == "verified"
    }
    inside = [one for one, chord in nearest.items() if chord <= circle.chord]

    with database.reading() as connection:
        usual = practitioners_page(connection, {"page_size": 100}, circle=circle)
        near = practitioners_page(connection, {"page_size": 100, "ordering": ("distance",)}, circle=circle)
        many = page_there(connection, {"page_size": 3}, circle, most=len(inside) - 1)

    assert [row["id"] for row in usual.rows] == sorted(inside, key=lambda one: _usual(one, people[one]))
    assert [row["id"] for row in near.rows] == sorted(inside, key=lambda one: (nearest[one], one))
    assert usual.count == near.count == len(inside)
    assert many is None, "too many to be sorted at once: the list is walked"


def test_a_page_past_the_end_is_not_there(database: Database, people: dict[int, list[dict[str, Any]]]) -> None:
    with database.reading() as connection, pytest.raises(NotFound):
        practitioners_page(connection, {"city": "austin", "page": 90})


def test_profiles_are_not_read_to_be_counted(database: Database, people: dict[int, list[dict[str, Any]]]) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE places"))
        connection.execute(text("SET enable_seqscan = off"))
        connection.execute(text("SET enable_bitmapscan = off"))
        city = (
            "EXPLAIN SELECT practitioner_id, featured, since FROM places WHERE listed AND deleted_at IS NULL"
            " AND city_key = 'austin' ORDER BY featured DESC, since DESC, practitioner_id DESC LIMIT 20"
        )
        around = (
            "EXPLAIN SELECT practitioner_id, featured, since FROM places WHERE listed AND deleted_at IS NULL"
            " AND geo <@ cube_enlarge(cube(ARRAY[0::float8, 1, 0]), 0.1, 3)"
        )
        plans = ["\n".join(connection.execute(text(one)).scalars()) for one in (city, around)]
        connection.invalidate()

    assert "Index Only Scan using ix_places_city_key" in plans[0], plans[0]
    assert "Sort" not in plans[0], plans[0]
    assert "Index Only Scan using ix_places_geo" in plans[1], plans[1]
