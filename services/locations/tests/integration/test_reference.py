"""Countries, states, cities and postal codes, as anybody reads them."""

import pytest
from sqlalchemy import text

from services.locations.operations.seeding import load_reference
from services.locations.tests.conftest import SELECTION
from shared.database import Database
from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("places")


@pytest.mark.parametrize("reference", ["840", "US", "us", "USA", "united-states"])
def test_a_country_is_found_by_any_of_its_names(http: Caller, reference: str) -> None:
    found = http.get(f"/countries/{reference}/")

    assert found.status == 200
    assert (found.json["id"], found.json["code"], found.json["flag"]) == (840, "US", "🇺🇸")
    assert found.json["timezones"][0] == "America/New_York"


def test_the_gaps_of_the_packages_are_mended(http: Caller) -> None:
    assert http.get("/countries/PR/").json["phone_code"] == "1787"
    assert http.get("/countries/XK/").json["id"] == 983
    assert http.get("/countries/AQ/").json["currency_code"] is None


def test_lists_have_long_pages_and_take_both_spellings(http: Caller) -> None:
    states = http.get("/states/?country=US")
    old = http.get("/locations/states/?country=840&limit=5")

    assert (states.json["count"], states.json["page_size"]) == (63, 100)
    assert (len(old.json["results"]), old.json["count"]) == (5, 63)
    assert http.get("/countries/?page_size=1000").json["page_size"] == 500


@pytest.mark.parametrize("query", ["ordering=foo", "foo=1", "page=0", "country=Atlantis", "ordering=distance"])
def test_what_a_list_does_not_know_is_refused(http: Caller, query: str) -> None:
    assert http.get(f"/cities/?{query}").code == "validation_error"


@pytest.mark.parametrize("asked", ["são", "SAO", "sao paulo"])
def test_a_city_is_found_without_its_accents(http: Caller, asked: str) -> None:
    names = [city["name"] for city in http.get(f"/cities/?search={asked}").json["results"]]

    assert names[0] == "São Paulo"


@pytest.mark.parametrize(("asked", "name"), [("München", "Munich"), ("munich", "Munich"), ("nyc", "New York City")])
def test_a_city_is_found_by_its_other_names(http: Caller, asked: str, name: str) -> None:
    assert http.get(f"/cities/?search={asked}").json["results"][0]["name"] == name


def test_cities_around_a_point_come_nearest_first(http: Caller, statements: list[str]) -> None:
    statements.clear()

    found = http.get("/cities/?near=40.7128,-74.006&radius=10").json["results"]

    distances = [float(city["distance_miles"]) for city in found]
    assert found[0]["id"] == 5128581
    assert distances == sorted(distances)
    assert distances[-1] <= 10
    assert len(statements) <= 3


@pytest.mark.parametrize(
    "path",
    ["/cities/?search=san", "/countries/", "/states/?country=CA", "/zipcodes/?code=100", "/zipcodes/?state=US-NY"],
)
def test_a_list_takes_three_statements_at_most(http: Caller, path: str, statements: list[str]) -> None:
    http.get("/countries/")
    statements.clear()

    assert http.get(path).status == 200
    assert len(statements) <= 3


def test_cities_come_major_ones_first_and_by_population(http: Caller) -> None:
    found = http.get("/cities/?country=US&page_size=3").json["results"]

    assert [city["name"] for city in found] == ["New York City", "Los Angeles", "Brooklyn"]
    assert found[0]["metro_area"] == "Greater New York City"
    assert found[0]["seo_url"] == "new-york-city-ny"


def test_major_cities_and_metro_areas_are_bounded_arrays(http: Caller) -> None:
    assert len(http.get("/cities/major_cities/?limit=4").json) == 4
    assert http.get("/cities/major_cities/?limit=501").status == 400
    assert http.get("/cities/by_metro/").errors == {"metro_area": ["Missing data for required field."]}
    assert "Greater New York City" in {
        city["metro_area"] for city in http.get("/cities/by_metro/?metro_area=york").json
    }


def test_places_have_addresses_of_pages(http: Caller) -> None:
    assert http.get("/cities/by-slug/new-york-city-ny/").json["id"] == 5128581
    assert http.get("/cities/new-york-city-ny/").json["id"] == 5128581
    assert http.get("/states/by-slug/us/texas/").json["code"] == "TX"
    assert http.get("/states/US-TX/").json["iso_code"] == "US-TX"
    assert http.get("/states/CA-ON/").json["name"] == "Ontario"
    assert http.get("/cities/nowhere-zz/").status == 404


def test_puerto_rico_is_a_state(http: Caller) -> None:
    by_country = http.get("/cities/?country=PR").json
    by_state = http.get("/cities/?state=US-PR").json

    assert by_country["count"] == by_state["count"] > 0
    assert by_country["results"][0]["country_code"] == "US"


@pytest.mark.parametrize(
    ("asked", "status"),
    [("10001-1234", 200), (" 10001 ", 200), ("1001", 400), ("ABCDE", 404), ("１０００１", 200), ("99999", 404)],
)
def test_a_zip_code_is_read_as_people_write_it(http: Caller, asked: str, status: int) -> None:
    found = http.get("/zipcodes/lookup/", query_string={"code": asked})

    assert found.status == status
    assert status != 200 or found.json["code"] == "10001"


def test_a_zip_code_knows_its_city_though_the_post_calls_it_otherwise(http: Caller) -> None:
    found = http.get("/zipcodes/lookup/?code=10001").json

    assert (found["city"], found["city_name"], found["state_code"]) == (5128581, "New York City", "NY")


def test_a_military_zip_code_has_no_point(http: Caller) -> None:
    found = http.get("/zipcodes/lookup/?code=09000").json

    assert (found["kind"], found["latitude"], found["state_code"], found["city"]) == ("military", None, "AE", None)


def test_zip_codes_around_a_point(http: Caller) -> None:
    found = http.get("/zipcodes/?near=40.7484,-73.9967&radius=1").json["results"]

    assert found[0]["code"] == "10001"
    assert found[0]["distance_miles"] == "0.00"


def test_staff_switches_places_and_nobody_else_sees_them(http: Caller) -> None:
    changed = http.as_staff().patch("/cities/5128581/", {"is_active": False, "meta_title": "New York"})

    assert changed.json["meta_title"] == "New York"
    assert http.get("/cities/5128581/").status == 404
    assert http.as_staff().get("/cities/5128581/").status == 200
    assert http.as_user(7).patch("/cities/5128581/", {"is_active": True}).status == 403
    assert http.patch("/countries/US/", {"is_active": False}).status == 401
    assert http.as_staff().patch("/states/US-TX/", {"meta_title": "x" * 201}).status == 400
    assert http.as_staff().patch("/states/US-TX/", {"meta_title": "Texas"}).json["meta_title"] == "Texas"


def test_reference_data_is_kept_by_caches(http: Caller) -> None:
    first = http.get("/countries/US/")

    assert first.headers["Cache-Control"] == "public, max-age=3600"
    assert http.get("/countries/US/", headers={"If-None-Match": first.headers["ETag"]}).status == 304


def test_an_address_format_says_what_a_form_needs(http: Caller) -> None:
    us, gb = (http.get(f"/countries/{code}/address_format/").json for code in ("US", "GB"))

    assert us["required"] == ["address_line1", "city", "postal_code", "state"]
    assert (us["state_label"], us["postal_code_label"]) == ("state", "zip")
    assert {"code": "TX", "name": "Texas"} in us["states"]
    assert gb["states"] == []


def test_seeding_twice_changes_nothing(places: Database) -> None:
    with places.transaction() as session:
        again = load_reference(session, inhabitants=15_000, selection=SELECTION, again=True)
        skipped = load_reference(session, inhabitants=15_000, selection=SELECTION)

    assert set(again.values()) == {0}
    assert skipped == {}


def test_a_whole_list_is_counted_now_and_then(http: Caller, places: Database, statements: list[str]) -> None:
    paths = ("/cities/", "/countries/", "/states/", "/zipcodes/")
    first = {path: http.get(f"{path}?page_size=1").json for path in paths}
    staff = {path: http.as_staff().get(f"{path}?page_size=1&search=zz").json for path in paths[:3]}
    del statements[:]

    again = {path: http.get(f"{path}?page_size=2").json for path in paths}

    assert not [sql for sql in statements if "count(" in sql.lower()]
    for path in paths:
        assert again[path]["count"] == first[path]["count"] > len(again[path]["results"])
        assert again[path]["count_exact"] == (first[path]["count"] <= 10_000)
        assert len(http.get(f"{path}?page_size=1&page=2").json["results"]) == 1
    assert all(answer["count"] < 50 for answer in staff.values())
    with places.transaction() as session:
        session.execute(text("UPDATE countries SET is_active = false WHERE code = 'FR'"))
    assert http.get("/countries/?search=france").json["count"] == 0
    assert http.get("/countries/").json["count"] == first["/countries/"]["count"]


def test_cities_that_are_searched_come_by_population(http: Caller, places: Database) -> None:
    def people(query: str) -> list[int]:
        return [
            city["population"] or 0 for city in http.get(f"/cities/?search=san&page_size=100{query}").json["results"]
        ]

    found = http.get("/cities/?search=san&page_size=100").json["results"]
    order = [(not city["is_major"], -(city["population"] or 0)) for city in found]

    assert len(found) > 5
    assert order == sorted(order)
    assert people("&ordering=-population") == sorted(people(""), reverse=True)
    known = [one for one in people("&ordering=population") if one]
    assert known == sorted(known)
