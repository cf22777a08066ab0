"""Finding and checking addresses: Google over its wire, our own tables, and what happens when one of them fails."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from services.locations.clients.google import GoogleMaps
from services.locations.domain.addresses import Question
from services.locations.domain.sphere import Point, metres_between
from services.locations.models import GeocodeUsage
from services.locations.operations.geocoding import Geocoder, Geocoding, Offline, use_geocoding
from services.locations.tests.factories import NEW_YORK, as_practitioner, body, location, open_practice
from services.locations.tests.google import KEY, Sandbox, sandbox
from shared.database import Database
from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("places")
EMPIRE = Question(line1="350 5th Ave", city="New York", state="NY", postal_code="10118")
HERE = Point(40.7484, -73.9857)


@pytest.fixture
def google(app: object) -> Iterator[Sandbox]:
    """Google's sandbox, used by the service in this process."""
    with sandbox() as told:
        use_geocoding(Geocoding(google=GoogleMaps(key=KEY, base=told.url, timeout_ms=400)))
        yield told
    use_geocoding(Geocoding())


@pytest.fixture(params=["google", "offline"])
def geocoder(request: pytest.FixtureRequest) -> Iterator[Geocoder]:
    """Both of those that find addresses, one after the other."""
    if request.param == "offline":
        yield Offline()
        return
    with sandbox() as told:
        yield GoogleMaps(key=KEY, base=told.url)


def test_both_find_an_address(geocoder: Geocoder) -> None:
    [found] = geocoder.geocode(EMPIRE)

    assert metres_between(found.point, HERE) < 3_000
    assert found.precision in ("rooftop", "street", "postal_code")
    assert (found.components.state, found.components.country, found.components.postal_code) == ("NY", "US", "10118")
    assert found.formatted_address == "350 5th Ave, New York, NY 10118, USA"


def test_both_find_nothing_where_nothing_is(geocoder: Geocoder) -> None:
    assert geocoder.geocode(Question(text="???")) == []


def test_both_know_what_is_at_a_point(geocoder: Geocoder) -> None:
    found = geocoder.reverse(HERE)

    assert found is not None
    assert (found.components.state, found.components.country) == ("NY", "US")


def test_both_judge_an_address(geocoder: Geocoder) -> None:
    verdict = geocoder.verdict(EMPIRE)

    assert verdict.valid
    assert verdict.error is None
    assert verdict.components.postal_code == "10118"
    assert "city" in verdict.confirmed
    assert verdict.point is not None


def test_offline_never_claims_to_know_a_street() -> None:
    verdict = Offline().verdict(EMPIRE)

    assert (verdict.granularity, verdict.unconfirmed) == ("postal_code", ("street_number", "street"))


def test_google_places_a_location_exactly_and_is_asked_once(http: Caller, google: Sandbox, database: Database) -> None:
    open_practice(database)

    made = location(http, input_city_name="New York")
    location(http)

    assert (made["precision"], made["geocode_status"], made["warnings"]) == ("rooftop", "ok", [])
    assert made["latitude"] == "40.748441"
    assert len(google.calls) == 2, "350 5th Ave, New York and New York City are two questions"
    location(http)
    assert len(google.calls) == 2


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("zero", "approximate"),
        ("OVER_QUERY_LIMIT", "pending"),
        ("garbage", "pending"),
        ("REQUEST_DENIED", "approximate"),
    ],
)
def test_a_save_never_fails_because_google_does(
    http: Caller, google: Sandbox, database: Database, mode: str, status: str
) -> None:
    open_practice(database)
    google.mode = mode

    made = location(http)

    assert (made["precision"], made["geocode_status"]) == ("postal_code", status)


def test_one_failure_is_tried_again_and_many_are_not(http: Caller, google: Sandbox, database: Database) -> None:
    open_practice(database)
    google.failures = 1
    assert location(http)["geocode_status"] == "ok"
    assert len(google.calls) == 2
    google.mode = "OVER_QUERY_LIMIT"
    location(http, address_line1="1 Wall St")
    location(http, address_line1="2 Wall St")
    assert len(google.calls) == 3, "over the limit, nobody asks for a minute"


def test_google_that_does_not_answer_costs_no_more_than_the_timeout(
    http: Caller, google: Sandbox, database: Database
) -> None:
    open_practice(database)
    google.seconds = 0.8

    assert location(http)["geocode_status"] == "pending"


def test_a_refused_key_acts_like_none(http: Caller, google: Sandbox, database: Database) -> None:
    open_practice(database)
    google.mode = "REQUEST_DENIED"
    location(http)
    location(http, address_line1="1 Wall St")

    assert len(google.calls) == 1


def test_the_day_has_a_limit(http: Caller, google: Sandbox, database: Database) -> None:
    open_practice(database)
    use_geocoding(Geocoding(google=GoogleMaps(key=KEY, base=google.url), daily_max=1))
    location(http)
    late = location(http, address_line1="1 Wall St")

    assert (len(google.calls), late["geocode_status"]) == (1, "pending")
    with database.transaction() as session:
        assert session.scalar(select(GeocodeUsage.calls)) == 1


def test_a_question_over_http_names_its_source(http: Caller, google: Sandbox) -> None:
    user = http.as_user(7)
    asked = {"address_line1": "350 5th Ave", "city": NEW_YORK, "state": "NY", "postal_code": "10118"}

    first, second = user.post("/locations/geocode/", asked), user.post("/locations/geocode/", asked)

    assert (first.json["source"], second.json["source"]) == ("google", "cache")
    assert first.json["results"] == second.json["results"]
    [found] = first.json["results"]
    assert (found["city"], found["precision"], found["place_id"]) == (NEW_YORK, "rooftop", "empire")
    assert found["bounds"] == "40.747441,-73.986664,40.749441,-73.984664"
    judged = user.post("/locations/validate_address/", asked).json
    assert (judged["valid"], judged["granularity"], judged["source"]) == (True, "building", "google")
    assert user.post("/locations/reverse_geocode/", {"latitude": 40.7484, "longitude": -73.9857}).json["place_id"]


def test_nobody_asks_google_anonymously(http: Caller, google: Sandbox) -> None:
    token = {"session_token": "0192f3c0-0000-7000-8000-000000000001"}
    http.get("/locations/autocomplete/", query_string={"q": "350 5th", **token})
    http.get("/locations/resolve/", query_string={"q": "350 5th Ave, Nowhere"})
    http.post("/practitioner-locations/search/", {"address": "350 5th Ave, New York"})
    assert google.calls == []

    found = http.as_user(7).get("/locations/autocomplete/", query_string={"q": "350 5th", **token}).json
    assert [(one["type"], one["place_id"]) for one in found] == [("address", "empire")]


@pytest.mark.parametrize(
    ("asked", "valid", "granularity"),
    [
        (
            {"address_line1": "350 5th Ave", "city": "New York", "state": "NY", "postal_code": "10118"},
            True,
            "postal_code",
        ),
        ({"address": "350 5th Ave, New York, NY 10118-1234"}, True, "postal_code"),
        ({"address": "???"}, False, "none"),
        ({"address": "😀"}, False, "none"),
        ({"address": "10001"}, False, "postal_code"),
    ],
)
def test_a_well_formed_address_is_always_judged(
    http: Caller,
    asked: dict[str, str],
    valid: bool,
    granularity: str,
) -> None:
    judged = http.as_user(7).post("/practitioner-locations/validate_address/", asked)

    assert judged.status == 200
    assert (judged.json["valid"], judged.json["granularity"]) == (valid, granularity)
    assert judged.json["source"] == "offline"


def test_what_was_mended_is_told(http: Caller) -> None:
    asked = {"address_line1": "1 Main St", "city": "San Antonyo", "state": "Tex.", "postal_code": "78205"}
    judged = http.as_user(7).post("/locations/validate_address/", asked).json

    assert {one["component"]: (one["from"], one["to"]) for one in judged["corrections"]} == {
        "state": ("Tex.", "TX"),
        "city": ("San Antonyo", "San Antonio"),
    }
    assert judged["valid"] is True
    wrong = {"address_line1": "1 Main St", "city": "San Francisco", "state": "CA", "postal_code": "10001"}
    torn = http.as_user(7).post("/locations/validate_address/", wrong).json
    assert torn["valid"] is False
    assert torn["corrections"] == [{"component": "state", "from": "CA", "to": "NY"}]


@pytest.mark.parametrize(
    "asked",
    [{"address": "x" * 501}, {"address": ""}, {}, {"address": "a\x00b"}, {"address": "1", "country": "Atlantis"}],
)
def test_what_is_no_address_is_refused(http: Caller, asked: dict[str, str]) -> None:
    assert http.as_user(7).post("/locations/validate_address/", asked).status == 400
    assert http.post("/locations/validate_address/", asked).status == 401


def test_asking_too_often_is_refused(http: Caller) -> None:
    user = http.as_user(7)
    answers = [user.post("/locations/geocode/", {"address": "10001"}) for _ in range(31)]

    assert [answer.status for answer in answers].count(200) == 30
    assert (answers[-1].status, answers[-1].code) == (429, "rate_limited")
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_nothing_near_is_not_found(http: Caller) -> None:
    user = http.as_user(7)

    assert user.post("/locations/reverse_geocode/", {"latitude": 0, "longitude": -150}).status == 404
    found = user.post("/locations/reverse_geocode/", {"latitude": 40.7484, "longitude": -73.9967}).json
    assert (found["components"]["postal_code"], found["timezone"]) == ("10001", "America/New_York")


@pytest.mark.parametrize(
    ("asked", "kind", "name"),
    [
        ("78701", "postal_code", "Austin, TX 78701"),
        ("austin tx", "city", "Austin, Texas"),
        ("austin, Tex.", "city", "Austin, Texas"),
        ("Bavaria", "state", "Bavaria, Germany"),
        ("Texas", "state", "Texas, United States"),
        ("new york", "city", "New York City, New York"),
        ("Germany", "country", "Germany"),
        ("40.7,-74", "point", "40.7, -74"),
        ("München", "city", "Munich, Bavaria"),
        ("Paris, France", "city", "Paris, Île-de-France"),
    ],
)
def test_one_box_means_one_place(http: Caller, asked: str, kind: str, name: str) -> None:
    found = http.get("/locations/resolve/", query_string={"q": asked})

    assert found.status == 200, found
    assert (found.json["type"], found.json["name"]) == (kind, name)
    assert found.json["radius_miles"] > 0


def test_one_box_that_means_nothing(http: Caller) -> None:
    assert http.get("/locations/resolve/?q=xqzzy").status == 404
    assert http.get("/locations/resolve/").status == 400
    assert http.get("/locations/resolve/?q=munich&country=US").status == 404


def test_what_is_typed_is_completed(http: Caller) -> None:
    def texts(**query: object) -> list[str]:
        answer = http.get("/locations/autocomplete/", query_string=query)
        assert answer.status == 200, answer
        return [one["text"] for one in answer.json]

    assert texts(q="san an", types="city")[0] == "San Antonio"
    assert texts(q="austin, t")[0] == "Austin"
    assert texts(q="1000", types="postal_code", limit=2) == ["10001", "10002"]
    assert "Texas" in texts(q="tex")
    assert texts(q="ber", country="DE", types="city")[0] == "Berlin"
    assert texts(q="new", types="city", near="40.74,-74.17", limit=1) == ["New York City"]
    first = http.get("/locations/autocomplete/?q=san%20an&types=city").json[0]
    assert (first["highlight"], first["slug"]) == ("<em>San An</em>tonio", "san-antonio-tx")
    for bad in ("q=a", "q=ab&types=planet", "q=ab&limit=21", "q=ab&country=XX"):
        assert http.get(f"/locations/autocomplete/?{bad}").status == 400


def test_too_many_completions_from_one_address(http: Caller) -> None:
    answers = [http.get("/locations/autocomplete/?q=au&types=state").status for _ in range(62)]

    assert answers.count(200) == 60
    assert answers[-1] == 429


def test_body_of_geocode_takes_names_of_our_own_places(http: Caller, database: Database) -> None:
    open_practice(database)
    owner = as_practitioner(http)

    assert owner.post("/locations/geocode/", {"city": 1}).errors.keys() == {"city"}
    assert owner.post("/practitioner-locations/", body(input_city_name="ignored")).status == 201
