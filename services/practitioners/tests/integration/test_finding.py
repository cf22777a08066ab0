"""Lists, search, favourites and the desk."""

from datetime import datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, text

from services.practitioners import jobs
from services.practitioners.api.viewing import flush_views
from services.practitioners.queries.listing import FILTERS, ORDERED
from services.practitioners.tests.people import booking, newcomer, service, told, verified
from services.practitioners.worker import HANDLERS
from shared.cli.web import finish
from shared.clock import utc_now
from shared.database import Database
from shared.database import database as current
from shared.messaging.testing import apply
from shared.testing.http import Caller


@pytest.mark.parametrize(
    "query",
    [
        "near=91,0",
        "near=40",
        "latitude=3",
        "radius_km=0&near=1,1",
        "radius_km=501&near=1,1",
        "ordering=distance",
        "page=0",
        "colour=x",
        "min_price=9&max_price=1",
        "min_rating=6",
        "available_time=10:00",
        "specialization=abc",
        "search=" + "a" * 201,
        "ordering=colour",
    ],
)
def test_questions_that_are_refused(http: Caller, query: str) -> None:
    assert http.get(f"/practitioners/?{query}").status == 400
    assert http.get(f"/practitioners/search/?{query}").status == 400


@pytest.mark.parametrize("query", ["page_size=1000", "search=%", "search=the", "available_on=2020-01-01", "utm_x=1"])
def test_questions_that_are_answered(http: Caller, query: str) -> None:
    assert http.get(f"/practitioners/?{query}").status == 200
    assert http.get(f"/practitioners/search/?{query}").status == 200


SAMPLES = {
    **dict.fromkeys(("available_within_hours", "min_experience", "max_experience", "min_rating"), "5"),
    **dict.fromkeys(("min_price", "max_price"), "80.00"),
    **dict.fromkeys(("available_on",), "2027-01-01"),
    **dict.fromkeys(("available_now", "featured", "is_featured", "is_verified", "is_active"), "true"),
    **dict.fromkeys(("city", "state", "country", "language", "modality", "modality_category", "categories"), "de"),
    "location": "virtual",
    "location_type": "virtual",
    "practitioner_status": "active,vacation",
}


def test_every_filter_and_ordering_is_understood(http: Caller) -> None:
    for name in FILTERS:
        asked = f"{name}={SAMPLES.get(name, '1')}"
        assert http.get(f"/practitioners/?{asked}").status == 200, name
        assert http.get(f"/practitioners/search/?{asked}").status == 200, name
    for name in ORDERED:
        assert http.get(f"/practitioners/?near=1,1&ordering=-{name}").status == 200, name
    for caller in (http.as_user(90), http.as_staff(1)):
        assert caller.get("/practitioners/?practitioner_status=active,pending").status == 200


def test_search_finds_accents_and_corrects_typos(http: Caller, database: Database) -> None:
    person, mine = verified(
        http, database, user_id=81, display_name="José Marti", professional_title="Therapy, somatic"
    )
    known = http.get("/specializations/?search=Acupuncture").json["results"][0]["id"]
    person.patch(f"/practitioners/{mine}/", {"specialization_ids": [known, known]})

    assert http.get("/practitioners/?search=jose").json["count"] == 1
    assert http.get("/practitioners/search/?q=SOMATIC%20%20therapy").json["count"] == 1
    fixed = http.get("/practitioners/search/?q=acupunture&include=facets,slots").json
    assert fixed["query"]["corrected"] == "acupuncture"
    assert fixed["results"][0]["matched"] == ["specialization"]
    assert fixed["facets"]["specializations"] == [{"id": known, "name": "Acupuncture", "count": 1}]
    assert http.get("/practitioners/search/?q=acupunture&typo=false").json["count"] == 0
    assert http.get("/practitioners/search/?location=atlantis").code == "place_not_found"
    assert http.get("/practitioners/search/?page=501").code == "page_too_deep"
    assert http.get("/practitioners/autocomplete/?q=acu").json[0]["highlight"] == "<em>Acu</em>puncture"
    assert http.get("/practitioners/facets/").json["location_types"] == []


def test_facets_narrow_lists(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=82)
    ids = [row["id"] for row in http.get("/specializations/?page_size=2").json["results"]]

    assert person.patch(f"/practitioners/{mine}/", {"specialization_ids": [*ids, ids[0]]}).status == 200
    assert person.patch(f"/practitioners/{mine}/", {"specialization_ids": [999999]}).status == 400
    assert person.patch(f"/practitioners/{mine}/", {"specialization_ids": "1,2"}).status == 400
    assert person.patch(f"/practitioners/{mine}/", {"languages": ["de", "en"]}).status == 200
    assert http.get(f"/practitioners/?specialization={ids[0]},999&language=de").json["count"] == 1
    assert http.get(f"/practitioners/?specialization={ids[1]}&language=fr").json["count"] == 0
    row = http.get("/public-practitioners/").json["results"][0]
    assert [item["id"] for item in row["specializations"]] == ids


def test_a_list_costs_the_same_whatever_its_length(http: Caller, database: Database) -> None:
    for number in range(3):
        verified(http, database, user_id=83 + number, display_name=f"N{number}")
    statements: list[str] = []

    event.listen(current().engine, "before_cursor_execute", lambda _c, _u, sql, *_: statements.append(sql))
    assert http.get("/practitioners/").json["count"] == 3

    assert len([sql for sql in statements if "practitioners" in sql or sql.startswith("EXECUTE")]) <= 2


def test_old_addresses_still_lead_there(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=86)

    assert person.patch(f"/practitioners/{mine}/", {"slug": "mara-of-berlin"}).json["slug"] == "mara-of-berlin"
    assert person.patch(f"/practitioners/{mine}/", {"slug": "search"}).status == 400
    assert http.get("/practitioners/mara-sol/").json["slug"] == "mara-of-berlin"
    assert http.get("/practitioners/by-slug/mara-sol/").json["id"] == mine


def test_versions_guard_changes_and_tag_reads(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=87)
    tag = person.get(f"/practitioners/{mine}/").headers["ETag"]

    assert person.having(If_None_Match=tag).get(f"/practitioners/{mine}/").status == 304
    with database.transaction() as session:
        session.execute(text("UPDATE practitioners SET rating_count = 1"))
    assert person.having(If_None_Match=tag).get(f"/practitioners/{mine}/").status == 200
    assert person.having(If_Match=tag).patch(f"/practitioners/{mine}/", {"quote": "A"}).status == 200
    assert person.having(If_Match=tag).patch(f"/practitioners/{mine}/", {"quote": "B"}).status == 412
    assert person.having(If_Match='W/"", ""').patch(f"/practitioners/{mine}/", {"quote": "B"}).status == 412


def test_favourites(http: Caller, database: Database) -> None:
    owner, mine = verified(http, database, user_id=88)
    fan = newcomer(http, database, user_id=89)

    assert owner.post("/auth/favorites/add/", {"practitioner_id": mine}).status == 400
    assert fan.post("/auth/favorites/add/", {"practitioner_id": 999999}).status == 404
    first = fan.post("/auth/favorites/add/", {"practitioner_id": mine})
    assert (first.status, first.json["total"]) == (201, 1)
    again = fan.post("/auth/favorites/add/", {"practitioner_id": "mara-sol"})
    assert (again.status, again.json["message"]) == (200, "Practitioner is already in favorites")
    assert fan.get("/auth/favorites/").json["results"][0]["slug"] == "mara-sol"
    assert fan.delete(f"/auth/favorites/{mine}/remove/").status == 204
    assert fan.delete(f"/auth/favorites/{mine}/remove/").status == 404
    owner.patch(f"/practitioners/{mine}/", {"practitioner_status": "vacation"})
    assert fan.post("/auth/favorites/add/", {"practitioner_id": mine}).status == 404
    events = told(database, "favorite.changed")
    assert [(event.sequence, event.data["is_favorite"], event.data["total"]) for event in events] == [
        (1, True, 1),
        (2, False, 0),
    ]


def test_the_desk_is_its_owners(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=90)
    other, _ = verified(http, database, user_id=91, display_name="Other")
    newcomer(http, database, user_id=8)
    apply(database, "practitioners", HANDLERS, service(1, mine), booking(1, mine))

    stats = person.get("/practitioners/stats/").json
    assert stats["upcoming_bookings"] == 1
    assert person.get("/practitioners/analytics/?days=7").json["overview"]["total_bookings"] == 1
    note = person.post("/practitioners/clients/8/notes/", {"content": "Likes quiet."})
    assert note.status == 201, note
    assert other.get("/practitioners/clients/8/notes/").status == 404
    assert other.put(f"/practitioners/clients/notes/{note.json['id']}/", {"content": "x"}).status == 404
    assert person.post("/practitioners/clients/7/notes/", {"content": "x"}).status == 404
    detail = person.get("/practitioners/clients/8/").json
    assert (detail["notes_count"], detail["total_bookings"], detail["session_types"]) == (1, 1, ["Session"])
    assert person.get("/practitioners/clients/?search=pat&has_upcoming=true").json["count"] == 1
    assert person.get("/practitioners/my_profile/completeness/").json["publishable"] is True
    blocked = person.delete(f"/practitioners/{mine}/")
    assert (blocked.status, blocked.code) == (409, "has_upcoming_bookings")
    assert person.post(f"/practitioners/{mine}/verify_email/").json["already_verified"] is True


def test_calendars_at_a_glance(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=92)
    week = [{"day": day, "start_time": "09:00", "end_time": "17:00"} for day in range(5)]
    person.post("/schedules/", {"name": "W", "time_slots": week, "timezone": "Europe/Berlin"})
    apply(database, "practitioners", HANDLERS, service(1, mine), booking(1, mine))

    days = person.get("/availability/calendar/?year=2026&month=12").json
    assert days[0] == {
        **days[0],
        "date": "2026-12-01",
        "status": "partly_booked",
        "booked_minutes": 60,
        "free_minutes": 420,
    }
    used = person.get("/availability/utilization/?start_date=2026-12-01&end_date=2026-12-05").json
    assert (used["utilization_rate"], used["total_bookings"]) == (3.12, 1)
    shown = http.get(f"/availability/preview/?practitioner_ids={mine},77&days=3").json
    assert [len(one["days"]) for one in shown] == [3]
    assert http.get(f"/availability/next_available/?practitioner_id={mine}&count=2").status == 200
    batch = http.post("/practitioners/batch/", {"ids": [mine, 12345]}).json
    assert [row["id"] for row in batch] == [mine]
    assert http.get(f"/practitioners/{mine}/similar/").json == []
    assert http.get("/practitioners/featured/").json == []


def test_credentials_are_their_owners(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=93)
    other, _ = verified(http, database, user_id=94, display_name="Other")
    held = person.get("/certifications/").json["results"][0]

    assert other.put(f"/certifications/{held['id']}/", {"certificate": "x"}).status == 404
    assert other.delete(f"/certifications/{held['id']}/").status == 404
    wrong = {"issue_date": "2024-02-01", "expiry_date": "2024-01-01"}
    assert person.patch(f"/certifications/{held['id']}/", wrong).status == 400
    expired = person.patch(f"/certifications/{held['id']}/", {"expiry_date": "2024-01-01"}).json
    assert (expired["is_expired"], expired["certificate"]) == (True, "Diploma")
    asked = person.post(f"/practitioners/{mine}/questions/", {"title": "Why?", "answer": "Because."}).json
    second = person.post(f"/practitioners/{mine}/questions/", {"title": "How?"}).json
    path = f"/practitioners/{mine}/questions/reorder/"
    order = person.post(path, {"question_ids": [second["id"]]}).json
    assert [one["id"] for one in order] == [second["id"], asked["id"]]
    assert http.get(f"/practitioners/{mine}/certifications/").json[0]["id"] == held["id"]
    assert person.post("/education/", {"degree": "MSc", "year": 1800}).status == 400


def test_staff_keep_the_words(http: Caller, database: Database) -> None:
    staff = http.as_staff()
    person, mine = verified(http, database, user_id=95)
    made = staff.post("/topics/", {"content": "Forest bathing"})
    try:
        assert made.status == 201, made
        assert staff.post("/topics/", {"content": "forest BATHING"}).code == "name_taken"
        assert person.post("/topics/", {"content": "x"}).status == 403
        person.patch(f"/practitioners/{mine}/", {"topic_ids": [made.json["id"]]})
        assert staff.delete(f"/topics/{made.json['id']}/").code == "in_use"
        assert staff.patch(f"/topics/{made.json['id']}/", {"order": 3}).json["order"] == 3
        person.patch(f"/practitioners/{mine}/", {"topic_ids": []})
    finally:
        assert staff.delete(f"/topics/{made.json['id']}/").status == 204
    assert http.get("/styles/").json["count"] == 12


def test_answers_to_nobody_may_be_kept(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=96)

    for path in ("/practitioners/", f"/public-practitioners/{mine}/", "/practitioners/search/"):
        for _ in range(3):
            assert http.get(path).headers["Cache-Control"].startswith("public, max-age=30"), path
    assert "public" not in http.get("/practitioners/?page=0").headers.get("Cache-Control", "")
    assert "public" not in person.get(f"/practitioners/{mine}/").headers.get("Cache-Control", "")


def test_strangers_get_a_list_again_until_something_changes(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=99)

    asked = [http.get("/practitioners/?page_size=7") for _ in range(3)]
    tag = asked[0].headers["ETag"]
    same = http.having(If_None_Match=tag).get("/practitioners/?page_size=7")
    person.patch(f"/practitioners/{mine}/", {"practitioner_status": "inactive"})
    changed = http.having(If_None_Match=tag).get("/practitioners/?page_size=7")

    assert [one.json["count"] for one in (*asked, changed)] == [1, 1, 1, 0]
    assert ({one.headers["ETag"] for one in asked}, same.status) == ({tag}, 304)


def test_looks_are_counted_but_not_those_of_owners_and_robots(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=97)
    flush_views()

    http.get(f"/practitioners/{mine}/")
    http.having(User_Agent="Googlebot/2.1").get(f"/practitioners/{mine}/")
    person.get(f"/practitioners/{mine}/")
    flush_views()

    assert person.get("/practitioners/analytics/").json["overview"]["profile_views"]["total"] == 1


def test_looks_are_written_down_when_the_process_ends(http: Caller, app: Flask, database: Database) -> None:
    person, mine = verified(http, database, user_id=91)
    flush_views()

    http.get(f"/practitioners/{mine}/")
    finish(None, SimpleNamespace(wsgi=app))

    assert person.get("/practitioners/analytics/").json["overview"]["profile_views"]["total"] == 1


def test_a_time_of_day_is_checked_by_the_calendar(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=98)
    newcomer(http, database, user_id=8)
    week = [{"day": day, "start_time": "09:00", "end_time": "12:00"} for day in range(7)]
    person.post("/schedules/", {"name": "W", "time_slots": week, "timezone": "Europe/Berlin"})
    day = utc_now().date() + timedelta(days=5)
    taken = datetime.combine(day, time(9), ZoneInfo("Europe/Berlin"))
    held = {"start_time": taken.isoformat(), "end_time": (taken + timedelta(hours=1)).isoformat()}
    apply(database, "practitioners", HANDLERS, service(1, mine), booking(1, mine, **held))
    with database.transaction() as session:
        session.execute(text("UPDATE next_available_queue SET due_at = now() - interval '1 second'"))
    jobs.compute_next_available()

    # Free are 10:15 to 11:00; the morning as a whole has a free time, the afternoon has none.
    for at, count in (("10:15", 1), ("11:00", 1), ("09:00", 0), ("09:30", 0), ("11:15", 0), ("10:20", 0), ("14:00", 0)):
        for path in ("/practitioners/", "/public-practitioners/", "/practitioners/search/"):
            answer = http.get(f"{path}?available_on={day}&available_time={at}")
            assert (answer.status, answer.json["count"], len(answer.json["results"])) == (200, count, count), (path, at)
            assert answer.json["count_exact"] is True
    assert http.get(f"/practitioners/?available_on={day}&available_time=11:00&page=2").status == 404
    assert http.get(f"/practitioners/search/?available_on={day}&available_time=11:00&page=2").status == 404
