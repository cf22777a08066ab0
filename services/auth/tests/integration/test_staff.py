"""What staff see, decide and write down; and acting for somebody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from services.auth import jobs
from services.auth.models import AuthSession, User
from services.auth.tests.conftest import PASSWORD, Person, with_token
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

Enrol = Callable[..., Person]
REASON = {"reason": "asked by the owner"}


@pytest.fixture
def promoted(http: Caller, enrol: Enrol, database: Database) -> Callable[..., Person]:
    """Return a function that makes a member of staff who is signed in."""

    def promote(*, is_superuser: bool = False) -> Person:
        person = enrol()
        with database.transaction() as session:
            user = session.get_one(User, person.id)
            user.is_staff, user.is_superuser = True, is_superuser
        tokens = http.post("/auth/login/", {"email": person.email, "password": PASSWORD}).json
        return replace(person, tokens=tokens, http=with_token(http, tokens["access_token"]))

    return promote


Promoted = Callable[..., Person]

EVERY_OPERATION = [
    ("GET", "/users/", None),
    ("GET", "/users/1/", None),
    ("PATCH", "/users/1/", {}),
    ("DELETE", "/users/1/", REASON),
    ("POST", "/users/1/suspend/", REASON),
    ("POST", "/users/1/require_verification/", REASON),
    ("POST", "/users/1/reactivate/", REASON),
    ("POST", "/users/1/sessions/revoke/", REASON),
    ("POST", "/users/1/send_password_reset/", None),
    ("POST", "/users/1/mfa/reset/", REASON),
    ("POST", "/users/1/impersonate/", REASON),
    ("GET", "/users/audit/", None),
]


@pytest.mark.parametrize(("method", "path", "body"), EVERY_OPERATION)
def test_nobody_else_may(http: Caller, enrol: Enrol, method: str, path: str, body: Any) -> None:
    person = enrol()
    forged = http.as_user(person.id, roles=("user", "staff"), session_id=person.tokens["session_id"])

    assert http.call(method, path, json=body).status == 401
    assert person.http.call(method, path, json=body).status == 403
    assert forged.call(method, path, json=body).status == 403


@pytest.mark.parametrize(
    ("search", "found"),
    [("zo", ["zoe@x.example"]), ("ZOE@x", ["zoe@x.example"]), ("papa", ["zoe@x.example"]), ("50%", []), ("zo_", [])],
)
def test_people_are_found_by_beginnings(enrol: Enrol, promoted: Promoted, search: str, found: list[str]) -> None:
    enrol("zoe@x.example", first_name="Zoe", last_name="Papadakis")
    enrol("other@x.example")

    answer = promoted().http.get("/users/", query_string={"search": search})

    assert [row["email"] for row in answer.json["results"]] == found


def test_people_are_found_by_id_and_uuid_and_sorted_out(enrol: Enrol, promoted: Promoted) -> None:
    person, staff = enrol(), promoted()

    def listed(**query: Any) -> list[int]:
        answer = staff.http.get("/users/", query_string=query)
        assert answer.status == 200, answer
        return [row["id"] for row in answer.json["results"]]

    assert listed(search=f"{person.id:02}") == [person.id]
    assert listed(search=person.tokens["user"]["uuid"]) == [person.id]
    assert listed(role="staff") == [staff.id]
    assert listed(role="staff,superuser", account_status="active,pending") == [staff.id]
    assert set(listed(email_verified="false", mfa_enabled="false", is_imported="false")) == {person.id, staff.id}
    assert listed(ordering="-email,last_name", joined_after="2199-01-01T00:00:00Z") == []
    assert listed(ordering="-last_login") == [staff.id, person.id]
    assert staff.http.get("/users/", query_string={"nonsense": "1"}).status == 400


def test_reading_somebody_is_written_down(enrol: Enrol, promoted: Promoted) -> None:
    person, staff = enrol(), promoted()

    detail = staff.http.get(f"/users/{person.id}/").json
    lines = staff.http.get("/users/audit/", query_string={"user_id": person.id, "action": "user_viewed"}).json

    assert (detail["password_scheme"], detail["sessions_count"], detail["is_throttled"]) == ("argon2id", 1, False)
    assert not any("argon2id$" in str(value) for value in detail.values())
    assert [(line["actor_id"], line["actor"]) for line in lines["results"]] == [(staff.id, staff.email)]
    assert "user_viewed" not in str(person.http.get("/auth/activity/").json)


def test_the_audit_is_filtered_by_network(promoted: Promoted) -> None:
    staff = promoted()
    ip = staff.http.client_ip

    inside = staff.http.get("/users/audit/", query_string={"ip": f"{ip}/32", "result": "ok"}).json["count"]
    outside = staff.http.get("/users/audit/", query_string={"ip": "10.0.0.0/8"}).json["count"]

    assert inside > 0
    assert outside == 0
    assert staff.http.get("/users/audit/", query_string={"ip": "nonsense"}).status == 400


def test_suspending_ends_everything_at_once(http: Caller, enrol: Enrol, promoted: Promoted, database: Database) -> None:
    person, staff = enrol(), promoted()

    suspended = staff.http.post(f"/users/{person.id}/suspend/", REASON)
    again = staff.http.post(f"/users/{person.id}/suspend/", REASON)

    assert (suspended.json["account_status"], suspended.json["sessions_count"]) == ("suspended", 0)
    assert (again.status, again.code) == (409, "invalid_transition")
    assert person.http.get("/auth/me/").code == "token_revoked"
    assert http.post("/auth/login/", {"email": person.email, "password": PASSWORD}).code == "account_disabled"
    with database.transaction() as session:
        kinds = [one.data["kind"] for one in announced(session, "session.revoked")]
        assert kinds == ["session", "user"]
        issued_at = jwt.decode(person.tokens["access_token"], options={"verify_signature": False})["iat"]
        assert announced(session, "session.revoked")[-1].data["not_before"] > issued_at
    assert staff.http.post(f"/users/{person.id}/reactivate/", REASON).json["account_status"] == "active"


def test_the_last_superuser_stays(promoted: Promoted) -> None:
    one, two = promoted(is_superuser=True), promoted(is_superuser=True)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one.http.post, f"/users/{two.id}/suspend/", REASON)
        second = pool.submit(two.http.post, f"/users/{one.id}/suspend/", REASON)
    answers = sorted([first.result(), second.result()], key=lambda answer: answer.status)

    assert answers[0].status == 200
    assert answers[1].code in ("last_superuser", "token_revoked")


def test_the_only_superuser_can_not_leave(promoted: Promoted) -> None:
    only = promoted(is_superuser=True)

    answer = only.http.delete("/auth/me/", json={"confirm": "DELETE"})

    assert (answer.status, answer.code) == (409, "last_superuser")


def test_roles_and_addresses_are_a_superuser_s(enrol: Enrol, promoted: Promoted, database: Database) -> None:
    person, staff, chief = enrol(), promoted(), promoted(is_superuser=True)
    path = f"/users/{person.id}/"

    plain = staff.http.patch(path, {"first_name": "Anna"})
    refused = staff.http.patch(path, {"is_staff": True, **REASON})
    unexplained = chief.http.patch(path, {"is_staff": True})
    made = chief.http.patch(path, {"is_staff": True, "email": "renamed@example.org", **REASON})
    with database.transaction() as session:
        session.get_one(AuthSession, chief.tokens["session_id"]).auth_time -= timedelta(minutes=11)
    stale = chief.http.patch(path, {"is_staff": False, **REASON})

    assert plain.json["first_name"] == "Anna"
    assert (refused.status, refused.code) == (403, "permission_denied")
    assert list(unexplained.errors) == ["reason"]
    assert (made.json["roles"], made.json["email"]) == (["user", "staff"], "renamed@example.org")
    assert made.json["email_verified"] is False
    assert (stale.status, stale.code) == (403, "reauthentication_required")


def test_an_address_that_is_taken(enrol: Enrol, promoted: Promoted) -> None:
    person, other, chief = enrol(), enrol(), promoted(is_superuser=True)

    answer = chief.http.patch(f"/users/{person.id}/", {"email": other.email.upper(), **REASON})

    assert (answer.status, list(answer.errors)) == (400, ["email"])


def test_losing_the_role_ends_the_sessions(promoted: Promoted) -> None:
    chief, staff = promoted(is_superuser=True), promoted()

    chief.http.patch(f"/users/{staff.id}/", {"is_staff": False, **REASON})

    assert staff.http.get("/users/").status == 401


def test_acting_for_somebody(enrol: Enrol, promoted: Promoted, http: Caller, database: Database) -> None:
    person, chief = enrol(), promoted(is_superuser=True)

    answer = chief.http.post(f"/users/{person.id}/impersonate/", REASON)

    assert answer.status == 200, answer
    acting = with_token(http, answer.json["access_token"])
    claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["act"]) == (str(person.id), {"sub": str(chief.id)})
    assert claims["exp"] - claims["iat"] == answer.json["expires_in"] == 900
    assert acting.get("/auth/me/").json["id"] == person.id
    for path in ("/auth/change-password/", "/auth/me/export/", "/auth/mfa/totp/", "/auth/email/change/"):
        assert acting.post(path, {}).code == "impersonation_forbidden"
    assert next(one["by_staff"] for one in person.http.get("/auth/activity/").json["results"]) is True
    with database.transaction() as session:
        assert announced(session, "account.security_alert")[-1].data["kind"] == "impersonated"


def test_whom_nobody_acts_for(enrol: Enrol, promoted: Promoted) -> None:
    person, staff, chief = enrol(), promoted(), promoted(is_superuser=True)

    assert staff.http.post(f"/users/{person.id}/impersonate/", REASON).status == 403
    for user_id in (chief.id, staff.id):
        assert chief.http.post(f"/users/{user_id}/impersonate/", REASON).code == "impersonation_forbidden"
    assert chief.http.post("/users/999999999/impersonate/", REASON).status == 404
    chief.http.delete(f"/users/{person.id}/?immediate=true", json=REASON)
    assert chief.http.post(f"/users/{person.id}/impersonate/", REASON).status == 404


def test_deleting_at_once(enrol: Enrol, promoted: Promoted) -> None:
    person, chief = enrol(), promoted(is_superuser=True)

    answer = chief.http.delete(f"/users/{person.id}/", query_string={"immediate": "true"}, json=REASON)

    assert (answer.status, answer.json["status"], len(answer.json["waiting_for"])) == (202, "running", 9)
    assert chief.http.post(f"/users/{person.id}/suspend/", REASON).status == 404


def test_a_reset_link_is_mailed(enrol: Enrol, promoted: Promoted, database: Database) -> None:
    person, staff = enrol(), promoted()

    first, second = (staff.http.post(f"/users/{person.id}/send_password_reset/") for _ in range(2))

    assert (first.status, second.status) == (200, 429)
    with database.transaction() as session:
        assert announced(session, "password.reset_requested")[-1].data["email"] == person.email


def test_a_lost_second_factor_is_taken_off_after_a_day(enrol: Enrol, promoted: Promoted, database: Database) -> None:
    person, chief = enrol(), promoted(is_superuser=True)
    with database.transaction() as session:
        session.get_one(User, person.id).mfa_enabled_at = session.get_one(User, person.id).date_joined

    assert chief.http.post(f"/users/{person.id}/mfa/reset/", REASON).status == 204
    jobs.reset_second_factors()
    before = chief.http.get(f"/users/{person.id}/").json["mfa_enabled"]
    with shifted_by(timedelta(hours=25)):
        jobs.reset_second_factors()

    assert before is True
    assert chief.http.get(f"/users/{person.id}/").json["mfa_enabled"] is False


def test_the_log_can_not_be_changed(enrol: Enrol, database: Database) -> None:
    enrol()

    for statement in ("UPDATE activities SET action = 'x'", "DELETE FROM activities"):
        with pytest.raises(Exception, match="append-only"), database.transaction() as session:
            session.connection().exec_driver_sql(statement)
