"""The second factor, recovery codes, and confirming who one is."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.auth.domain import totp
from services.auth.models import AuthSession
from services.auth.tests.conftest import PASSWORD, Person
from shared.clock import shifted_by, utc_now
from shared.database import Database
from shared.testing.http import Answer, Caller

Enrol = Callable[..., Person]


class Phone:
    """An authenticator app."""

    def __init__(self, secret: str) -> None:
        self.secret = base64.b32decode(secret)

    def code(self, *, steps: int = 0) -> str:
        return totp.code_at(self.secret, totp.step_at(utc_now()) + steps)


@pytest.fixture
def protected(enrol: Enrol) -> tuple[Person, Phone, list[str]]:
    """Somebody with a second factor, whose phone has shown one code already."""
    person = enrol()
    phone = Phone(person.http.post("/auth/mfa/totp/").json["secret"])
    answer = person.http.post("/auth/mfa/totp/confirm/", {"code": phone.code()})
    assert answer.status == 200, answer
    return person, phone, answer.json["recovery_codes"]


def sign_in(http: Caller, person: Person, code: str | None = None) -> Answer:
    return http.post("/auth/login/", {"email": person.email, "password": PASSWORD, "code": code})


def later() -> timedelta:
    return timedelta(seconds=totp.STEP_SECONDS)


def test_the_code_goes_along_or_comes_after(http: Caller, protected: tuple[Person, Phone, list[str]]) -> None:
    person, phone, _ = protected

    asked = sign_in(http, person)
    with shifted_by(later()):
        came_after = http.post("/auth/mfa/verify/", {"mfa_token": asked.errors["mfa_token"][0], "code": phone.code()})
    with shifted_by(2 * later()):
        went_along = sign_in(http, person, phone.code())

    assert (asked.status, asked.code) == (401, "mfa_required")
    assert came_after.status == 200, came_after
    assert went_along.status == 200
    assert went_along.json["user"]["mfa_enabled"] is True


def test_a_code_is_good_once(http: Caller, protected: tuple[Person, Phone, list[str]]) -> None:
    person, phone, _ = protected

    with shifted_by(later()), ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: sign_in(http, person, phone.code()), range(4)))

    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]
    assert {answer.code for answer in answers} == {None, "mfa_invalid"}


def test_codes_of_other_times_and_scripts(http: Caller, protected: tuple[Person, Phone, list[str]]) -> None:
    person, phone, _ = protected

    with shifted_by(timedelta(minutes=10)):
        assert sign_in(http, person, phone.code(steps=-2)).code == "mfa_invalid"
        assert sign_in(http, person, "٤٥٦٧٨٩").code == "mfa_invalid"
        spaced = phone.code()
        assert sign_in(http, person, f"{spaced[:3]} {spaced[3:]}").status == 200


def test_a_recovery_code_is_good_once(http: Caller, protected: tuple[Person, Phone, list[str]]) -> None:
    person, _, codes = protected

    assert len(set(codes)) == 10
    assert sign_in(http, person, codes[0].lower()).status == 200
    assert sign_in(http, person, codes[0]).code == "mfa_invalid"
    assert person.http.get("/auth/mfa/").json["recovery_codes_left"] == 9


def test_five_wrong_codes_end_the_attempt(http: Caller, protected: tuple[Person, Phone, list[str]]) -> None:
    person, phone, _ = protected
    token = sign_in(http, person).errors["mfa_token"][0]

    statuses = [http.post("/auth/mfa/verify/", {"mfa_token": token, "code": "000000"}).status for _ in range(6)]
    with shifted_by(timedelta(minutes=5, seconds=5)):
        dead = http.post("/auth/mfa/verify/", {"mfa_token": token, "code": phone.code()})

    assert statuses == [401] * 5 + [429]
    assert (dead.status, dead.code) == (400, "invalid_token")


def test_putting_it_on_ends_other_sessions(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    there = sign_in(http, person).json
    phone = Phone(person.http.post("/auth/mfa/totp/").json["secret"])

    person.http.post("/auth/mfa/totp/confirm/", {"code": phone.code()})

    assert http.post("/auth/token/refresh/", {"refresh": there["refresh_token"]}).code == "token_revoked"
    assert person.http.get("/auth/mfa/").json["enabled"] is True


def test_sensitive_changes_need_a_fresh_confirmation(
    database: Database, protected: tuple[Person, Phone, list[str]]
) -> None:
    person, _phone, codes = protected
    with database.transaction() as session:
        session.get_one(AuthSession, person.tokens["session_id"]).auth_time -= timedelta(minutes=11)

    refused = person.http.delete("/auth/mfa/totp/")
    wrong = person.http.post("/auth/reauthenticate/", {"password": "not mine 77", "code": codes[0]})
    without_code = person.http.post("/auth/reauthenticate/", {"password": PASSWORD})
    confirmed = person.http.post("/auth/reauthenticate/", {"password": PASSWORD, "code": codes[1]})

    assert (refused.status, refused.code) == (403, "reauthentication_required")
    assert (wrong.status, wrong.code) == (401, "authentication_failed")
    assert without_code.code == "mfa_invalid"
    assert confirmed.status == 200, confirmed
    assert person.http.post("/auth/mfa/recovery-codes/").status == 200
    assert person.http.delete("/auth/mfa/totp/").status == 204
    assert person.http.get("/auth/mfa/").json["enabled"] is False


def test_not_confirmed_in_time_is_nothing(enrol: Enrol) -> None:
    person = enrol()
    phone = Phone(person.http.post("/auth/mfa/totp/").json["secret"])

    with shifted_by(timedelta(minutes=11)):
        answer = person.http.post("/auth/mfa/totp/confirm/", {"code": phone.code()})

    assert (answer.status, answer.code) == (409, "conflict")


def test_undoing_a_deletion_takes_the_second_factor_too(
    http: Caller, protected: tuple[Person, Phone, list[str]]
) -> None:
    person, _, codes = protected
    body = {"confirm": "DELETE", "password": PASSWORD, "reason": "moving on"}
    assert person.http.delete("/auth/me/", json=body).status == 202
    link = sign_in(http, person).errors["restore_token"][0]

    restored = http.post("/auth/me/restore/", {"token": link})
    verified = http.post("/auth/mfa/verify/", {"mfa_token": restored.errors["mfa_token"][0], "code": codes[0]})

    assert (restored.status, restored.code) == (401, "mfa_required")
    assert (verified.status, verified.json["user"]["account_status"]) == (200, "active")
