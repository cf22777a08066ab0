"""Searching finds what a search without any bounds finds, by whichever way the words' frequency lets it take."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.catalog.handlers import practitioners
from services.catalog.models import Service
from services.catalog.queries.facets import facets_of
from services.catalog.queries.gauging import Bounds
from services.catalog.queries.search import Hits, Wish, search
from services.catalog.tests.factories import at, book, practitioner, service, workshop
from shared.clock import frozen_at
from shared.database import Database
from shared.messaging.testing import apply, message
from shared.testing.http import Caller

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
WORDS = ("massage", "reiki", "yoga", "sleep", "grief", "sound")
SERVICES = 60
HOT = 20
PAGE = 17

Key = Callable[[Service], Any]
ORDERS: dict[str, tuple[Key, bool]] = {
    "created_at": (lambda one: (one.created_at, one.id), False),
    "-created_at": (lambda one: (one.created_at, one.id), True),
    "price": (lambda one: (one.price_cents, one.id), False),
    "-price": (lambda one: (one.price_cents, one.id), True),
    "rating": (lambda one: (one.rating_weighted, one.id), False),
    "-rating": (lambda one: (one.rating_weighted, one.id), True),
    "popularity": (lambda one: (one.popularity_score, one.id), True),
    "next_session": (lambda one: (one.next_session_at is None, one.next_session_at or NOON, one.id), False),
}
QUERIES: dict[str, Callable[[str], bool]] = {
    "": lambda _: True,
    "the": lambda _: True,
    "massage": lambda text: "massage" in text,
    "sleep reiki": lambda text: "sleep" in text and "reiki" in text,
    "yoga or grief": lambda text: "yoga" in text or "grief" in text,
    "sound -sleep": lambda text: "sound" in text and "sleep" not in text,
    '"massage reiki"': lambda text: "massage reiki" in text,
    "nothingness": lambda _: False,
}
ALL, FREQUENT, FEW_RANKED = Bounds(), Bounds(few=0), Bounds(few=0, ranked=7)
VERY_FREQUENT = Bounds(few=0, many=0)


@pytest.fixture
def services(database: Database) -> list[Service]:
    """Services of random words, prices, ratings and times; the most popular third is hot. Prices and times repeat."""
    chance = random.Random(11)
    made = []
    with database.transaction() as session:
        for number in range(SERVICES):
            popularity = chance.choice([0.0, *(float(rank) for rank in range(40))])
            made.append(
                Service(
                    slug=f"service-{number}",
                    name=" ".join(chance.sample(WORDS, chance.randint(1, 3))),
                    description=" ".join(chance.sample(WORDS, chance.randint(0, 2))),
                    price_cents=chance.choice([1_000, 6_000, 12_000, 30_000]),
                    duration_minutes=60,
                    type_id=chance.choice([1, 2]),
                    practitioner_id=1,
                    status=chance.choice(["active", "active", "active", "draft"]),
                    practitioner_listed=True,
                    is_featured=chance.random() < 0.2,
                    popularity_sum=popularity,
                    popularity_score=popularity * 0.5,
                    rating_weighted=chance.choice([0.0, 3.125, 4.5, 4.875]),
                    next_session_at=chance.choice([None, NOON, NOON + timedelta(days=1)]),
                    created_at=NOON - timedelta(days=chance.randint(0, 9)),
                )
            )
        session.add_all(made)
        session.flush()
        for one in sorted(made, key=ORDERS["popularity"][0], reverse=True)[:HOT]:
            one.hot = True
        session.flush()
        for one in made:
            session.refresh(one)
    return made


def matching(services: list[Service], q: str, type_id: int | None) -> list[Service]:
    return [
        one
        for one in services
        if one.listed and type_id in (None, one.type_id) and QUERIES[q](f"{one.name} | {one.description}")
    ]


def scores(database: Database, q: str) -> dict[int, float]:
    """Return the score of every service, by the formula of the documentation."""
    with database.transaction() as session:
        days = (NOON - datetime(2025, 1, 1, tzinfo=UTC)) / timedelta(days=1)
        rows = session.execute(
            text("""
                SELECT id, (CASE WHEN numnode(q) = 0 THEN 1 ELSE ts_rank(search, q, 32) END)
                    * (1 + 0.15 * ln(1 + popularity_sum / power(2, :days / 30.0))) * (0.7 + 0.06 * rating_weighted)
                    * (CASE WHEN is_featured THEN 1.1 ELSE 1 END) * (CASE WHEN lower(name) = :q THEN 2 ELSE 1 END)
                FROM services, websearch_to_tsquery('estuary', :q) q
            """),
            {"q": q, "days": days},
        )
        return {row[0]: float(row[1]) for row in rows}


def pages(q: str, sort: str, type_id: int | None, bounds: Bounds) -> tuple[list[int], Hits]:
    """Turn all pages over; return every id in order, and the first page."""
    more: dict[str, Any] = {}
    if type_id is not None:
        more = {"conditions": ("s.type_id = %(type_id)s",), "parameters": {"type_id": type_id}}
    found: list[int] = []
    first: Hits | None = None
    for page in range(1, SERVICES):
        hits = search(Wish(q=q, sort=sort, page=page, page_size=PAGE, typo=False, **more), bounds)
        first = first or hits
        found += [id_ for id_, _stamp in hits.rows]
        if len(hits.rows) < PAGE:
            break
    assert first is not None
    return found, first


@pytest.mark.parametrize(
    "bounds",
    [
        pytest.param(ALL, id="rare words are found all"),
        pytest.param(FREQUENT, id="frequent ones are walked to"),
        pytest.param(VERY_FREQUENT, id="very frequent ones are not counted"),
    ],
)
@pytest.mark.parametrize("q", QUERIES)
def test_every_order_is_that_of_all_that_match(
    database: Database, services: list[Service], q: str, bounds: Bounds
) -> None:
    for sort, (key, is_reversed) in ORDERS.items():
        for type_id in (None, 2):
            truth = [one.id for one in sorted(matching(services, q, type_id), key=key, reverse=is_reversed)]

            found, first = pages(q, sort, type_id, bounds)

            assert (sort, type_id, found) == (sort, type_id, truth)
            assert first.count == len(truth) if first.exact else bounds is VERY_FREQUENT


@pytest.mark.parametrize("q", QUERIES)
def test_rare_words_are_ranked_by_score(database: Database, services: list[Service], q: str) -> None:
    held = matching(services, q, None)
    with frozen_at(NOON):
        score = scores(database, q)
        found, first = pages(q, "relevance", None, ALL)

    truth = sorted(held, key=lambda one: (round(score[one.id], 12), one.popularity_score, one.id), reverse=True)
    assert [round(score[id_], 9) for id_ in found] == [round(score[one.id], 9) for one in truth]
    assert sorted(found) == sorted(one.id for one in held)
    assert (first.count, first.exact) == (len(held), True)


@pytest.mark.parametrize("bounds", [FREQUENT, FEW_RANKED])
@pytest.mark.parametrize("q", ["massage", "sleep reiki", "sound -sleep", "nothingness"])
def test_of_frequent_words_the_popular_are_ranked_and_the_others_follow_by_popularity(
    database: Database, services: list[Service], q: str, bounds: Bounds
) -> None:
    popular, _ = ORDERS["popularity"]
    held = sorted(matching(services, q, None), key=popular, reverse=True)
    best = [one for one in held if one.hot][: bounds.ranked]
    others = [one.id for one in held if one not in best]
    with frozen_at(NOON):
        score = scores(database, q)
        found, first = pages(q, "relevance", None, bounds)

    ranked = found[: len(best)]
    assert sorted(ranked) == sorted(one.id for one in best)
    assert [round(score[id_], 9) for id_ in ranked] == sorted((round(score[id_], 9) for id_ in ranked), reverse=True)
    assert found[len(best) :] == others
    assert (first.count, first.exact) == (len(held), True)


def price_band(one: Service) -> str:
    return {1_000: "0-50", 6_000: "50-100", 12_000: "100-200", 30_000: "200+"}[one.price_cents]


def facets(q: str, bounds: Bounds, type_id: int | None = None) -> dict[str, dict[str, int]]:
    """Return the facets of types and prices; a chosen type is a condition that the facet of types leaves out."""
    more: dict[str, Any] = {}
    if type_id is not None:
        more = {"conditions": ("s.type_id = ANY(%(service_type)s)",), "named": ("service_type",)}
        more["parameters"] = {"service_type": [type_id]}
    wish = Wish(q=q, typo=False, **more)
    hits = search(wish, bounds)
    found = facets_of(wish, ("service_type", "price"), hits, bounds)
    return {name: {value["value"]: value["count"] for value in values} for name, values in found.items()}


@pytest.mark.parametrize("q", QUERIES)
def test_facets_count_all_that_match_without_their_own_condition(
    database: Database, services: list[Service], q: str
) -> None:
    for bounds in (ALL, FREQUENT):
        for type_id in (None, 2):
            assert facets(q, bounds, type_id) == {
                "service_type": Counter(one.code for one in matching(services, q, None)),
                "price": Counter(price_band(one) for one in matching(services, q, type_id)),
            }


def test_facets_of_frequent_words_are_counted_in_a_part_and_raised_to_the_whole(
    database: Database, services: list[Service]
) -> None:
    with database.transaction() as session:
        for end, remainder in (("00", 1), ("ff", 0)):
            session.execute(
                text(
                    "UPDATE services SET public_uuid = overlay(public_uuid::text placing :end from 35)::uuid"
                    " WHERE id % 2 = :remainder"
                ),
                {"end": end, "remainder": remainder},
            )
    held = matching(services, "massage", None)
    sampled = Counter(one.code for one in held if one.id % 2)

    in_sample = facets("massage", VERY_FREQUENT)["service_type"]
    in_part = facets("massage", Bounds(faceted=7))["service_type"]

    assert in_sample == {code: round(number * 10_000 / sampled.total()) for code, number in sampled.items()}
    assert abs(sum(in_part.values()) - len(held)) <= len(in_part)


def test_near_cuts_by_the_circle_and_sorts_by_distance(database: Database, http: Caller) -> None:
    """The corner of the box around the circle is farther away than the radius."""
    me = practitioner(database, http)
    places = {"here": (52.5, 13.4), "edge": (52.585, 13.4), "corner": (52.58, 13.53)}
    made = {name: service(me, name=f"Massage {name}")["id"] for name in places}
    with database.transaction() as session:
        for name, (lat, lng) in places.items():
            session.execute(
                text("UPDATE services SET lat = :lat, lng = :lng WHERE id = :id"),
                {"id": made[name], "lat": lat, "lng": lng},
            )

    for q in ("", "massage"):
        near = http.get(f"/services/search/?q={q}&near=52.5,13.4&radius_km=10&sort_by=distance").json
        assert [one["id"] for one in near["results"]] == [made["here"], made["edge"]]
        assert near["count"] == 2


def test_available_is_what_can_be_bought_now(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    schedules = [{"id": 1, "name": "Weekly", "is_default": True, "is_active": True}]
    told = {"practitioner_id": 1, "timezone": "UTC", "schedules": schedules}
    apply(database, "catalog", [practitioners], message("schedule.changed", told, subject=("schedule", 1)))
    service(me, name="Open")
    service(other, name="Without a schedule")
    service(me, name="Too early", available_from=at(1))
    service(me, name="Too late", available_until=at(-1))
    workshop(other, name="Open workshop")
    full = workshop(me, name="Full workshop", max_participants=1)
    [dated] = me.get(f"/services/{full['id']}/").json["sessions"]
    book(database, 1, full["id"], session_ids=[dated["id"]])

    everything = http.get("/services/search/").json["results"]

    assert {one["name"] for one in everything if one["is_purchasable"]} == {"Open", "Open workshop"}
    for wanted in (True, False):
        found = http.get(f"/services/search/?has_availability={str(wanted).lower()}").json["results"]
        assert {one["id"] for one in found} == {one["id"] for one in everything if one["is_purchasable"] is wanted}


def test_between_two_times_means_one_session_between_them(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    within = workshop(me, name="Within", days=(10,))["id"]
    workshop(me, name="Around", days=(5, 15))
    bounds = f"starts_after={at(8)[:19]}Z&starts_before={at(12)[:19]}Z"

    for path in ("/services/", "/public-services/", "/services/search/"):
        assert [one["id"] for one in http.get(f"{path}?{bounds}").json["results"]] == [within]
        assert len(http.get(f"{path}?{bounds.partition('&')[0]}").json["results"]) == 2
    assert http.get(f"/services/facets/?{bounds}").json["count"] == 1
