"""Leaving: thought over, undone, done everywhere; and taking one's data along."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.auth import jobs
from services.auth.domain.others import SERVICES
from services.auth.handlers import people
from services.auth.models import ActionToken, Activity, AuthSession, User
from services.auth.operations.action_tokens import formed
from services.auth.tests.conftest import PASSWORD, Person, registration
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Answer, Caller

Enrol = Callable[..., Person]
CONFIRMED = {"confirm": "DELETE", "password": PASSWORD, "reason": "moving on"}


def sign_in(http: Caller, person: Person) -> Answer:
    return http.post("/auth/login/", {"email": person.email, "password": PASSWORD})


def erased(user_id: int, source: str) -> Any:
    return message("user.erased", {"user_id": user_id, "source": source}, subject=("user", user_id), sequence=0)


def test_asking_ends_every_session_and_the_way_back_is_open(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()

    asked = person.http.delete("/auth/me/", json=CONFIRMED)
    with shifted_by(timedelta(days=13)):
        refused = sign_in(http, person)
        restored = http.post("/auth/me/restore/", {"token": refused.errors["restore_token"][0]})

    assert (asked.status, asked.json["status"]) == (202, "scheduled")
    assert person.http.get("/auth/me/").code == "token_revoked"
    assert (refused.status, refused.code) == (403, "deletion_pending")
    assert (restored.status, restored.json["user"]["account_status"]) == (200, "active")
    assert sign_in(http, person).status == 200


def test_the_mailed_link_undoes_it_once(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    person.http.delete("/auth/me/", json=CONFIRMED)
    with database.transaction() as session:
        alert = announced(session, "account.security_alert")[-1].data
        token = formed(session.get_one(ActionToken, alert["action_token_id"]))

    answers = [http.post("/auth/me/restore/", {"token": token}) for _ in range(2)]

    assert (alert["kind"], alert["email"]) == ("deletion_requested", person.email)
    assert [(answer.status, answer.code) for answer in answers] == [(200, None), (400, "invalid_token")]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"password": PASSWORD}, 400), ({**CONFIRMED, "confirm": "delete"}, 400), ({**CONFIRMED, "password": "no"}, 400)],
)
def test_not_by_accident(enrol: Enrol, body: dict[str, str], status: int) -> None:
    person = enrol()

    assert person.http.delete("/auth/me/", json=body).status == status
    assert person.http.get("/auth/me/").status == 200


def test_after_fourteen_days_nothing_personal_is_left(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol(phone_number="+15550109999")
    person.http.delete("/auth/me/", json=CONFIRMED)

    with shifted_by(timedelta(days=15)):
        jobs.erase_people_due()
        gone = sign_in(http, person)
        again = http.post("/auth/register/", registration(person.email))

    assert (gone.status, gone.code) == (401, "authentication_failed")
    assert again.status == 201
    assert again.json["user"]["id"] != person.id
    with database.transaction() as session:
        told = announced(session, "user.deleted")
        assert [(one.data["user_id"], one.data["email"]) for one in told] == [(person.id, person.email)]
        user = session.get_one(User, person.id)
        assert user.email == f"deleted-{user.uuid}@invalid"
        assert not any((user.first_name, user.phone_number, user.password_hash, user.avatar_url))
        assert str(user.uuid) == person.tokens["user"]["uuid"]
        assert {one.ip for one in session.query(AuthSession).filter_by(user_id=person.id)} == {None}
        assert {one.ip for one in session.query(Activity).filter_by(user_id=person.id)} == {None}


def test_who_has_not_erased_within_a_day_is_told_again(enrol: Enrol, database: Database) -> None:
    person = enrol()
    person.http.delete("/auth/me/", json=CONFIRMED)
    with shifted_by(timedelta(days=15)):
        jobs.erase_people_due()
    for source in SERVICES[:-1]:
        apply(database, "auth", [people], erased(person.id, source), erased(person.id, source))

    with shifted_by(timedelta(days=16, hours=1)):
        jobs.watch_erasures()
        jobs.watch_erasures()
        apply(database, "auth", [people], erased(person.id, SERVICES[-1]))
    with shifted_by(timedelta(days=18)):
        jobs.watch_erasures()

    with database.transaction() as session:
        told = announced(session, "user.deleted")
    assert [one.data["email"] for one in told] == [person.email, ""]
    assert told[0].sequence < told[1].sequence


def part(export_id: str, source: str, number: int, *, last: bool) -> Any:
    data = [{"from": source, "part": number}]
    told = {"export_id": export_id, "source": source, "part": number, "last": last, "data": data}
    return message("user.export_part", told, subject=("export", export_id), sequence=0)


def test_an_export_is_complete_when_all_have_answered(enrol: Enrol, database: Database) -> None:
    person = enrol()
    asked = person.http.post("/auth/me/export/").json
    again = person.http.post("/auth/me/export/").json

    early = person.http.get(f"/auth/me/export/{asked['id']}/download/")
    for source in SERVICES:
        second = part(asked["id"], source, 2, last=True)
        apply(database, "auth", [people], second, part(asked["id"], source, 1, last=False), second)
    jobs.assemble_exports()
    answer = person.http.get(f"/auth/me/export/{asked['id']}/download/")

    assert again["id"] == asked["id"]
    assert (early.status, early.code) == (409, "export_not_ready")
    archive = zipfile.ZipFile(io.BytesIO(answer.raw.get_data()))
    assert set(archive.namelist()) == {f"{name}.json" for name in (*SERVICES, "auth")}
    assert [one["part"] for one in json.loads(archive.read("reviews.json"))] == [1, 2]
    own = archive.read("auth.json").decode()
    assert person.email in own
    assert "argon2" not in own
    assert person.http.get("/auth/me/export/").json[0]["status"] == "ready"
    with database.transaction() as session:
        assert len(announced(session, "user.export_ready")) == 1


def test_after_a_day_it_comes_without_the_silent(enrol: Enrol, database: Database) -> None:
    person = enrol()
    asked = person.http.post("/auth/me/export/").json
    apply(database, "auth", [people], part(asked["id"], "media", 1, last=True))

    jobs.assemble_exports()
    running = person.http.get("/auth/me/export/").json[0]
    with shifted_by(timedelta(hours=25)):
        jobs.assemble_exports()
    partial = person.http.get("/auth/me/export/").json[0]
    with shifted_by(timedelta(days=9)):
        jobs.assemble_exports()
    expired = person.http.get("/auth/me/export/").json[0]

    assert [one["status"] for one in (running, partial, expired)] == ["running", "partial", "expired"]
    assert "media" not in partial["waiting_for"]
    assert "bookings" in partial["waiting_for"]


def test_another_person_s_export_is_not_found(enrol: Enrol) -> None:
    mine, theirs = enrol(), enrol()
    export_id = theirs.http.post("/auth/me/export/").json["id"]

    assert mine.http.get(f"/auth/me/export/{export_id}/download/").status == 404


def test_one_export_a_day(enrol: Enrol) -> None:
    person = enrol()
    person.http.post("/auth/me/export/")
    with shifted_by(timedelta(hours=25)):
        jobs.assemble_exports()

    answer = person.http.post("/auth/me/export/")

    assert answer.status == 429


def test_accounts_that_were_never_proven_stay_unless_that_is_wished(enrol: Enrol, database: Database) -> None:
    person = enrol()

    with shifted_by(timedelta(days=400)):
        jobs.erase_people_unverified()

    with database.transaction() as session:
        assert session.get_one(User, person.id).account_status == "active"
