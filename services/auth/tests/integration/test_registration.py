"""Opening an account."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.auth.tests.conftest import PASSWORD, registration
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def test_signs_in_at_once_and_announces(http: Caller, database: Database) -> None:
    answer = http.post("/auth/register/", registration(" Ana@Example.ORG "))

    assert answer.status == 201, answer
    user = answer.json["user"]
    assert user["email"] == "Ana@example.org"
    assert not {"status", "message", "data", "errors", "code"} & answer.json.keys()
    with database.transaction() as session:
        told = {message.type: message.data for message in announced(session)}
    assert told["user.registered"]["via"] == "password"
    assert told["user.changed"]["id"] == user["id"]
    assert told["email.verification_requested"]["email"] == "Ana@example.org"
    assert "token" not in str(told["email.verification_requested"]).replace("action_token_id", "")


def test_of_two_at_once_one_gets_the_address(http: Caller) -> None:
    with ThreadPoolExecutor(4) as pool:
        spellings = ["twin@example.org", "Twin@example.org", "TWIN@EXAMPLE.ORG", "twin@Example.org"]
        answers = list(pool.map(lambda email: http.post("/auth/register/", registration(email)), spellings))

    assert sorted(answer.status for answer in answers) == [201, 400, 400, 400]
    refused = next(answer for answer in answers if answer.status == 400)
    assert refused.errors["email"]


def test_the_owner_of_a_taken_address_is_told_once(http: Caller, database: Database) -> None:
    for _ in range(3):
        http.post("/auth/register/", registration("owner@example.org"))

    with database.transaction() as session:
        alerts = announced(session, "account.security_alert")
    assert [alert.data["kind"] for alert in alerts] == ["registration_attempt"]


@pytest.mark.parametrize(
    "email",
    ["plain", f"{'a' * 245}@example.org", "a@b@example.org", "nul\x00@example.org", '"a b"@example.org', 7, None, ""],
)
def test_addresses_that_are_none(http: Caller, email: object) -> None:
    answer = http.post("/auth/register/", {**registration("x@example.org"), "email": email})

    assert (answer.status, answer.code) == (400, "validation_error")


def test_foreign_domains_are_stored_in_punycode(http: Caller) -> None:
    answer = http.post("/auth/register/", registration("ana@bücher.example"))

    assert answer.json["user"]["email"] == "ana@xn--bcher-kva.example"
    assert http.post("/auth/login/", {"email": "ANA@BÜCHER.example", "password": PASSWORD}).status == 200


@pytest.mark.parametrize(
    "password", ["seven77", "x" * 129, "x" * 257, "9472615038", "password1", "person@example.org", "reyes-r", ""]
)
def test_passwords_that_are_refused(http: Caller, password: str) -> None:
    body = registration("person@example.org", password=password, password_confirm=password)

    answer = http.post("/auth/register/", body)

    assert answer.status == 400, answer
    assert "password" in answer.errors


@pytest.mark.parametrize(
    ("typed", "later"),
    [
        ("🦊🐻🐼🦁🐸🐵🦉🐙", "🦊🐻🐼🦁🐸🐵🦉🐙"),
        (" leading blank", " leading blank"),
        ("caf\u00e9 au lait", "cafe\u0301 au lait"),
    ],
)
def test_passwords_that_are_taken_as_they_are(http: Caller, typed: str, later: str) -> None:
    http.post("/auth/register/", registration("p@example.org", password=typed, password_confirm=typed))

    assert http.post("/auth/login/", {"email": "p@example.org", "password": later}).status == 200
    assert http.post("/auth/login/", {"email": "p@example.org", "password": later.strip() + "!"}).status == 401


def test_both_passwords_must_be_the_same(http: Caller) -> None:
    answer = http.post("/auth/register/", registration("x@example.org", password_confirm="another one 9"))
    without = registration("x@example.org")
    del without["password_confirm"]

    assert list(answer.errors) == ["password"]
    assert http.post("/auth/register/", without).status == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "see www.spam.example"),
        ("last_name", "http://spam"),
        ("first_name", ""),
        ("last_name", "x" * 151),
        ("first_name", "two\nlines"),
        ("phone_number", "12"),
        ("timezone", "Mars/X"),
        ("locale", "not a tag"),
    ],
)
def test_details_that_are_refused(http: Caller, field: str, value: str) -> None:
    answer = http.post("/auth/register/", registration("x@example.org", **{field: value}))

    assert (answer.status, list(answer.errors)) == (400, [field])


def test_privileges_in_the_body_are_ignored(http: Caller) -> None:
    body = registration("x@example.org", is_staff=True, id=1, uuid="x", account_status="pending", is_superuser=True)

    user = http.post("/auth/register/", body).json["user"]

    assert (user["is_staff"], user["is_superuser"], user["account_status"]) == (False, False, "active")
    assert user["id"] != 1
