"""Practitioners' locations: who may do what, and what becomes of it."""

from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from services.locations.models import PractitionerLocation
from services.locations.tests.factories import AUSTIN, NEW_YORK, as_practitioner, body, location, open_practice
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("places")
PATH = "/practitioner-locations/"


@pytest.fixture(autouse=True)
def practice(database: Database) -> None:
    open_practice(database)


def test_a_location_is_found_on_the_map_and_says_how_well(http: Caller) -> None:
    made = location(http)

    assert made["full_address"] == "350 5th Ave, New York City, NY 10118, USA"
    assert (made["precision"], made["geocode_status"]) == ("postal_code", "approximate")
    assert made["latitude"].startswith("40.7")
    assert made["timezone"] == "America/New_York"
    assert made["is_primary"] is True
    assert made["location_types"] == ["in_person"]
    assert [warning.partition(":")[0] for warning in made["warnings"]] == ["approximate_point"]
    assert made["is_address_hidden"] is False


@pytest.mark.parametrize(
    "names",
    [
        {"input_city_name": "New York", "input_state_code": "NY"},
        {"input_city_name": "NYC", "input_state_name": "new york", "input_country_code": "US"},
        {"address": {"address_line1": "350 5th Ave", "city": NEW_YORK, "country": "USA"}},
        {"city": NEW_YORK, "country": 840},
    ],
)
def test_places_are_named_by_ids_or_words(http: Caller, names: dict[str, Any]) -> None:
    made = as_practitioner(http).post(PATH, {"address_line1": "350 5th Ave", "postal_code": "10118", **names})

    assert made.status == 201, made
    assert (made.json["city"], made.json["state_code"], made.json["country_code"]) == (NEW_YORK, "NY", "US")


@pytest.mark.parametrize("country", [{"country": "PR"}, {"country": "US", "input_state_code": "PR"}])
def test_puerto_rico_is_a_state_of_the_united_states(http: Caller, country: dict[str, Any]) -> None:
    asked = {"address_line1": "1 Calle Sol", "input_city_name": "San Juan", "postal_code": "00901", **country}

    made = as_practitioner(http).post(PATH, asked)

    assert (made.json["country_code"], made.json["state_code"], made.json["city_name"]) == ("US", "PR", "San Juan")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"country": "Atlantis"}, "country"),
        ({"city": 1}, "city"),
        ({"city": AUSTIN, "state": "CA"}, "state"),
        ({"postal_code": "78701"}, "postal_code"),
        ({"postal_code": "ABC"}, "postal_code"),
        ({"postal_code": None}, "postal_code"),
        ({"address_line1": ""}, "address_line1"),
        ({"address_line1": None}, "address_line1"),
        ({"latitude": 40.7}, "longitude"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": "NaN", "longitude": 0}, "latitude"),
        ({"latitude": "1e400", "longitude": 0}, "latitude"),
        ({"latitude": True, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": "180.0000001"}, "longitude"),
        ({"service_radius_miles": 0}, "service_radius_miles"),
        ({"service_radius_miles": "300.1"}, "service_radius_miles"),
        ({"service_radius_miles": "10.25"}, "service_radius_miles"),
        ({"is_virtual": False, "is_in_person": False}, "is_in_person"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"virtual_url": "http://plain.example.org"}, "virtual_url"),
        ({"accessibility": ["teleport"]}, "accessibility.0"),
        ({"name": "x" * 256}, "name"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(http: Caller, changed: dict[str, Any], field: str) -> None:
    refused = as_practitioner(http).post(PATH, body(**changed))

    assert refused.status == 400
    assert field in refused.errors


def test_city_state_and_country_belong_together(http: Caller) -> None:
    texas = http.get("/states/US-TX/").json["id"]
    new_york = http.get("/states/US-NY/").json["id"]

    assert as_practitioner(http).post(PATH, body(state=texas)).errors.keys() == {"city"}
    assert as_practitioner(http).post(PATH, body(country="DE")).errors.keys() == {"city"}
    wrong = {"city": None, "input_city_name": "Berlin", "country": "DE", "state": new_york, "postal_code": "10115"}
    assert as_practitioner(http).post(PATH, body(**wrong)).errors.keys() == {"state"}


def test_an_unknown_city_is_kept_by_name_and_none_is_made(http: Caller, places: Database) -> None:
    asked = body(city=None, input_city_name="Gotham Springs", input_state_code="NY", postal_code="10001")
    made = as_practitioner(http).post(PATH, asked)

    warnings = {warning.partition(":")[0] for warning in made.json["warnings"]}
    assert made.status == 201
    assert warnings == {"approximate_point", "nearest_city"}
    assert made.json["state_code"] == "NY"
    far = body(city=None, input_city_name="Lévuka", country="FJ", postal_code=None)
    kept = as_practitioner(http).post(PATH, far)
    assert (kept.json["city"], kept.json["city_name"]) == (None, "Lévuka")
    assert http.get("/cities/?search=gotham").json["count"] == 0


def test_foreign_addresses_are_kept_as_written(http: Caller) -> None:
    tokyo = {"country": "JP", "city": None, "input_city_name": "東京", "postal_code": "100-0001"}
    made = as_practitioner(http).post(PATH, body(**tokyo, address_line1="東京都千代田区千代田1-1", name="<script>"))

    assert made.json["address_line1"] == "東京都千代田区千代田1-1"
    assert (made.json["city"], made.json["timezone"], made.json["name"]) == (1850147, "Asia/Tokyo", "<script>")
    street = as_practitioner(http).post(PATH, body(address_line1="שדרות رحاب Straße 1"))
    assert street.json["address_line1"] == "שדרות رحاب Straße 1"


def test_a_virtual_location_needs_no_address(http: Caller) -> None:
    asked = {
        "is_virtual": True,
        "is_in_person": False,
        "virtual_platform": "zoom",
        "virtual_url": "https://z.example.org/1",
    }
    made = as_practitioner(http).post(PATH, asked).json

    assert (made["latitude"], made["timezone"], made["geocode_status"]) == (None, "America/Denver", "not_needed")
    assert made["full_address"] == ""
    refused = as_practitioner(http).patch(f"{PATH}{made['id']}/", {"is_in_person": True})
    assert refused.errors.keys() == {"address_line1", "city", "state", "postal_code"}


def test_a_pin_stays_where_the_owner_puts_it(http: Caller) -> None:
    near = location(http, latitude="40.748400", longitude=-73.9857)
    far = location(http, latitude=41.9, longitude=-87.6)
    owner = as_practitioner(http)

    assert (near["precision"], near["geocode_status"], near["warnings"]) == ("manual", "manual", [])
    assert near["latitude"] == "40.748400"
    assert far["warnings"][0].startswith("pin_far")
    refused = owner.post(f"{PATH}{near['id']}/geocode/", {"latitude": 41.9, "longitude": -87.6})
    assert (refused.status, refused.code) == (400, "pin_too_far")
    moved = owner.post(f"{PATH}{near['id']}/geocode/", {"latitude": 40.75, "longitude": -73.99})
    assert moved.json["latitude"] == "40.750000"
    again = owner.post(f"{PATH}{near['id']}/geocode/")
    assert again.json["precision"] == "postal_code"


def test_an_address_that_changes_is_found_again_and_others_stay(http: Caller) -> None:
    made = location(http, latitude=40.7484, longitude=-73.9857)
    owner = as_practitioner(http)

    renamed = owner.patch(
        f"{PATH}{made['id']}/", {"name": "Loft", "latitude": made["latitude"]} | {"longitude": made["longitude"]}
    )
    moved = owner.patch(f"{PATH}{made['id']}/", {"city": AUSTIN, "postal_code": "78701"})

    assert (renamed.json["precision"], renamed.json["latitude"]) == ("manual", "40.748400")
    assert (moved.json["city_name"], moved.json["state_code"], moved.json["timezone"]) == (
        "Austin",
        "TX",
        "America/Chicago",
    )
    assert moved.json["latitude"].startswith("30.2")
    assert moved.json["version"] == made["version"] + 2


def test_sending_the_same_again_changes_nothing(http: Caller, database: Database) -> None:
    made = location(http)

    same = as_practitioner(http).patch(f"{PATH}{made['id']}/", made)

    assert same.json["version"] == made["version"]
    with database.transaction() as session:
        assert len(announced(session, "location.changed")) == 1


def test_put_sets_what_is_absent_to_its_default(http: Caller) -> None:
    made = location(http, arrival_notes="Ring twice.", address_visibility="public", service_radius_miles="10")

    put = as_practitioner(http).put(f"{PATH}{made['id']}/", body(name=None)).json

    assert (put["arrival_notes"], put["address_visibility"], put["service_radius_miles"]) == (
        None,
        "after_booking",
        None,
    )
    assert put["is_primary"] is True


def test_a_stale_version_is_refused(http: Caller) -> None:
    made = location(http)
    owner = as_practitioner(http)
    read = owner.get(f"{PATH}{made['id']}/")
    assert owner.having(If_Match=read.headers["ETag"]).patch(f"{PATH}{made['id']}/", {"name": "A"}).status == 200

    assert owner.having(If_Match=read.headers["ETag"]).patch(f"{PATH}{made['id']}/", {"name": "B"}).status == 412


def test_others_see_part_of_town_and_a_point_that_is_not_exact(http: Caller) -> None:
    made = location(
        http, latitude=40.7484, longitude=-73.9857, arrival_notes="Key under mat", virtual_url="https://z.example.org"
    )
    uuid = made["public_uuid"]
    other = http.as_user(7)

    seen = other.get(f"{PATH}{uuid}/").json

    assert (seen["address_line1"], seen["postal_code"], seen["is_address_hidden"]) == ("", "101", True)
    assert (seen["arrival_notes"], seen["virtual_url"], seen["precision"]) == (None, None, None)
    assert (seen["latitude"], seen["full_address"]) == ("40.745000", "New York City, NY 101, USA")
    assert http.get(f"{PATH}{uuid}/").status == 401
    as_practitioner(http).patch(f"{PATH}{uuid}/", {"address_visibility": "public"})
    opened = other.get(f"{PATH}{uuid}/").json
    assert (opened["latitude"], opened["address_line1"], opened["arrival_notes"]) == ("40.748400", "350 5th Ave", None)


def test_whose_location_it_is(http: Caller, database: Database) -> None:
    open_practice(database, 2, is_listed=False)
    open_practice(database, 3)
    hidden, shown = location(http, 2), location(http, 3)
    mine = as_practitioner(http)

    assert http.as_user(7).post(PATH, body()).status == 403
    assert mine.patch(f"{PATH}{shown['id']}/", {"name": "x"}).status == 403
    assert mine.patch(f"{PATH}{hidden['id']}/", {"name": "x"}).status == 404
    assert mine.get(f"{PATH}{hidden['id']}/").status == 404
    assert mine.delete(f"{PATH}{shown['id']}/").status == 403
    assert http.as_staff().patch(f"{PATH}{hidden['id']}/", {"name": "x"}).status == 200
    assert mine.get(f"{PATH}not-a-uuid/").status == 404


def test_a_suspended_practitioner_changes_nothing(http: Caller, database: Database) -> None:
    made = location(http)
    open_practice(database, sequence=2, status="suspended", is_listed=False)

    assert as_practitioner(http).post(PATH, body()).code == "practitioner_suspended"
    assert as_practitioner(http).patch(f"{PATH}{made['id']}/", {"name": "x"}).code == "practitioner_suspended"


def test_a_fresh_practitioner_is_told_to_come_back(http: Caller) -> None:
    refused = http.as_practitioner(5555, 4444).post(PATH, body())

    assert (refused.status, refused.headers["Retry-After"]) == (403, "2")
    assert "Retry-After" not in http.as_user(5556).post(PATH, body()).headers


def test_the_plan_limits_locations_in_person(http: Caller, database: Database) -> None:
    open_practice(database, sequence=2, limits={"max_locations": 2})
    location(http)
    location(http)

    refused = as_practitioner(http).post(PATH, body())
    virtual = location(http, is_virtual=True, is_in_person=False)

    assert (refused.status, refused.code) == (402, "subscription_required")
    assert refused.errors == {"limit": ["2"], "used": ["2"]}
    assert as_practitioner(http).patch(f"{PATH}{virtual['id']}/", {"is_in_person": True}).status == 402


def test_lists_show_own_ones_or_what_is_public(http: Caller, database: Database, statements: list[str]) -> None:
    open_practice(database, 2)
    open_practice(database, 3, is_listed=False)
    mine, theirs, unlisted = location(http), location(http, 2), location(http, 3)
    statements.clear()

    def ids(caller: Caller, query: str = "") -> list[int]:
        answer = caller.get(f"{PATH}?{query}")
        assert answer.status == 200, answer
        return sorted(one["id"] for one in answer.json["results"])

    assert ids(as_practitioner(http)) == [mine["id"]]
    assert len(statements) <= 3
    assert ids(as_practitioner(http), "scope=all") == [mine["id"], theirs["id"]]
    assert ids(http.as_user(7)) == [mine["id"], theirs["id"]]
    assert ids(http.as_user(7), "practitioner=practitioner-2") == [theirs["id"]]
    assert ids(http.as_user(7), "practitioner=3") == []
    assert ids(http.as_staff()) == [mine["id"], theirs["id"], unlisted["id"]]
    assert ids(http.as_user(7), f"city={NEW_YORK}&is_virtual=false&search=studio") == [mine["id"], theirs["id"]]
    assert ids(http.as_user(7), "search=10118") == []
    assert ids(as_practitioner(http), "search=10118") == [mine["id"]]
    assert http.get(PATH).status == 401
    assert http.as_user(7).get(f"{PATH}?ordering=foo").status == 400
    assert http.as_user(7).get(f"{PATH}?page_size=1000").json["page_size"] == 100


def test_the_mark_of_the_primary_one_moves(http: Caller, database: Database) -> None:
    first, second = location(http), location(http, name="Second")
    owner = as_practitioner(http)

    assert (first["is_primary"], second["is_primary"]) == (True, False)
    for _ in range(2):
        assert owner.post(f"{PATH}{second['id']}/set_primary/").json["is_primary"] is True
    assert owner.get(f"{PATH}{first['id']}/").json["is_primary"] is False
    assert owner.patch(f"{PATH}{second['id']}/", {"is_primary": False}).json["is_primary"] is True
    with database.transaction() as session:
        told = [(one.data["id"], one.data["is_primary"]) for one in announced(session, "location.changed")]
    assert told[2:] == [(first["id"], False), (second["id"], True)]


def test_deleting_the_primary_one_promotes_the_oldest_in_person(http: Caller, database: Database) -> None:
    first = location(http)
    location(http, is_virtual=True, is_in_person=False)
    heir = location(http)
    owner = as_practitioner(http)

    assert owner.delete(f"{PATH}{first['id']}/").status == 204
    assert owner.delete(f"{PATH}{first['id']}/").status == 404
    assert owner.get(f"{PATH}{heir['id']}/").json["is_primary"] is True
    with database.transaction() as session:
        [gone] = announced(session, "location.deleted")
        assert gone.data["was_primary"] is True
        assert announced(session)[-1].data["id"] == heir["id"]


def test_two_at_once_leave_one_primary(http: Caller, database: Database) -> None:
    open_practice(database, 5)
    _at_once(8, lambda number: location(http, 5, name=f"Place {number}"))
    ids = [one["id"] for one in as_practitioner(http, 5).get(PATH).json["results"]]
    _at_once(8, lambda number: as_practitioner(http, 5).post(f"{PATH}{ids[number]}/set_primary/"))

    with database.transaction() as session:
        own = select(func.count()).where(PractitionerLocation.practitioner_id == 5)
        assert (session.scalar(own), session.scalar(own.where(PractitionerLocation.is_primary))) == (8, 1)
        told = announced(session, "location.changed")
    last = {one.subject_id: one.data["is_primary"] for one in sorted(told, key=lambda one: one.sequence)}
    assert list(last.values()).count(True) == 1


def test_the_limit_holds_under_a_rush(http: Caller, database: Database) -> None:
    open_practice(database, 6, limits={"max_locations": 3})
    answers = _at_once(8, lambda _: as_practitioner(http, 6).post(PATH, body()).status)

    assert sorted(answers) == [201] * 3 + [402] * 5


def test_a_repeated_request_adds_one_location(http: Caller, database: Database) -> None:
    owner = as_practitioner(http).having(Idempotency_Key="once")

    first, second = owner.post(PATH, body()), owner.post(PATH, body())

    assert first.json["id"] == second.json["id"]
    assert owner.post(PATH, body(name="Other")).code == "idempotency_conflict"
    with database.transaction() as session:
        assert session.scalar(select(func.count(PractitionerLocation.id))) == 1


def _at_once(number: int, work: Any) -> list[Any]:
    barrier, results = Barrier(number), []

    def run(index: int) -> None:
        barrier.wait()
        results.append(work(index))

    threads = [Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
