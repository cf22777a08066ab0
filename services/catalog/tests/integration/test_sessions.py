"""Dated sessions: what may change, what may not, and that synchronising never makes anew what stays."""

from typing import Any

import pytest

from services.catalog.tests.factories import at, book, practitioner, service, workshop
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def dated(caller: Caller, made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.get(f"/service-sessions/?service_id={made['slug']}").json["results"]
    return found


def test_synchronising_keeps_what_stays_and_touches_nothing_when_refused(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me, days=(7, 14, 21))
    first, second, third = dated(me, made)
    book(database, 1, made["id"], session_ids=[first["id"]])
    moved = {"id": second["id"], "start_time": at(15), "end_time": at(15, hours=2)}
    same = {"start_time": third["start_time"], "end_time": third["end_time"]}
    new = {"start_time": at(30), "end_time": at(30, hours=1)}

    refused = me.patch(f"/services/{made['id']}/", {"sessions": [moved, same, new]})
    assert (refused.status, refused.code) == (409, "session_has_bookings")
    assert [one["id"] for one in dated(me, made)] == [first["id"], second["id"], third["id"]]
    assert dated(me, made)[1]["start_time"] == second["start_time"]

    kept = {"start_time": first["start_time"], "end_time": first["end_time"]}
    assert me.patch(f"/services/{made['id']}/", {"sessions": [kept, moved, new]}).status == 200
    after = dated(me, made)
    assert [one["id"] for one in after[:2]] == [first["id"], second["id"]]
    assert third["id"] not in [one["id"] for one in after]
    assert (len(after), after[0]["current_participants"]) == (3, 1)
    with database.transaction() as session:
        assert [told.data["id"] for told in announced(session, "service_session.deleted")] == [third["id"]]


def test_people_who_booked_are_not_moved_by_an_edit(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me)
    [one] = dated(me, made)
    path = f"/service-sessions/{one['id']}/"
    for number in range(3):
        book(database, number + 1, made["id"], session_ids=[one["id"]], user_id=number + 10)

    assert me.patch(path, {"start_time": at(8), "end_time": at(8, hours=2)}).code == "use_reschedule"
    assert me.patch(path, {"max_participants": 2}).code == "capacity_below_booked"
    assert me.delete(path).code == "session_has_bookings"
    moved = me.post(f"{path}reschedule/", {"start_time": at(8), "end_time": at(8, hours=2), "reason": "ill"}).json
    assert (moved["affected_bookings_count"], moved["reschedule_count"]) == (3, 1)
    assert moved["old_start_time"] == one["start_time"] == moved["session"]["original_start_time"]
    with database.transaction() as session:
        told = announced(session, "service_session.changed")[-1].data
    assert told["previous"]["starts_at"][:19] == one["start_time"][:19]
    assert told["reason"] == "ill"


def test_a_canceled_session_is_final_and_told_once(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me)
    [one] = dated(me, made)
    path = f"/service-sessions/{one['id']}/"

    for _ in range(2):
        assert me.post(f"{path}cancel/", {"reason": "snow"}).json["session"]["status"] == "canceled"
    assert me.post(f"{path}reschedule/", {"start_time": at(8), "end_time": at(9)}).code == "invalid_transition"
    assert me.post(f"{path}mark_in_progress/").code == "invalid_transition"
    assert http.get("/public-services/").json["count"] == 0
    with database.transaction() as session:
        assert [told.data["status"] for told in announced(session, "service_session.changed")] == [
            "scheduled",
            "canceled",
        ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end_time": at(7)}, "validation_error"),
        ({"start_time": "2027-03-30T02:30:00"}, "validation_error"),
        ({"start_time": "9999-01-01T00:00:00Z", "end_time": "9999-01-01T01:00:00Z"}, "validation_error"),
        ({"start_time": at(4000), "end_time": at(4000, hours=1)}, "validation_error"),
        ({"start_time": at(-1), "end_time": at(-1, hours=1)}, "session_in_past"),
        ({"start_time": at(8), "end_time": at(8, hours=2)}, "session_exists"),
        ({"start_time": at(8, hours=1), "end_time": at(8, hours=3)}, "session_overlap"),
    ],
)
def test_times_that_can_not_be(database: Database, http: Caller, changes: dict[str, str], code: str) -> None:
    me = practitioner(database, http)
    made = workshop(me, days=(8,))
    body = {"service": made["id"], "start_time": at(7), "end_time": at(7, hours=1), **changes}

    assert me.post("/service-sessions/", body).code == code


def test_only_workshops_and_courses_are_dated(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    times = {"start_time": at(7), "end_time": at(8)}

    assert me.post("/service-sessions/", {"service_id": made["id"], **times}).code == "wrong_service_type"
    assert me.patch(f"/services/{made['id']}/", {"sessions": [times]}).status == 400


def test_who_sees_and_changes_sessions(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    made = workshop(me)
    [one] = dated(me, made)
    path = f"/service-sessions/{one['id']}/"
    me.patch(path, {"visibility": "private", "practitioner_notes": "mine", "shared_notes": "ours"})
    book(database, 1, made["id"], session_ids=[one["id"]], user_id=7)

    assert http.get(path).status == 401
    assert other.get(path).status == http.as_user(8).get(path).status == 404
    shown = http.as_user(7).get(path).json
    assert (shown["shared_notes"], shown["practitioner_notes"]) == ("ours", None)
    assert shown["my_booking"]["status"] == "confirmed"
    assert me.get(path).json["practitioner_notes"] == "mine"
    assert [len(caller.get("/service-sessions/").json["results"]) for caller in (me, other, http.as_user(7))] == [
        1,
        0,
        1,
    ]
    assert other.patch(path, {"title": "x"}).code == "permission_denied"


def test_repeated_sessions_are_made_all_or_none(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = workshop(me, days=())
    body = {"service": made["id"], "start_time": "2027-03-22T18:00:00", "duration": 90, "timezone": "Europe/Berlin"}

    told = me.post("/service-sessions/repeat/", {**body, "rrule": "FREQ=WEEKLY;COUNT=3", "title": "Evening {n}"})
    assert told.status == 201
    assert [one["title"] for one in told.json] == ["Evening 1", "Evening 2", "Evening 3"]
    assert [one["start_time"] for one in told.json] == [
        "2027-03-22T17:00:00Z",
        "2027-03-29T16:00:00Z",
        "2027-04-05T16:00:00Z",
    ]
    clash = {**body, "start_time": "2027-03-15T18:00:00", "rrule": "FREQ=WEEKLY;COUNT=2"}
    assert me.post("/service-sessions/repeat/", clash).code == "session_exists"
    assert len(dated(me, made)) == 3
