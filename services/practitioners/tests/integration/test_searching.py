"""Searching among many: the index against plain Python, and plans that do not read whole tables."""

import math
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from services.practitioners import jobs
from services.practitioners.api.searching import asked_by
from services.practitioners.domain.geo import Circle, kilometres
from services.practitioners.models import Place, Practitioner
from services.practitioners.operations.banding import misplaced, place_in_bands
from services.practitioners.queries.candidates import CANDIDATES, place_parameters
from services.practitioners.queries.facets import facets
from services.practitioners.queries.paging import practitioners_page
from services.practitioners.queries.search import find, ranking
from shared.database import Database

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WORDS = ("massage", "reiki", "breathwork", "sleep", "grief")
AUSTIN = (30.27, -97.74)
SEARCH = {"sort_by": "relevance"}
Person = dict[str, Any]


def crowd(database: Database, count: int, *, seed: int = 3, spread: float = 1.0) -> list[Person]:
    """Write listed practitioners, each with a place around Austin, and return what is known of them."""
    chance = random.Random(seed)
    people = []
    for number in range(1, count + 1):
        least = chance.choice((None, *range(3_000, 20_000, 100)))
        people.append(
            {
                "user_id": number,
                "slug": f"p-{number}",
                "display_name": f"Person {number}",
                "timezone": "UTC",
                "verification_status": "verified",
                "rating_average": chance.choice((0, 3.5, 4, 4.5, 5)),
                "rating_weighted": chance.choice((0, 0, 3.2, 3.9, 4.1, 4.4, 4.8)),
                "min_price_cents": least,
                "max_price_cents": None if least is None else least + 5_000,
                "featured": chance.random() < 0.1,
                "tags": sorted({f"s{chance.randint(1, 3)}", f"y{chance.randint(1, 4)}", "v:in_person"}),
                "search_extra": " ".join(chance.sample(WORDS, 2)),
                "latitude": AUSTIN[0] + chance.uniform(-spread, spread),
                "longitude": AUSTIN[1] + chance.uniform(-spread, spread),
            }
        )
    places = ("latitude", "longitude")
    with database.transaction() as session:
        rows = [{name: value for name, value in one.items() if name not in places} for one in people]
        made = insert(Practitioner).returning(Practitioner.id, Practitioner.user_id)
        ids = {user_id: practitioner_id for practitioner_id, user_id in session.execute(made, rows)}
        for one in people:
            one["id"] = ids[one["user_id"]]
        session.execute(
            insert(Place),
            [
                {
                    "id": one["id"],
                    "practitioner_id": one["id"],
                    "is_in_person": True,
                    "listed": True,
                    "tags": one["tags"],
                    "latitude": one["latitude"],
                    "longitude": one["longitude"],
                    "epoch": 1,
                    "sequence": 1,
                }
                for one in people
            ],
        )
    return people


def best(people: list[Person], wanted: Callable[[Person], bool]) -> list[Person]:
    """Return those among whom a search ranks: the best rated of those who match."""
    matching = [one for one in people if wanted(one)]
    return sorted(matching, key=lambda one: (-one["rating_weighted"], -one["id"]))[: CANDIDATES + 1]


def by_price(people: list[Person]) -> list[int]:
    return [
        one["id"]
        for one in sorted(
            people, key=lambda one: (one["min_price_cents"] is None, one["min_price_cents"] or 0, -one["id"])
        )
    ]


def by_score(people: list[Person]) -> list[int]:
    def score(one: Person) -> float:
        return round((0.7 + 0.06 * one["rating_weighted"]) * (1.1 if one["featured"] else 1), 9)

    return [one["id"] for one in sorted(people, key=lambda one: (-score(one), -one["id"]))]


def found_ids(connection: Connection, **query: Any) -> list[int]:
    return [hit["id"] for hit in find(connection, asked_by({**SEARCH, **query}), now=NOW).hits]


@pytest.fixture
def people(database: Database) -> list[Person]:
    """More than a search ranks, most of them in bands, a few in wrong ones."""
    made = crowd(database, 1_200)
    with database.transaction() as session:
        place_in_bands(session, misplaced(session, most=2_000, ends=(40, 80, 160, 320, 640, 1_280)))
    return made


CASES: dict[str, tuple[dict[str, Any], Callable[[Person], bool]]] = {
    "everybody": ({}, lambda one: True),
    "a frequent facet": ({"location_type": ("in_person",)}, lambda one: True),
    "a facet": ({"specialization": ("s2",)}, lambda one: "s2" in one["tags"]),
    "either facet": (
        {"specialization": ("s1", "s3"), "style": ("y1",)},
        lambda one: bool({"s1", "s3"} & set(one["tags"])) and "y1" in one["tags"],
    ),
    "a word": ({"q": "reiki"}, lambda one: "reiki" in one["search_extra"]),
    "words and a facet": (
        {"q": "reiki grief", "specialization": ("s1",)},
        lambda one: {"reiki", "grief"} <= set(one["search_extra"].split()) and "s1" in one["tags"],
    ),
    "a facet and a price": (
        {"style": ("y2",), "max_price": 5_000},
        lambda one: "y2" in one["tags"] and one["min_price_cents"] is not None and one["min_price_cents"] <= 5_000,
    ),
}


def test_the_best_rated_who_match_are_ranked(database: Database, people: list[Person]) -> None:
    for name, (query, wanted) in CASES.items():
        among = best(people, wanted)

        with database.reading() as connection:
            cheapest = found_ids(connection, **query, sort_by="price_low", page_size=100)
            found = find(connection, asked_by({**SEARCH, **query}), now=NOW, counted=True)
            counted = facets(connection, asked_by({**SEARCH, **query}))

        assert cheapest == by_price(among)[:100], name
        if "q" not in query:
            assert [hit["id"] for hit in found.hits] == by_score(among)[:20], name
        assert (found.count, found.count_exact) == (min(len(among), CANDIDATES), len(among) <= CANDIDATES), name
        assert found.facets == counted
        assert {one["id"]: one["count"] for one in counted["location_types"]} == {"in_person": len(among)}, name
        styles = Counter(int(tag[1:]) for one in among for tag in one["tags"] if tag[0] == "y")
        assert {one["id"]: one["count"] for one in counted["styles"]} == dict(styles), name
        cheap = sum(one["min_price_cents"] is not None and one["min_price_cents"] < 5_000 for one in among)
        assert counted["price"][0]["count"] == cheap, name


def test_a_band_that_lags_changes_no_more_than_whom_a_cut_leaves_out(database: Database, people: list[Person]) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE practitioners SET rating_weighted = 5 WHERE id = :id"), {"id": people[7]["id"]})
        session.execute(text("UPDATE practitioners SET band = 3 WHERE id % 7 = 0"))
    facet = people[7]["tags"][0]

    with database.reading() as connection:
        ids = found_ids(connection, specialization=(facet,), sort_by="rating", page_size=100)

    assert ids[0] == people[7]["id"]
    assert len(set(ids)) == 100


def test_bands_follow_ratings(database: Database) -> None:
    people = crowd(database, 30)

    with database.transaction() as session:
        moved = misplaced(session, most=100, ends=(4, 8, 16))
        place_in_bands(session, moved)
        assert misplaced(session, most=100, ends=(4, 8, 16)) == []
        bands = {row.id: row.band for row in session.execute(text("SELECT id, band FROM practitioners"))}

    ranked = [one["id"] for one in best(people, lambda one: True)]
    assert [bands[one] for one in ranked] == [0] * 4 + [1] * 4 + [2] * 8 + [3] * 14
    jobs.sort_into_bands()
    with database.transaction() as session:
        assert set(session.scalars(text("SELECT band FROM practitioners"))) == {0}


def test_bands_wait_for_nobody(database: Database) -> None:
    people = crowd(database, 5)

    with database.transaction() as held, database.transaction() as session:
        held.execute(text("SELECT 1 FROM practitioners WHERE id = :id FOR UPDATE"), {"id": people[0]["id"]})
        place_in_bands(session, [(0, one["id"]) for one in people])
        assert session.scalar(text("SELECT count(*) FROM practitioners WHERE band = 0")) == 4


@pytest.mark.parametrize(("radius", "facet"), [(10.0, None), (60.0, "s1"), (500.0, None)])
def test_the_nearest_who_match_are_found(database: Database, radius: float, facet: str | None) -> None:
    people = crowd(database, 400)
    circle = Circle(*AUSTIN, radius)

    def chord(one: Person) -> float:
        return math.dist(Circle(one["latitude"], one["longitude"], 1).point, circle.point)

    near = [one for one in people if chord(one) <= circle.chord and (facet is None or facet in one["tags"])]
    expected = [one["id"] for one in sorted(near, key=chord)]
    query: dict[str, Any] = {"latitude": AUSTIN[0], "longitude": AUSTIN[1], "radius_km": radius}
    query |= {"specialization": (facet,)} if facet else {}

    with database.reading() as connection:
        found = find(connection, asked_by({**query, "sort_by": "distance", "page_size": 100}), now=NOW)

    assert [hit["id"] for hit in found.hits] == expected[:100]
    assert found.count == len(expected)
    places = {one["id"]: one for one in people}
    for hit in found.hits:
        assert hit["nearest_location_id"] == hit["id"]
        assert hit["distance_km"] == pytest.approx(kilometres(chord(places[hit["id"]])), abs=0.06)


def test_who_works_only_online_is_near_everywhere_when_asked_for(database: Database) -> None:
    people = crowd(database, 6, spread=0.01)
    with database.transaction() as session:
        online = [one["id"] for one in people[:2]]
        change = "UPDATE practitioners SET tags = '{v:virtual}' WHERE id = ANY(:ids)"
        session.execute(text(change), {"ids": online})
        session.execute(text("DELETE FROM places WHERE id = ANY(:ids)"), {"ids": online})
    near = {"latitude": AUSTIN[0], "longitude": AUSTIN[1]}

    with database.reading() as connection:
        assert set(found_ids(connection, **near)) == {one["id"] for one in people[2:]}
        assert set(found_ids(connection, **near, location_type=("virtual",))) == set(online)
        both = found_ids(connection, **near, location_type=("virtual", "in_person"), sort_by="distance")
    assert set(both[4:]) == set(online)


QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"q": "reiki"},
    {"specialization": ("s2",)},
    {"latitude": AUSTIN[0], "longitude": AUSTIN[1], "radius_km": 50.0, "specialization": ("s2",)},
    {"min_rating": 4.0, "sort_by": "price_low"},
)


def test_no_search_reads_a_whole_table(database: Database) -> None:
    """The tables are large enough for their indexes to matter."""
    crowd(database, 200, spread=20.0)
    with database.transaction() as session:
        session.execute(text(MULTIPLY))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE practitioners"))
        connection.execute(text("VACUUM ANALYZE places"))

    for query in QUESTIONS:
        with database.reading() as connection:
            asked = asked_by({**SEARCH, **query})
            statement = ranking(asked, now=NOW).compile(connection)
            values = dict(statement.params) | place_parameters(asked)
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())

        assert "Seq Scan on practitioners" not in plan, plan
        assert "Seq Scan on places" not in plan, plan


def test_a_crowd_is_not_counted_but_paged_through(database: Database) -> None:
    people = crowd(database, 60)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE practitioners"))
    wanted = {"specialization": ("s1",), "ordering": ("-average_rating",)}
    expected = sorted(
        (one for one in people if "s1" in one["tags"]), key=lambda one: (-one["rating_average"], -one["id"])
    )

    seen: list[int] = []
    with database.reading() as connection:
        counted = practitioners_page(connection, {**wanted, "page_size": 100})
        page = practitioners_page(connection, {**wanted, "page_size": 7}, crowd=2, few=1)
        assert (page.count_exact, counted.count, counted.count_exact) == (False, len(expected), True)
        while True:
            seen += [row["id"] for row in page.rows]
            assert not page.count_exact
            if page.next_cursor is None:
                break
            page = practitioners_page(
                connection, {**wanted, "page_size": 7, "cursor": page.next_cursor}, crowd=2, few=1
            )

    assert seen == [row["id"] for row in counted.rows] == [one["id"] for one in expected]
    assert page.count > 2


MULTIPLY = """
    WITH made AS (
        INSERT INTO practitioners (public_uuid, user_id, slug, timezone, verification_status, activity, buffer_minutes,
            languages, featured, is_onboarded, requested_changes, tier_code, features, user_active, rating_weighted,
            tags, search_extra, version, created_at, updated_at)
        SELECT gen_random_uuid(), 1000 + number, 'more-' || number, 'UTC', 'verified', 'active', 15, '{}', false, true,
            '{}', 'basic', '{}', true, rating_weighted, tags, search_extra, 1, now(), now()
        FROM generate_series(1, 4000) AS number
        JOIN (SELECT *, row_number() OVER () AS place FROM practitioners) AS one ON one.place = 1 + number % 200
        RETURNING id, tags)
    INSERT INTO places (id, practitioner_id, line1, postal_code, full_address, address_visibility, is_primary,
        is_virtual, is_in_person, location_types, city_key, state_key, country_key, listed, tags, latitude, longitude,
        epoch, sequence)
    SELECT id, id, '', '', '', 'hidden', true, false, true, '{}', '', '', '', true, tags,
        30 + (id % 401) / 10.0, -97 + (id % 397) / 10.0, 1, 1 FROM made
"""
