"""What an installation decides by its settings, and what the clock takes away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
import requests

from services.auth import jobs
from services.auth.models import ActionToken, AuthSession, LoginFailure, Revocation, User
from services.auth.settings import settings
from services.auth.tests.conftest import PASSWORD, Person, registration, with_token
from services.auth.tests.fakes import FakeProvider
from shared.clock import shifted_by
from shared.database import Database
from shared.testing.http import Caller

Enrol = Callable[..., Person]
Decide = Callable[..., None]
REASON = {"reason": "asked by the owner"}


@pytest.fixture
def decide() -> Iterator[Decide]:
    """Return a function that starts the process, as it were, with other settings."""
    with pytest.MonkeyPatch.context() as patch:

        def told(**environment: str) -> None:
            for name, value in environment.items():
                patch.setenv(name, value)
            settings.cache_clear()

        yield told
    settings.cache_clear()


@pytest.fixture
def staff(enrol: Enrol, database: Database) -> Person:
    """A superuser without a second factor, who is not signed in again yet."""
    person = enrol()
    with database.transaction() as session:
        user = session.get_one(User, person.id)
        user.is_staff = user.is_superuser = True
    return person


def roles(token: str) -> set[str]:
    return set(jwt.decode(token, options={"verify_signature": False})["roles"])


def test_closed_registration_lets_nobody_in_anew(
    http: Caller, enrol: Enrol, provider: FakeProvider, decide: Decide
) -> None:
    person = enrol()
    decide(REGISTRATION_OPEN="0")
    token = provider.id_token(sub="g-9", email="new@example.org")

    answers = [
        http.post("/auth/register/", registration("new@example.org")),
        http.post("/auth/google/", {"id_token": token}),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "registration_closed")] * 2
    assert http.post("/auth/login/", {"email": person.email, "password": PASSWORD}).status == 200


def test_a_network_opens_so_many_accounts_an_hour(http: Caller, decide: Decide) -> None:
    decide(REGISTRATION_LIMIT_HOURLY="3")

    answers = [http.post("/auth/register/", registration(f"many{number}@example.org")) for number in range(4)]
    elsewhere = replace(http, client_ip="192.0.2.77").post("/auth/register/", registration("other@example.org"))
    with shifted_by(timedelta(minutes=61)):
        later = http.post("/auth/register/", registration("later@example.org"))

    assert [answer.status for answer in answers] == [201, 201, 201, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (elsewhere.status, later.status) == (201, 201)


def test_staff_without_a_second_factor_are_plain_users_where_it_is_asked_for(
    http: Caller, enrol: Enrol, staff: Person, decide: Decide, database: Database
) -> None:
    decide(STAFF_REQUIRE_MFA="1")
    tokens = http.post("/auth/login/", {"email": staff.email, "password": PASSWORD}).json
    signed_in = with_token(http, tokens["access_token"])

    status = signed_in.get("/auth/mfa/").json
    listing = signed_in.get("/users/")
    with database.transaction() as session:
        session.get_one(User, staff.id).mfa_enabled_at = session.get_one(User, staff.id).date_joined
    without = signed_in.delete("/auth/mfa/totp/")

    assert roles(tokens["access_token"]) == {"user"}
    assert (status["required"], status["enabled"]) == (True, False)
    assert (listing.status, listing.code) == (403, "permission_denied")
    assert (without.status, without.code) == (403, "mfa_required_for_staff")


def test_nobody_acts_for_others_without_a_second_factor_where_it_is_asked_for(
    http: Caller, enrol: Enrol, staff: Person, decide: Decide
) -> None:
    person = enrol()
    tokens = http.post("/auth/login/", {"email": staff.email, "password": PASSWORD}).json
    assert "staff" in roles(tokens["access_token"])
    decide(STAFF_REQUIRE_MFA="1")

    answer = with_token(http, tokens["access_token"]).post(f"/users/{person.id}/impersonate/", REASON)

    assert (answer.status, answer.code) == (403, "impersonation_forbidden")


def test_nobody_is_kept_out_when_the_list_of_leaks_does_not_answer(
    http: Caller, decide: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def silent(address: str, **_: object) -> requests.Response:
        asked.append(address)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "get", silent)
    decide(PWNED_PASSWORDS="1")

    assert http.post("/auth/register/", registration("p@example.org")).status == 201
    assert [len(address.rpartition("/")[2]) for address in asked] == [5], "five characters, and no more, are told"


def test_fifty_failures_of_a_network_are_enough(http: Caller, enrol: Enrol) -> None:
    """Ten known devices' five failures each: no account is blocked, but the network is."""
    people = [enrol() for _ in range(10)]

    statuses = [
        http.post(
            "/auth/login/",
            {"email": one.email, "password": "not it 1234", "device_token": one.tokens["device_token"]},
        ).status
        for one in people
        for _ in range(5)
    ]
    body = {"email": people[0].email, "password": PASSWORD, "device_token": people[0].tokens["device_token"]}

    assert set(statuses) == {401}
    assert http.post("/auth/login/", body).status == 429
    assert replace(http, client_ip="192.0.2.78").post("/auth/login/", body).status == 200


def test_what_nobody_can_use_any_more_is_swept(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    http.post("/auth/password/reset/", {"email": "nobody@example.org"})
    http.post("/auth/login/", {"email": person.email, "password": "not it 1234"})
    person.http.post("/auth/logout/")

    def left() -> list[int]:
        with database.transaction() as session:
            return [session.query(model).count() for model in (ActionToken, LoginFailure, Revocation, AuthSession)]

    jobs.sweep_expired()
    before = left()
    with shifted_by(timedelta(days=20)):
        jobs.sweep_expired()
        weeks_later = left()
    with shifted_by(timedelta(days=181)):
        jobs.sweep_expired()

    assert all(before)
    assert weeks_later == [0, 0, 0, before[3]]
    assert left() == [0, 0, 0, 0]
