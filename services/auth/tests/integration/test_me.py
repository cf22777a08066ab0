"""One's own account, one's sessions, signing out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.auth.tests.conftest import PASSWORD, Person, with_token
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

Enrol = Callable[..., Person]


def test_the_profile_has_an_etag(enrol: Enrol) -> None:
    person = enrol()

    answer = person.http.get("/auth/me/")

    assert answer.json == {**person.tokens["user"], "last_login": answer.json["last_login"]}
    etag = answer.headers["ETag"]
    assert person.http.having(If_None_Match=etag).get("/auth/me/").status == 304


def test_nobody_s_profile(http: Caller) -> None:
    assert http.get("/auth/me/").status == 401
    assert http.as_user(7).get("/auth/me/").code == "token_revoked"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_absent_fields_stay_and_privileges_are_ignored(enrol: Enrol, method: str, database: Database) -> None:
    person = enrol()

    body = {"first_name": " Anna ", "email": "x@y.example", "is_superuser": True, "account_status": "deleted", "id": 1}
    answer = person.http.call(method, "/auth/me/", json=body)

    changed = {name: value for name, value in answer.json.items() if value != person.tokens["user"][name]}
    assert changed == {"first_name": "Anna", "full_name": "Anna Reyes", "display_name": "Anna Reyes"}
    with database.transaction() as session:
        assert announced(session, "user.changed")[-1].data["full_name"] == "Anna Reyes"


def test_nothing_different_is_no_change(enrol: Enrol, database: Database) -> None:
    person = enrol()

    answers = [person.http.patch("/auth/me/", body) for body in ({}, {"first_name": "Ana"})]

    assert {answer.status for answer in answers} == {200}
    with database.transaction() as session:
        assert len(announced(session, "user.changed")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("timezone", "Mars/X"), ("phone_number", "12"), ("last_name", "x" * 151), ("first_name", 7), ("locale", "??")],
)
def test_details_that_are_refused(enrol: Enrol, field: str, value: object) -> None:
    answer = enrol().http.patch("/auth/me/", {field: value})

    assert (answer.status, list(answer.errors)) == (400, [field])


def test_a_phone_number_is_cleaned_and_can_be_taken_away(enrol: Enrol) -> None:
    person = enrol()

    assert person.http.patch("/auth/me/", {"phone_number": "+1 (555) 010-9999"}).json["phone_number"] == "+15550109999"
    assert person.http.patch("/auth/me/", {"phone_number": ""}).json["phone_number"] is None


def test_two_tabs_do_not_overwrite_each_other(enrol: Enrol) -> None:
    person = enrol()
    etag = person.http.get("/auth/me/").headers["ETag"]

    first = person.http.having(If_Match=etag).patch("/auth/me/", {"first_name": "One"})
    second = person.http.having(If_Match=etag).patch("/auth/me/", {"first_name": "Two"})

    assert (first.status, second.status, second.code) == (200, 412, "precondition_failed")


def test_sessions_are_listed_and_ended(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    phone = http.having(User_Agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/605.1.15")
    there = phone.post("/auth/login/", {"email": person.email, "password": PASSWORD, "device_name": "My phone"}).json

    listed = person.http.get("/auth/sessions/").json

    assert listed["count"] == 2
    assert [(one["device"], one["device_name"], one["is_current"]) for one in listed["results"]] == [
        ("Safari on iPhone", "My phone", False),
        ("Unknown device", None, True),
    ]
    assert person.http.delete(f"/auth/sessions/{there['session_id']}/").status == 204
    assert person.http.delete(f"/auth/sessions/{there['session_id']}/").status == 404
    assert with_token(http, there["access_token"]).get("/auth/me/").code == "token_revoked"
    with database.transaction() as session:
        assert announced(session, "session.revoked")[-1].data["session_ids"] == [there["session_id"]]


def test_another_person_s_session_is_not_found(enrol: Enrol) -> None:
    mine, theirs = enrol(), enrol()

    assert mine.http.delete(f"/auth/sessions/{theirs.tokens['session_id']}/").status == 404
    assert mine.http.delete("/auth/sessions/nonsense/").status == 404
    assert theirs.http.get("/auth/me/").status == 200


def test_all_others_or_really_all(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    for _ in range(3):
        http.post("/auth/login/", {"email": person.email, "password": PASSWORD})

    assert person.http.post("/auth/sessions/revoke_others/").json == {"revoked_count": 3}
    assert person.http.get("/auth/me/").status == 200
    assert person.http.post("/auth/sessions/revoke_others/", {"include_current": True}).json == {"revoked_count": 1}
    assert person.http.get("/auth/me/").status == 401


@pytest.mark.parametrize("path", ["/auth/logout/", "/auth/logout/simple/"])
def test_signing_out_twice(enrol: Enrol, path: str) -> None:
    person = enrol()

    assert person.http.post(path).json == {"message": "Logged out successfully", "success": True}
    assert person.http.post(path).status == 401


def test_signing_out_with_a_refresh_token_alone(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    dead = with_token(http, "x.y.z")

    assert dead.post("/auth/logout/").status == 401
    assert dead.post("/auth/logout/", {"refresh_token": person.tokens["refresh_token"]}).status == 200
    assert person.http.get("/auth/me/").code == "token_revoked"


def test_signing_out_with_what_is_not_one_s_own(enrol: Enrol) -> None:
    mine, theirs = enrol(), enrol()

    garbage = mine.http.post("/auth/logout/", {"refresh_token": "ert_garbage"})
    foreign = mine.http.post("/auth/logout/", {"refresh_token": theirs.tokens["refresh_token"]})

    assert (garbage.status, garbage.code) == (400, "invalid_token")
    assert (foreign.status, foreign.code) == (400, "invalid_token")
    assert theirs.http.get("/auth/me/").status == 200
    assert mine.http.get("/auth/me/").status == 200


def test_signing_out_everywhere(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    there = http.post("/auth/login/", {"email": person.email, "password": PASSWORD}).json

    person.http.post("/auth/logout/", {"all_sessions": True})

    assert with_token(http, there["access_token"]).get("/auth/me/").status == 401


def test_where_one_signed_in_is_remembered(enrol: Enrol, http: Caller) -> None:
    person = enrol()
    elsewhere = replace(http, client_ip="2001:db8::7")

    elsewhere.post("/auth/login/", {"email": person.email, "password": PASSWORD})

    assert {one["ip"] for one in person.http.get("/auth/sessions/").json["results"]} == {http.client_ip, "2001:db8::7"}
