"""What is near: the index against a plain computation, and everything that maps and searches ask."""

import random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from services.locations.domain.hiding import public_point
from services.locations.domain.sphere import METRES_PER_MILE, Bounds, Point, metres_between
from services.locations.models import PractitionerLocation
from services.locations.queries import nearby
from services.locations.tests.factories import NEW_YORK, as_practitioner, location, open_practice
from shared.database import Database
from shared.ids import uuid7
from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("places")
PATH = "/practitioner-locations/"


def put(database: Database, *points: Point, **changed: Any) -> list[int]:
    """Write locations at exact public points and return their ids."""
    rows = [
        {
            "public_uuid": uuid7(),
            "practitioner_id": 90_000 + number,
            "practitioner_uuid": UUID(int=number),
            "practitioner_name": "Somebody",
            "practitioner_slug": "somebody",
            "timezone": "UTC",
            "listed": True,
            "address_visibility": "public",
            "latitude": f"{point.latitude:.6f}",
            "longitude": f"{point.longitude:.6f}",
            "public_latitude": f"{point.latitude:.6f}",
            "public_longitude": f"{point.longitude:.6f}",
            "version": 1,
            **changed,
        }
        for number, point in enumerate(points)
    ]
    with database.transaction() as session:
        statement = insert(PractitionerLocation).returning(PractitionerLocation.id, sort_by_parameter_order=True)
        return list(session.scalars(statement, rows))


def scattered() -> list[Point]:
    """Return points all over, thick around the date line and the poles."""
    dice = random.Random(7)
    anywhere = [Point(dice.uniform(-90, 90), dice.uniform(-179.9, 180)) for _ in range(60)]
    date_line = [
        Point(dice.uniform(-20, 20), dice.choice((179.5, -179.5)) + dice.uniform(-0.4, 0.4)) for _ in range(60)
    ]
    poles = [Point(dice.choice((-1, 1)) * dice.uniform(87, 90), dice.uniform(-179.9, 180)) for _ in range(60)]
    return [Point(round(p.latitude, 6), round(p.longitude, 6)) for p in (*anywhere, *date_line, *poles)]


centres = st.one_of(
    st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)),
    st.builds(Point, st.floats(-20, 20), st.sampled_from((180.0, -179.999, 179.9))),
    st.builds(Point, st.sampled_from((90.0, -90.0, 89.5)), st.floats(-180, 180)),
)


def test_the_index_finds_what_a_plain_computation_finds(places: Database) -> None:
    points = scattered()
    held = dict(zip(put(places, *points), points, strict=True))

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(centres, st.floats(100, 483_000))
    def check(centre: Point, metres: float) -> None:
        expected = sorted(
            (metres_between(centre, point), number)
            for number, point in held.items()
            if metres_between(centre, point) <= metres
        )[:100]
        edge = [number for number, point in held.items() if abs(metres_between(centre, point) - metres) < 0.1]
        with places.reading() as connection:
            found = nearby.near(connection, centre, metres=metres, limit=100, place=nearby.Place())
        assert {row["id"] for row in found} ^ {number for _, number in expected} <= set(edge)
        distances = [row["chord"] for row in found]
        assert distances == sorted(distances)

    check()


def test_a_part_of_the_map_holds_what_its_degrees_say(places: Database) -> None:
    points = scattered()
    held = dict(zip(put(places, *points), points, strict=True))

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.tuples(st.floats(-90, 90), st.floats(-90, 90)), st.floats(-180, 180), st.floats(-180, 180))
    def check(latitudes: tuple[float, float], west: float, east: float) -> None:
        bounds = Bounds(min(latitudes), west, max(latitudes), east)
        expected = {
            number
            for number, point in held.items()
            if bounds.south <= point.latitude <= bounds.north
            and any(least <= point.longitude <= most for least, most in bounds.ranges)
        }
        with places.reading() as connection:
            found = nearby.in_bounds(connection, bounds, kind="both", limit=500)
            grouped = nearby.clusters(connection, bounds, kind="both", zoom=2)
        assert {row["id"] for row in found} == expected
        assert sum(one["count"] for one in grouped) == len(expected)

    check()


def test_two_kilometres_across_the_date_line(http: Caller, places: Database) -> None:
    put(places, Point(0, -179.991))

    [found] = http.get(f"{PATH}nearby/?lat=0&lng=179.991").json

    assert found["distance_km"] == "2.00"


def test_around_the_pole_every_longitude_is_near(http: Caller, places: Database) -> None:
    put(places, Point(89.95, 0), Point(89.95, 180), Point(89.95, -90))

    assert len(http.get(f"{PATH}nearby/?lat=90&lng=0&radius=10").json) == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("lat=91&lng=0", "lat"),
        ("lat=-90.0001&lng=0", "lat"),
        ("lat=NaN&lng=0", "lat"),
        ("lat=1e400&lng=0", "lat"),
        ("lat=40,7&lng=0", "lat"),
        ("lat=null&lng=0", "lat"),
        ("lat=true&lng=0", "lat"),
        ("lng=0", "lat"),
        ("lat=0", "lng"),
        ("lat=0&lng=180.0000001", "lng"),
        ("lat=0&lng=540", "lng"),
        ("lat=0&lng=0&radius=0", "radius"),
        ("lat=0&lng=0&radius=-1", "radius"),
        ("lat=0&lng=0&radius=301", "radius"),
        ("lat=0&lng=0&radius=ten", "radius"),
        ("lat=0&lng=0&radius=nan", "radius"),
        ("lat=0&lng=0&unit=ly", "unit"),
        ("lat=0&lng=0&limit=101", "limit"),
    ],
)
def test_what_is_no_point_is_refused(http: Caller, query: str, field: str) -> None:
    refused = http.get(f"{PATH}nearby/?{query}")

    assert refused.status == 400
    assert field in refused.errors


@pytest.mark.parametrize("query", ["lat=0&lng=0", "lat=0&lng=180", "lat=0&lng=-180"])
def test_zero_and_the_date_line_are_points(http: Caller, query: str) -> None:
    assert http.get(f"{PATH}nearby/?{query}").json == []


def test_nearby_shows_no_more_than_the_public_may_know(http: Caller, places: Database, statements: list[str]) -> None:
    open_practice(places)
    made = location(http, latitude=40.7484, longitude=-73.9857)
    statements.clear()

    answer = http.get(f"{PATH}nearby/?lat=40.7484&lng=-73.9857&radius=5&unit=km&location_type=in_person")

    [found] = answer.json
    assert found["id"] == made["id"]
    assert (found["address_line1"], found["postal_code"], found["latitude"]) == ("", "101", "40.745000")
    assert found["practitioner_id"] == str(UUID(int=1))
    assert found["distance_km"] != "0.00"
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert len(statements) <= 3


def test_mobile_practitioners_are_found_where_they_come(http: Caller, places: Database) -> None:
    open_practice(places)
    made = location(http, service_radius_miles="50", address_visibility="public", latitude=40.7484, longitude=-73.9857)
    far = {"latitude": 41.2, "longitude": -73.9857}

    [found] = http.post(f"{PATH}search/", {**far, "radius": 5}).json

    assert (found["within_service_radius"], found["service_radius_miles"]) == (True, "50.0")
    assert http.post(f"{PATH}search/", {**far, "radius": 5, "include_mobile": False}).json == []
    covered = http.get(f"{PATH}{made['id']}/covers/?lat=41.2&lng=-73.9857").json
    assert covered["covers"] is True
    assert float(covered["distance_miles"]) == pytest.approx(31.2, abs=0.1)
    assert http.get(f"{PATH}{made['id']}/covers/?zip=10001").json["covers"] is True
    assert http.get(f"{PATH}{made['id']}/covers/?lat=45&lng=-73").json["covers"] is False
    assert http.get(f"{PATH}{made['id']}/covers/").status == 400
    assert http.get(f"{PATH}{made['id']}/covers/?zip=99999").status == 404


def test_of_a_hidden_address_only_whole_miles_leave(http: Caller, places: Database) -> None:
    open_practice(places)
    made = location(http, service_radius_miles="5")

    assert http.get(f"{PATH}{made['id']}/covers/?zip=11201").json["distance_miles"].endswith(".00")


def test_search_by_place_address_and_zip(http: Caller, places: Database) -> None:
    open_practice(places)
    made = location(http)
    location(http, is_virtual=True, is_in_person=False, city=None, postal_code=None, address_line1=None)

    def ids(**asked: Any) -> list[int]:
        answer = http.post(f"{PATH}search/", asked)
        assert answer.status == 200, answer
        return [one["id"] for one in answer.json]

    assert ids(city=NEW_YORK) == [made["id"]]
    assert ids(country="US", city=NEW_YORK, state=1) == [made["id"]]
    assert ids(postal_code="10001") == [made["id"]]
    assert ids(address="New York, NY") == [made["id"]]
    assert ids(latitude="40.7", longitude=-74, city=NEW_YORK) == [made["id"]]
    assert len(ids(location_type="virtual")) == 1
    lost = http.post(f"{PATH}search/", {"address": "Nowhere at all 77"})
    assert (lost.status, lost.json) == (200, [])
    assert lost.headers["Estuary-Message"] == "This address was not found."
    assert http.post(f"{PATH}search/", {}).status == 400
    assert http.post(f"{PATH}search/", {"latitude": 0}).errors.keys() == {"longitude"}
    assert http.post(f"{PATH}search/", {"latitude": 0, "longitude": 0}).json == []
    assert http.post(f"{PATH}search/", {"country": "Atlantis"}).status == 400


def test_a_map_shows_few_and_counts_many(http: Caller, places: Database) -> None:
    put(places, *(Point(30 + number / 100, -97.5) for number in range(12)))

    few = http.get(f"{PATH}in_bounds/?bounds=29,-98,31,-97&zoom=11").json
    many = http.get(f"{PATH}in_bounds/?bounds=29,-98,31,-97&limit=5").json
    far = http.get(f"{PATH}in_bounds/?bounds=-90,-180,90,180&zoom=3").json

    assert (few["clustered"], len(few["locations"])) == (False, 12)
    assert (many["clustered"], sum(one["count"] for one in many["clusters"])) == (True, 12)
    assert far["clustered"] is True
    assert http.get(f"{PATH}in_bounds/?bounds=31,-98,29,-97").status == 400
    assert http.get(f"{PATH}in_bounds/?bounds=1,2,3").status == 400


def test_a_map_of_very_many_is_thinned_alike_everywhere(places: Database) -> None:
    for chunk in range(8):
        side = 1 if chunk < 6 else -1
        put(places, *(Point(side * (30 + number / 1_000), side * -97.5) for number in range(80)))

    with places.reading() as connection:
        found = nearby.clusters(connection, Bounds(-90, -180, 90, 180), kind="both", zoom=1, most=256)
        whole = nearby.clusters(connection, Bounds(-90, -180, 90, 180), kind="both", zoom=1, most=2_000)

    assert [one["count"] for one in whole] == [480, 160]
    assert [one["count"] % nearby.SAMPLED for one in found] == [0, 0]
    assert [one["count"] for one in found] == [pytest.approx(480, abs=64), pytest.approx(160, abs=64)]


def test_a_map_across_the_date_line(http: Caller, places: Database) -> None:
    put(places, Point(0, 179), Point(0, -179), Point(0, 180), Point(0, 0))

    found = http.get(f"{PATH}in_bounds/?bounds=-10,170,10,-170&zoom=12").json

    assert len(found["locations"]) == 3


def test_distances_between_places(http: Caller, places: Database) -> None:
    open_practice(places)
    open_practice(places, 2, is_listed=False)
    shown, hidden = location(http, latitude=40.7484, longitude=-73.9857), location(http, 2)

    def far(start: str, end: str) -> Any:
        return http.get("/locations/distance/", query_string={"from": start, "to": end})

    assert far("0,0", "0,180").json["distance_km"] == "20015.11"
    measured = far(shown["public_uuid"], "40.7484,-73.9857").json
    public = public_point(Point(40.7484, -73.9857), "after_booking")
    assert public is not None
    metres = metres_between(public, Point(40.7484, -73.9857))
    assert float(measured["distance_miles"]) == pytest.approx(metres / METRES_PER_MILE, abs=0.01)
    assert far("zip:10001", f"city:{NEW_YORK}").json["from"]["name"] == "10001"
    for missing in ("zip:99999", "zip:09000", "city:1", hidden["public_uuid"]):
        assert far(missing, "0,0").status == 404
    assert far("nonsense", "0,0").errors.keys() == {"from"}


def test_the_neighbourhood_of_a_point(http: Caller, places: Database) -> None:
    area = http.get("/locations/service_area/?lat=40.7128&lng=-74.006&radius=10").json

    assert area["cities_count"] > 5
    assert area["total_population"] > 8_000_000
    assert area["major_cities"][0]["name"] == "New York City"


def test_hot_searches_use_their_index(places: Database) -> None:
    dice = random.Random(3)
    put(places, *(Point(dice.uniform(25, 49), dice.uniform(-124, -67)) for _ in range(3000)))
    with places.transaction() as session:
        session.execute(text("ANALYZE practitioner_locations"))
        point = Point(40, -100)
        plan = session.scalars(
            text(
                "EXPLAIN SELECT id FROM practitioner_locations WHERE listed AND deleted_at IS NULL AND is_in_person"
                " AND geo <@ cube_enlarge(CAST(:p AS cube), 40000, 3) ORDER BY geo <-> CAST(:p AS cube) LIMIT 100"
            ),
            {"p": point.cube},
        ).all()
    assert any("ix_practitioner_locations_geo" in line for line in plan)


def test_owners_see_their_own_exact_place_in_lists_only(http: Caller, places: Database) -> None:
    open_practice(places)
    made = location(http, latitude=40.7484, longitude=-73.9857)

    own = as_practitioner(http).get(PATH).json["results"][0]
    public = as_practitioner(http).get(f"{PATH}nearby/?lat=40.7484&lng=-73.9857").json[0]

    assert (own["id"], own["latitude"]) == (made["id"], "40.748400")
    assert public["latitude"] == "40.745000"
