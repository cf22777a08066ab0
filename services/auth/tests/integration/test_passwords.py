"""Changing and resetting passwords, and proving addresses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.auth.models import ActionToken, User
from services.auth.operations.action_tokens import formed
from services.auth.tests.conftest import PASSWORD, Person
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

Enrol = Callable[..., Person]
NEW = "another horse 18"


def change(current: str | None = PASSWORD, new: str = NEW, again: str | None = None) -> dict[str, Any]:
    return {"current_password": current, "new_password": new, "new_password_confirm": again or new}


def mailed(database: Database, type_: str) -> str:
    """Return the token that notifications would form for the newest event of a type."""
    with database.transaction() as session:
        told = announced(session, type_)[-1].data
        return formed(session.get_one(ActionToken, told["action_token_id"]))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (change(current="wrong one 12"), "current_password"),
        (change(current=None), "current_password"),
        (change(new=PASSWORD), "new_password"),
        (change(new="12345678901"), "new_password"),
        (change(again="something else"), "new_password"),
    ],
)
def test_changes_that_are_refused(enrol: Enrol, body: dict[str, Any], field: str) -> None:
    answer = enrol().http.post("/auth/change-password/", body)

    assert (answer.status, list(answer.errors)) == (400, [field]), answer


def test_a_change_is_announced_and_in_force(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()

    assert person.http.post("/auth/change-password/", change()).status == 200

    assert http.post("/auth/login/", {"email": person.email, "password": PASSWORD}).status == 401
    assert http.post("/auth/login/", {"email": person.email, "password": NEW}).status == 200
    with database.transaction() as session:
        assert announced(session, "password.changed")[0].data["how"] == "changed"


def test_guessing_the_present_password_is_slow(enrol: Enrol) -> None:
    person = enrol()

    statuses = [person.http.post("/auth/change-password/", change(current="wrong one 12")).status for _ in range(6)]

    assert statuses == [400] * 5 + [429]


def test_somebody_who_acts_for_the_person_may_not(http: Caller, enrol: Enrol) -> None:
    person = enrol()

    answer = http.as_user(person.id, actor_id=1).post("/auth/change-password/", change())

    assert (answer.status, answer.code) == (403, "impersonation_forbidden")


def test_a_reset_says_the_same_to_everybody(http: Caller, enrol: Enrol, database: Database) -> None:
    person, suspended = enrol(), enrol()
    with database.transaction() as session:
        session.get_one(User, suspended.id).account_status = "suspended"

    answers = [
        http.post("/auth/password/reset/", {"email": email})
        for email in (person.email, suspended.email, "nobody@example.org", person.email)
    ]

    assert {(answer.status, answer.raw.get_data()) for answer in answers} == {(200, answers[0].raw.get_data())}
    assert answers[0].json["success"] is True
    with database.transaction() as session:
        told = announced(session, "password.reset_requested")
    assert [(one.data["email"], one.data["has_password"]) for one in told] == [(person.email, True)]


def test_a_reset_ends_everything_and_frees_the_locked_out(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    for _ in range(6):
        http.post("/auth/login/", {"email": person.email, "password": "wrong one 12"})
    http.post("/auth/password/reset/", {"email": person.email})
    token = mailed(database, "password.reset_requested")

    answer = http.post("/auth/password/reset/confirm/", {"token": token, "new_password": NEW})

    assert answer.json == {"message": "Password has been reset successfully", "success": True}
    assert person.http.get("/auth/me/").code == "token_revoked"
    signed_in = http.post("/auth/login/", {"email": person.email, "password": NEW})
    assert signed_in.json["user"]["email_verified"] is True


def test_a_link_is_used_once_and_a_refused_password_leaves_it_good(
    http: Caller, enrol: Enrol, database: Database
) -> None:
    person = enrol()
    http.post("/auth/password/reset/", {"email": person.email})
    token = mailed(database, "password.reset_requested")

    weak = http.post("/auth/password/reset/confirm/", {"token": token, "new_password": "password1"})
    with ThreadPoolExecutor(4) as pool:
        body = {"token": token, "new_password": NEW}
        answers = list(pool.map(lambda _: http.post("/auth/password/reset/confirm/", body), range(4)))

    assert (weak.status, weak.code, list(weak.errors)) == (400, "validation_error", ["new_password"])
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]
    assert {answer.code for answer in answers} == {None, "invalid_token"}


def test_one_reset_kills_the_other_links(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    tokens = []
    for minutes in (0, 2):
        with shifted_by(timedelta(minutes=minutes)):
            http.post("/auth/password/reset/", {"email": person.email})
        tokens.append(mailed(database, "password.reset_requested"))

    statuses = [
        http.post("/auth/password/reset/confirm/", {"token": token, "new_password": NEW}).status for token in tokens
    ]

    assert statuses == [200, 400]


def test_a_link_lasts_an_hour(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    http.post("/auth/password/reset/", {"email": person.email})
    token = mailed(database, "password.reset_requested")

    with shifted_by(timedelta(minutes=61)):
        answer = http.post("/auth/password/reset/confirm/", {"token": token, "new_password": NEW})

    assert (answer.status, answer.code) == (400, "invalid_token")


@pytest.mark.parametrize("token", ["", "x", "x.y", "0190b7a4-7e0a-7c3e-9d2e-111111111111.AAAA", 7, None])
def test_tokens_that_are_none(http: Caller, token: object) -> None:
    for path in ("/auth/password/reset/confirm/", "/auth/email/verify/"):
        assert http.post(path, {"token": token, "new_password": NEW}).status == 400


def test_an_address_is_proven_once_and_repeating_does_no_harm(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    token = mailed(database, "email.verification_requested")

    answers = [http.post("/auth/email/verify/", {"token": token}) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert person.http.get("/auth/me/").json["email_verified"] is True
    assert http.get("/auth/email/verify/").status == 405


def test_a_link_for_something_else_is_none(http: Caller, enrol: Enrol, database: Database) -> None:
    enrol()
    token = mailed(database, "email.verification_requested")

    answer = http.post("/auth/password/reset/confirm/", {"token": token, "new_password": NEW})

    assert (answer.status, answer.code) == (400, "invalid_token")


def test_the_link_is_mailed_again_once_a_minute(enrol: Enrol, database: Database) -> None:
    person = enrol()

    first, second = (person.http.post("/auth/email/verify/resend/") for _ in range(2))
    with shifted_by(timedelta(seconds=61)):
        third = person.http.post("/auth/email/verify/resend/")

    assert [one.status for one in (first, second, third)] == [200, 429, 200]
    with database.transaction() as session:
        assert len(announced(session, "email.verification_requested")) == 3


@pytest.mark.parametrize(
    ("path", "more"), [("/auth/password/reset/confirm/", {"new_password": NEW}), ("/auth/email/verify/", {})]
)
def test_guessing_at_a_link_ends_it(
    http: Caller, enrol: Enrol, database: Database, path: str, more: dict[str, str]
) -> None:
    person = enrol()
    http.post("/auth/password/reset/", {"email": person.email})
    kind = "password.reset_requested" if more else "email.verification_requested"
    token = mailed(database, kind)
    wrong = token[:-3] + ("AAA" if not token.endswith("AAA") else "BBB")

    guesses = [http.post(path, {"token": wrong, **more}) for _ in range(6)]
    right = http.post(path, {"token": token, **more})

    assert [one.status for one in guesses] == [400] * 5 + [429]
    assert int(guesses[-1].headers["Retry-After"]) > 0
    assert (right.status, right.code) == (400, "invalid_token")


@pytest.mark.parametrize("path", ["password/reset/confirm", "email/verify", "email/change/confirm", "me/restore"])
def test_a_mail_scanner_uses_no_link_up(http: Caller, path: str) -> None:
    assert [http.call(method, f"/auth/{path}/").status for method in ("GET", "HEAD")] == [405, 405]
