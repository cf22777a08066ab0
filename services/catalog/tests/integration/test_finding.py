"""Who finds what: lists, details and search show everybody what they may see, and nothing else."""

import pytest
from sqlalchemy import text

from services.catalog.handlers import practitioners
from services.catalog.operations.upkeep import renew_search_terms
from services.catalog.tests.factories import practitioner, practitioner_told, service, workshop
from shared.database import Database
from shared.messaging.testing import apply
from shared.testing.http import Caller


def test_a_new_service_is_found_by_a_word_of_its_name(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    for unique in ("1e234567", "00000000", "deadbeef", "12345678", "a1b2c3d4", "5e5e5e5e"):
        service(me, name=f"Deep tissue massage {unique}")

        found = http.get(f"/public-services/?search={unique}").json

        assert [one["name"] for one in found["results"]] == [f"Deep tissue massage {unique}"]


@pytest.mark.parametrize(
    ("changes", "strangers"),
    [
        ({}, 200),
        ({"status": "draft"}, 404),
        ({"status": "inactive"}, 404),
        ({"is_active": False}, 404),
        ({"is_public": False}, 404),
    ],
)
def test_strangers_see_what_is_published_and_owners_their_own(
    database: Database, http: Caller, changes: dict[str, object], strangers: int
) -> None:
    me = practitioner(database, http)
    other = practitioner(database, http, 2)
    made = service(me, **changes)

    for stranger in (http, http.as_user(7), other):
        for reference in (made["id"], made["public_uuid"], made["slug"]):
            assert stranger.get(f"/services/{reference}/").status == strangers
        assert stranger.get("/services/").json["count"] == (1 if strangers == 200 else 0)
    assert http.get("/public-services/").json["count"] == (1 if strangers == 200 else 0)
    assert me.get("/public-services/").json["count"] == (1 if strangers == 200 else 0)
    for insider in (me, http.as_staff()):
        assert insider.get(f"/services/{made['id']}/").status == 200
        assert insider.get("/services/").json["count"] == 1


def test_what_cannot_be_booked_is_not_listed_but_says_why(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    empty = workshop(me, days=())

    assert empty["bookability"]["blockers"] == ["no_upcoming_session"]
    assert http.get("/public-services/").json["count"] == 0
    assert http.get(f"/services/{empty['id']}/").status == 200

    session = {"service": empty["id"], "start_time": "2027-01-05T10:00:00Z", "end_time": "2027-01-05T12:00:00Z"}
    assert me.post("/service-sessions/", session).status == 201
    assert http.get("/public-services/").json["count"] == 1


def test_services_vanish_with_their_practitioner_and_come_back(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    gone = practitioner_told(1, sequence=2, is_listed=False, status="suspended")
    back = practitioner_told(1, sequence=3)

    apply(database, "catalog", [practitioners], gone)
    assert http.get("/public-services/").json["count"] == 0
    assert http.get(f"/services/{made['id']}/").status == 404
    assert me.post("/services/", {"name": "x", "service_type_id": 1, "duration_minutes": 5}).code == (
        "practitioner_suspended"
    )

    apply(database, "catalog", [practitioners], back, gone)
    assert http.get("/public-services/").json["count"] == 1


def test_shares_and_blockers_are_for_those_whom_they_concern(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    helper = practitioner(database, http, 2)
    shares = [
        {"practitioner_id": 1, "revenue_share_percentage": "70.00"},
        {"practitioner_id": 2, "revenue_share_percentage": "30.00"},
    ]
    made = service(me, additional_practitioner_ids=[2], revenue_shares=shares)

    def shown(caller: Caller) -> list[str | None]:
        told = caller.get(f"/services/{made['id']}/").json["practitioner_relationships"]
        return [one["revenue_share_percentage"] for one in told]

    assert shown(me) == shown(helper) == shown(http.as_staff()) == ["70.00", "30.00"]
    assert shown(http) == shown(http.as_user(7)) == [None, None]


def test_a_list_takes_three_statements_whatever_its_length(
    database: Database, http: Caller, statements: list[str]
) -> None:
    me = practitioner(database, http)
    for number in range(25):
        workshop(me, name=f"Workshop {number}", days=(number + 1,))
    for path in ("/public-services/", "/services/"):
        for size in (5, 20):
            statements.clear()
            assert len(http.get(f"{path}?page_size={size}&ordering=name").json["results"]) == size
            assert len(statements) <= 3, statements
            statements.clear()
            assert len(me.get(f"{path}?page_size={size}").json["results"]) == size
            assert len(statements) <= 3, statements


def test_an_unchanged_list_is_not_sent_again(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    for path in ("/public-services/", f"/services/{made['id']}/", "/services/"):
        etag = http.get(path).headers["ETag"]
        assert http.having(If_None_Match=etag).get(path).status == 304
        me.patch(f"/services/{made['id']}/", {"price": "81.00" if path == "/services/" else "82.00"})
        assert http.having(If_None_Match=etag).get(path).status == 200
        me.patch(f"/services/{made['id']}/", {"price": "80.00"})


@pytest.mark.parametrize(
    "path",
    ["/services/autocomplete/?q=dee", "/services/facets/", "/service-categories/", "/modalities/", "/services/types/"],
)
def test_what_strangers_read_may_be_kept_for_half_a_minute(database: Database, http: Caller, path: str) -> None:
    service(practitioner(database, http))

    told = http.get(path).headers

    assert told["Cache-Control"].startswith("public, max-age=30,")
    assert http.having(If_None_Match=told["ETag"]).get(path).status == 304
    assert "Cache-Control" not in http.as_user(7).get(path).headers
    assert "Cache-Control" not in http.get("/services/facets/?colour=red").headers


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 400),
        ("page=abc", 400),
        ("page=9", 404),
        ("page_size=1000", 200),
        ("colour=red", 400),
        ("ordering=colour", 400),
        ("min_price=9&max_price=1", 400),
        ("min_rating=6", 400),
        ("near=91,0", 400),
        ("near=x", 400),
        ("is_active=maybe", 400),
        ("status=draft", 200),
        ("near=52.5,13.4&radius_km=10", 200),
        ("category=massage-bodywork,yoga-movement&modality=reiki&language=en&tags=a,b", 200),
        ("practitioner=1&location=virtual&city=berlin&age=30&uncategorized=true&available_now=true", 200),
        ("starts_after=2026-01-01T00:00:00Z&has_spots=true&upcoming=false&min_duration=1", 200),
        ("service_type=one-on-one&exclude_types=package&is_bundle=false&has_bonus=false", 200),
        ("search=the", 200),
        ("search=%25_", 200),
        ("search=%22", 200),
        (f"search={'a' * 201}", 400),
    ],
)
def test_parameters_of_lists(database: Database, http: Caller, query: str, status: int) -> None:
    service(practitioner(database, http))

    for path in ("/services/", "/public-services/"):
        assert http.get(f"{path}?{query}").status == status


def test_search_corrects_what_is_misspelt(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    for name in ("Thai massage", "Reiki for two", "Breathwork journey", "José's circle"):
        service(me, name=name)
    with database.transaction() as session:
        session.execute(text("UPDATE services SET hot = true"))
        renew_search_terms(session)

    def names(q: str) -> list[str]:
        return [one["name"] for one in http.get(f"/services/search/?q={q}").json["results"]]

    assert names("jose") == ["José's circle"]
    for wrong, right, name in (
        ("masage", "massage", "Thai massage"),
        ("reki", "reiki", "Reiki for two"),
        ("breathwrk", "breathwork", "Breathwork journey"),
    ):
        answer = http.get(f"/services/search/?q={wrong}").json
        assert answer["query"]["corrected"] == right
        assert [one["name"] for one in answer["results"]] == [name]
        counted = http.get(f"/services/search/?q={wrong}&facets=service_type").json["facets"]["service_type"]
        assert [(one["value"], one["count"]) for one in counted] == [("session", 1)]
    assert http.get("/services/search/?q=masage&typo=false").json["count"] == 0
    for everything in ("", "the", "!!!", "%22", "%26%20%7C", "%25_"):
        assert len(names(everything)) == 4
    assert http.get(f"/services/search/?q={'x' * 5000}").status == 400
    assert http.get("/services/search/?page=101&page_size=100").code == "page_too_deep"


def test_what_matches_is_marked_if_asked(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me, name="Massages <b>for two</b>", short_description="One massage & one more")
    service(me, name="Reiki")
    with database.transaction() as session:
        renew_search_terms(session)

    marked = {
        str(made["id"]): {
            "name": "<em>Massages</em> &lt;b&gt;for two&lt;/b&gt;",
            "short_description": "One <em>massage</em> &amp; one more",
        }
    }
    for q in ("massage", "masages"):
        assert (q, http.get(f"/services/search/?q={q}&highlight=true").json["highlights"]) == (q, marked)
    assert http.get("/services/search/?q=massage").json["highlights"] == {}
    assert http.get("/services/search/?q=&highlight=true").json["highlights"] == {}


def test_facets_and_suggestions(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    service(me, name="Reiki one", price="40")
    service(me, name="Reiki two", price="150", location_type="virtual")

    facets = http.get("/services/search/?q=reiki&facets=price,service_type&max_price=100").json
    assert facets["count"] == 1
    assert {one["value"]: one["count"] for one in facets["facets"]["price"]} == {"0-50": 1, "100-200": 1}
    assert facets["facets"]["service_type"] == [{"value": "session", "label": "Session", "count": 1, "selected": False}]
    suggested = http.get("/services/autocomplete/?q=rei").json
    assert {"kind": "modality", "highlighted": "<em>Rei</em>ki"}.items() <= suggested[0].items()


def test_facets_of_a_list_are_counted_without_their_own_filter(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    service(me, name="One", price="40")
    service(me, name="Two", price="150", languages=["de"])

    told = http.get("/services/facets/?max_price=100&language=de").json

    assert told["count"] == 0
    assert [one["value"] for one in told["facets"]["language"]] == []
    assert [one["value"] for one in told["facets"]["price"]] == ["100-200"]
    assert http.get("/services/facets/?colour=red").status == 400


def test_shelves(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    category = http.get("/service-categories/featured/").json[0]
    made = [service(me, name=f"Mine {number}", category_id=category["id"]) for number in range(19)]
    theirs = service(other, name="Theirs", category_id=category["id"])
    http.as_staff().patch(f"/services/{made[0]['id']}/", {"is_featured": True})

    assert [one["id"] for one in http.get("/services/featured/").json] == [made[0]["id"]]
    assert len(http.get("/services/popular/?limit=5").json) == 5
    assert http.get(f"/services/{made[0]['id']}/similar/").json[0]["id"] == theirs["id"]
    guidance = me.get(f"/services/price-guidance/?service_type=session&category={category['slug']}")
    assert guidance.json == {"count": 20, "currency": "usd", "p25": "80.00", "median": "80.00", "p75": "80.00"}
    assert me.get("/services/price-guidance/?service_type=course").status == 404
    assert http.as_user(7).get("/services/price-guidance/?service_type=session").status == 403
