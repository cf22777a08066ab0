"""Refreshing: fifty tabs at once, lost answers, thieves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.auth.models import AuthSession, User
from services.auth.tests.conftest import PASSWORD, Person, with_token
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Enrol = Callable[..., Person]


def refresh(http: Caller, token: object) -> Answer:
    return http.post("/auth/token/refresh/", {"refresh": token})


def test_answers_under_old_and_new_names(http: Caller, enrol: Enrol) -> None:
    answer = refresh(http, enrol().tokens["refresh_token"])

    assert answer.status == 200, answer
    assert answer.json["access"] == answer.json["access_token"]
    assert answer.json["refresh"] == answer.json["refresh_token"]
    assert answer.json["expires_in"] == 1800
    assert with_token(http, answer.json["access"]).get("/auth/me/").status == 200


def test_fifty_at_once_make_one_generation(http: Caller, enrol: Enrol, database: Database) -> None:
    token = enrol().tokens["refresh_token"]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: refresh(http, token), range(50)))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["refresh"] for answer in answers}) == 1
    with database.transaction() as session:
        assert session.query(AuthSession).one().generation == 2


def test_a_tab_two_generations_behind_gets_the_newest(http: Caller, enrol: Enrol) -> None:
    first = enrol().tokens["refresh_token"]
    second = refresh(http, first).json["refresh"]
    third = refresh(http, second).json["refresh"]

    assert refresh(http, first).json["refresh"] == third


@pytest.mark.parametrize("later", [timedelta(seconds=11), timedelta(days=5)])
def test_an_old_generation_ends_the_session(http: Caller, enrol: Enrol, database: Database, later: timedelta) -> None:
    first = enrol().tokens["refresh_token"]
    second = refresh(http, first).json["refresh"]
    third = refresh(http, second).json["refresh"]

    with shifted_by(later):
        stolen = refresh(http, first)
        owner = refresh(http, third)

    assert (stolen.status, stolen.code) == (401, "token_revoked")
    assert (owner.status, owner.code) == (401, "token_revoked")
    with database.transaction() as session:
        assert announced(session, "session.revoked")[0].data["reason"] == "refresh_reuse"
        assert [one.data["kind"] for one in announced(session, "account.security_alert")] == ["refresh_reuse"]


def test_a_client_that_never_stores_successors_alarms_nobody(http: Caller, enrol: Enrol, database: Database) -> None:
    token = enrol().tokens["refresh_token"]
    refresh(http, token)

    with shifted_by(timedelta(seconds=11)):
        assert refresh(http, token).code == "token_revoked"

    with database.transaction() as session:
        assert announced(session, "account.security_alert") == []


def test_the_grace_is_counted_from_the_rotation(http: Caller, enrol: Enrol) -> None:
    token = enrol().tokens["refresh_token"]
    successor = refresh(http, token).json["refresh"]

    with shifted_by(timedelta(seconds=9)):
        assert refresh(http, token).json["refresh"] == successor


def test_a_session_slides_and_ends(http: Caller, enrol: Enrol) -> None:
    token = enrol().tokens["refresh_token"]

    with shifted_by(timedelta(days=6)):
        token = refresh(http, token).json["refresh"]
    with shifted_by(timedelta(days=12)):
        token = refresh(http, token).json["refresh"]
    with shifted_by(timedelta(days=20)):
        gone = refresh(http, token)

    assert (gone.status, gone.code) == (401, "token_expired")


def test_a_session_lives_ninety_days_at_most(http: Caller, enrol: Enrol) -> None:
    token = enrol().tokens["refresh_token"]
    for day in range(6, 90, 6):
        with shifted_by(timedelta(days=day)):
            token = refresh(http, token).json["refresh"]

    with shifted_by(timedelta(days=90, seconds=1)):
        assert refresh(http, token).code == "token_expired"


def test_what_is_no_refresh_token(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    genuine = person.tokens["refresh_token"]
    forged = genuine[:-3] + ("AAA" if genuine[-3:] != "AAA" else "BBB")

    assert refresh(http, person.tokens["access_token"]).code == "authentication_failed"
    assert (refresh(http, forged).status, refresh(http, forged).code) == (401, "authentication_failed")
    for token in ("", "x" * 10_000, None, 7):
        assert refresh(http, token).status == 400
    assert http.post("/auth/token/refresh/", {}).status == 400
    assert http.post("/auth/token/refresh/", {"refresh_token": genuine}).status == 200


def test_refresh_against_logout_leaves_nothing_working(enrol: Enrol, http: Caller) -> None:
    for _ in range(5):
        person = enrol()
        token = person.tokens["refresh_token"]

        with ThreadPoolExecutor(2) as pool:
            refreshing = pool.submit(refresh, http, token)
            leaving = pool.submit(person.http.post, "/auth/logout/", {})
        answer = refreshing.result()

        assert leaving.result().status == 200
        assert answer.status in (200, 401)
        for left in (token, answer.json.get("refresh", token)):
            assert refresh(http, left).code == "token_revoked"
        assert with_token(http, answer.json.get("access", person.tokens["access_token"])).get("/auth/me/").status == 401


def test_a_first_zone_is_learnt_and_a_chosen_one_stays(http: Caller, enrol: Enrol) -> None:
    learning, chosen = enrol(), enrol(timezone="UTC")

    for person in (learning, chosen):
        body = {"refresh": person.tokens["refresh_token"], "client_time_zone": "Europe/Berlin"}
        assert http.post("/auth/token/refresh/", body).status == 200

    assert learning.http.get("/auth/me/").json["timezone"] == "Europe/Berlin"
    assert chosen.http.get("/auth/me/").json["timezone"] == "UTC"


def test_a_refresh_waits_for_nobody_who_changes_the_person(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()

    with database.transaction() as session, shifted_by(timedelta(hours=1)):
        session.get_one(User, person.id, with_for_update=True)
        answer = refresh(http, person.tokens["refresh_token"])

    assert answer.status == 200


def test_a_changed_password_ends_the_other_device(http: Caller, enrol: Enrol) -> None:
    here = enrol()
    there = http.post("/auth/login/", {"email": here.email, "password": PASSWORD}).json
    body = {
        "current_password": PASSWORD,
        "new_password": "another horse 18",
        "new_password_confirm": "another horse 18",
    }

    assert here.http.post("/auth/change-password/", body).status == 200

    assert with_token(http, there["access_token"]).get("/auth/me/").code == "token_revoked"
    assert refresh(http, there["refresh_token"]).code == "token_revoked"
    assert here.http.get("/auth/me/").status == 200
    assert refresh(http, here.tokens["refresh_token"]).status == 200
