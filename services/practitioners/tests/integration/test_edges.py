"""Edges between profiles, hours and what others tell."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.practitioners import jobs
from services.practitioners.tests.people import PROOF, STAFF, booking, event, newcomer, service, told, verified
from services.practitioners.worker import HANDLERS
from shared.clock import frozen_at, utc_now
from shared.database import Database
from shared.messaging.testing import apply
from shared.testing.http import Caller

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = [{"day": day, "start_time": "09:00", "end_time": "17:00"} for day in range(7)]
MEDIA = "01900000-0000-7000-8000-0000000000bb"


def hear(database: Database, *events: Any) -> None:
    apply(database, "practitioners", HANDLERS, *events)


def test_saving_time_off_tells_which_bookings_lie_in_it(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=301)
    newcomer(http, database, user_id=8)
    day = utc_now().astimezone(BERLIN).date() + timedelta(days=9)
    # The last minutes of the last day in Berlin, which in UTC are the day after or the day before.
    start = datetime.combine(day, time(23, 30), BERLIN)
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(minutes=20)).isoformat()}
    hear(database, service(1, mine), booking(1, mine, **times))
    away = {"from_date": str(day - timedelta(days=1)), "title": "Away"}
    block = {"start_datetime": start.isoformat(), "end_datetime": (start + timedelta(hours=1)).isoformat()}

    over = person.post("/availability/out_of_office/", {**away, "to_date": str(day)})
    before = person.post("/availability/out_of_office/", {**away, "to_date": str(day - timedelta(days=1))})
    blocked = person.post("/availability/block_time/", block)

    assert [one.status for one in (over, before, blocked)] == [201, 201, 201]
    found = [one.json["conflicting_bookings"] for one in (over, before, blocked)]
    assert found == [1, 0, 1]


@pytest.mark.parametrize(
    ("uploaded_by", "visibility", "status", "code"),
    [
        (302, "private", 201, None),
        (999, "private", 400, "validation_error"),
        (302, "public", 400, "validation_error"),
        (None, None, 409, "media_not_ready"),
    ],
)
def test_documents_are_files_of_ones_own(
    http: Caller, database: Database, uploaded_by: int | None, visibility: str | None, status: int, code: str | None
) -> None:
    person, mine = verified(http, database, user_id=302)
    if uploaded_by is not None:
        file = {"media_id": MEDIA, "url": "https://media.example.org/a.pdf", "media_type": "document"}
        hear(database, event("media.ready", MEDIA, 1, **file, visibility=visibility, uploaded_by=uploaded_by))

    path = f"/practitioners/{mine}/upload_document/"
    answer = person.post(path, {"document_type": "license", "media_id": MEDIA})

    assert (answer.status, answer.code if code else None) == (status, code), answer


def test_evidence_without_its_file_counts_no_more(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=302)
    file = {"media_id": MEDIA, "url": "https://media.example.org/a.pdf", "media_type": "document"}
    hear(database, event("media.ready", MEDIA, 1, **file, visibility="private", uploaded_by=302))
    sent = person.post(f"/practitioners/{mine}/upload_document/", {"document_type": "license", "media_id": MEDIA})
    path = f"/practitioners/{mine}/documents/{sent.json['id']}/"
    assert http.as_staff(STAFF).post(f"{path}review/", {"decision": "approved"}).status == 200
    assert "licensed" in http.get(f"/practitioners/{mine}/").json["badges"]
    assert person.delete(path).status == 409

    hear(database, event("media.deleted", MEDIA, 2, media_id=MEDIA))

    assert "licensed" not in http.get(f"/practitioners/{mine}/").json["badges"]
    reviewed = told(database, "practitioner.document_reviewed")[-1].data
    assert (reviewed["type"], reviewed["status"]) == ("license", "rejected")


def test_a_service_has_hours_of_its_own_until_they_are_taken_away(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=303)
    other, _ = verified(http, database, user_id=304, display_name="Other")
    hear(database, service(1, mine))
    person.post("/schedules/", {"name": "W", "time_slots": WEEK, "timezone": "Europe/Berlin"})
    day = utc_now().astimezone(BERLIN).date() + timedelta(days=5)
    evening = {"time_slots": [{"day": day.weekday(), "start_time": "19:00", "end_time": "21:00"}]}
    path = "/availability/service_schedules/500/"
    asked = f"practitioner_id={mine}&start_date={day}&end_date={day}&timezone=Europe/Berlin"

    def starts(**more: Any) -> list[str]:
        extra = "".join(f"&{name}={value}" for name, value in more.items())
        slots = http.get(f"/availability/check/?{asked}{extra}").json["available_slots"]
        return [slot["local_start"][11:16] for slot in slots]

    assert other.put(path, evening).status == 404
    assert person.put(path, {**evening, "timezone": "Europe/Berlin"}).status == 200

    assert (starts(service_id=500)[0], starts(service_id=500)[-1]) == ("19:00", "20:00")
    assert starts()[0] == "09:00"
    assert person.delete(path).status == 204
    assert starts(service_id=500)[0] == "09:00"
    assert person.delete(path).status == 404


def test_what_becomes_invisible_is_offered_no_more(http: Caller, database: Database) -> None:
    person, mine = verified(http, database, user_id=305)
    person.post("/schedules/", {"name": "W", "time_slots": WEEK, "timezone": "Europe/Berlin"})
    hear(database, service(1, mine))

    def compute() -> None:
        with frozen_at(utc_now() + timedelta(minutes=1)):
            jobs.compute_next_available()

    compute()
    found = http.get("/practitioners/search/?include=slots&service_type_ids=1").json
    assert len(found["results"][0]["next_slots"]) == 3
    assert found["results"][0]["next_available_date"] is not None

    hear(database, service(2, mine, is_visible=False))
    compute()

    shown = http.get(f"/practitioners/{mine}/").json
    assert (shown["next_available_date"], shown["min_price"]) == (None, None)
    assert http.get("/practitioners/search/?service_type_ids=1").json["count"] == 0
    assert http.get("/practitioners/search/?include=slots").json["results"][0]["next_slots"] == []


def test_the_suspended_leave_a_search_between_two_pages(http: Caller, database: Database) -> None:
    ids = [verified(http, database, user_id=310 + number, display_name=f"N{number}")[1] for number in range(3)]
    first = http.get("/practitioners/search/?page_size=1").json
    assert first["count"] == 3

    gone = next(one for one in ids if one != first["results"][0]["id"])
    assert http.as_staff(STAFF).post(f"/practitioners/{gone}/suspend/", {"reason": "Complaint"}).status == 200
    second = http.get("/practitioners/search/?page_size=1&page=2").json

    assert second["count"] == 2
    assert second["results"][0]["id"] not in (gone, first["results"][0]["id"])


def test_documents_of_others_are_not_there(http: Caller, database: Database) -> None:
    owner, mine = verified(http, database, user_id=320)
    other, _ = verified(http, database, user_id=321, display_name="Other")
    document = owner.get(f"/practitioners/{mine}/documents/").json[0]["id"]

    assert other.get(f"/practitioners/{mine}/documents/").status == 404
    assert other.delete(f"/practitioners/{mine}/documents/{document}/").status == 403
    assert other.post(f"/practitioners/{mine}/upload_document/", PROOF).status == 403
    assert owner.get(f"/practitioners/{mine}/documents/").json[0]["id"] == document
