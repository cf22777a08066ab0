"""Signing in, and making guessing slow without locking anybody out."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import event

from services.auth.clients.hashing import hasher
from services.auth.models import User
from services.auth.operations import sign_in as signing_in
from services.auth.settings import settings
from services.auth.tests.conftest import PASSWORD, Person
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

Enrol = Callable[..., Person]
WRONG = "not the password 1"


def test_any_spelling_of_the_address_signs_in(http: Caller, enrol: Enrol) -> None:
    enrol("Ana@X.example")

    for email in (" ana@x.example ", "ANA@X.EXAMPLE", "Ana@X.example"):
        answer = http.post("/auth/login/", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["user"]["last_login"] is not None


def test_unknown_and_wrong_are_told_alike(http: Caller, enrol: Enrol, database: Database) -> None:
    known, social = enrol(), enrol()
    with database.transaction() as session:
        session.get_one(User, social.id).password_hash = None

    answers = [
        http.post("/auth/login/", {"email": email, "password": WRONG})
        for email in (known.email, social.email, "nobody@example.org")
    ]

    assert len({answer.raw.get_data() for answer in answers}) == 1
    assert {(answer.status, answer.code) for answer in answers} == {(401, "authentication_failed")}


def test_known_and_unknown_addresses_make_the_same_work(
    http: Caller, enrol: Enrol, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements in the same order around one hash of the same cost: time has nothing to tell them by."""
    known, social = enrol(), enrol()
    with database.transaction() as session:
        session.get_one(User, social.id).password_hash = None
    work: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str, password: str) -> bool:
        cost = extract_parameters(stored)
        work.append(f"hash {cost.memory_cost} {cost.time_cost} {cost.parallelism}")
        return verify(self, stored, password)

    def executed(*told: Any) -> None:
        work.append(told[2])

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    event.listen(database.engine, "before_cursor_execute", executed)
    done = {}
    try:
        for email in (known.email, social.email, "nobody@example.org"):
            work.clear()
            assert http.post("/auth/login/", {"email": email, "password": WRONG}).status == 401
            done[email] = [*work]
    finally:
        event.remove(database.engine, "before_cursor_execute", executed)

    assert done[known.email] == done[social.email] == done["nobody@example.org"]
    assert [step for step in done[known.email] if step.startswith("hash")] == ["hash 1024 1 1"]


def test_every_answer_takes_the_floor(http: Caller, enrol: Enrol, monkeypatch: pytest.MonkeyPatch) -> None:
    """While imported hashes are slower than ours, nobody answers before the slowest of them."""
    person = enrol()
    raised = replace(settings(), auth_login_floor_ms=200)
    monkeypatch.setattr(signing_in, "settings", lambda: raised)

    took = {}
    for name, email, password in (
        ("right", person.email, PASSWORD),
        ("wrong", person.email, WRONG),
        ("unknown", "nobody@example.org", WRONG),
    ):
        began = time.monotonic()
        http.post("/auth/login/", {"email": email, "password": password})
        took[name] = time.monotonic() - began

    assert {name: seconds for name, seconds in took.items() if seconds < 0.2} == {}


@pytest.mark.parametrize(
    "body",
    [[], {"email": "x@example.org"}, {"email": "x@example.org", "password": 12345678}, {"password": "x"}, "text"],
)
def test_bodies_that_are_none(http: Caller, body: object) -> None:
    assert http.post("/auth/login/", body).status == 400


def test_a_suspended_person_hears_it_only_with_the_right_password(
    http: Caller, enrol: Enrol, database: Database
) -> None:
    person = enrol()
    with database.transaction() as session:
        session.get_one(User, person.id).account_status = "suspended"

    right = http.post("/auth/login/", {"email": person.email, "password": PASSWORD})
    wrong = http.post("/auth/login/", {"email": person.email, "password": WRONG})

    assert (right.status, right.code) == (403, "account_disabled")
    assert (wrong.status, wrong.code) == (401, "authentication_failed")


def test_guessing_from_many_addresses_is_stopped_and_the_owner_is_not(http: Caller, enrol: Enrol) -> None:
    owner = enrol()
    device = owner.tokens["device_token"]

    guesses = []
    for number in range(12):
        stranger = replace(http, client_ip=f"192.0.2.{number + 1}")
        guesses.append(stranger.post("/auth/login/", {"email": owner.email, "password": WRONG}))
    right_but_unknown = http.post("/auth/login/", {"email": owner.email, "password": PASSWORD})
    at_home = http.post("/auth/login/", {"email": owner.email, "password": PASSWORD, "device_token": device})

    assert [answer.status for answer in guesses] == [401] * 5 + [429] * 7
    assert int(guesses[-1].headers["Retry-After"]) > 0
    assert right_but_unknown.status == 429
    assert at_home.status == 200


def test_guesses_at_once_are_no_more_than_guesses_one_by_one(http: Caller, enrol: Enrol) -> None:
    """All of them are hashed before the first is counted; what they are told is decided by the count."""
    owner = enrol()
    barrier = Barrier(16)

    def guess(number: int) -> int:
        stranger = replace(http, client_ip=f"192.0.2.{number + 1}")
        barrier.wait(5)
        return stranger.post("/auth/login/", {"email": owner.email, "password": WRONG}).status

    with ThreadPoolExecutor(16) as threads:
        statuses = Counter(threads.map(guess, range(16)))

    assert statuses == {401: 5, 429: 11}


def test_a_right_guess_after_too_many_wrong_ones_is_not_told(
    http: Caller, enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five wrong ones are counted while the right one is still being hashed."""
    owner = enrol()
    check = hasher().check

    def slowly(password: str, stored: str | None) -> object:
        checked = check(password, stored)
        if password == PASSWORD:
            for _ in range(5):
                http.post("/auth/login/", {"email": owner.email, "password": WRONG})
        return checked

    monkeypatch.setattr(hasher(), "check", slowly)

    assert http.post("/auth/login/", {"email": owner.email, "password": PASSWORD}).status == 429


def test_a_known_device_has_a_limit_of_its_own(http: Caller, enrol: Enrol) -> None:
    owner = enrol()
    body = {"email": owner.email, "device_token": owner.tokens["device_token"]}

    guesses = [http.post("/auth/login/", {**body, "password": WRONG}) for _ in range(11)]

    assert [answer.status for answer in guesses] == [401] * 10 + [429]
    assert http.post("/auth/login/", {"email": owner.email, "password": PASSWORD}).status == 200


def test_one_try_each_on_many_accounts_blocks_the_network(http: Caller) -> None:
    statuses = [
        http.post("/auth/login/", {"email": f"nobody{number}@example.org", "password": WRONG}).status
        for number in range(21)
    ]

    assert statuses == [401] * 20 + [429]


def test_another_account_s_device_token_is_none(http: Caller, enrol: Enrol) -> None:
    owner, thief = enrol(), enrol()
    for _ in range(5):
        http.post("/auth/login/", {"email": owner.email, "password": WRONG})

    body = {"email": owner.email, "password": PASSWORD, "device_token": thief.tokens["device_token"]}

    assert http.post("/auth/login/", body).status == 429


def test_a_new_kind_of_device_is_told_of_the_first_is_not(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    firefox = http.having(User_Agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")

    for _ in range(3):
        firefox.post("/auth/login/", {"email": person.email, "password": PASSWORD})

    with database.transaction() as session:
        alerts = announced(session, "account.security_alert")
    assert [(alert.data["kind"], alert.data["device"]) for alert in alerts] == [("new_device", "Firefox on Linux")]


def test_fifty_sessions_are_the_most(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    body = {"email": person.email, "password": PASSWORD, "device_token": person.tokens["device_token"]}
    for _ in range(50):
        http.post("/auth/login/", body)

    oldest = http.post("/auth/token/refresh/", {"refresh": person.tokens["refresh_token"]})

    assert (oldest.status, oldest.code) == (401, "token_revoked")
