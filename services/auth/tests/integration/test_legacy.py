"""Tokens and passwords of the replaced system."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher

from services.auth.models import User
from services.auth.operations.importing import Importing
from services.auth.tests.conftest import LEGACY_SECRET, PASSWORD, Person, with_token
from shared.clock import shifted_by
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Enrol = Callable[..., Person]
UUID_1 = "0190b7a4-7e0a-7c3e-9d2e-111111111111"


def legacy(secret: str = LEGACY_SECRET, headers: dict[str, str] | None = None, **claims: Any) -> str:
    said = {"exp": int(time.time()) + 600, "token_type": "refresh", "jti": "j1", **claims}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, secret, algorithm="HS256", headers=headers)


def refresh(http: Caller, token: str) -> Answer:
    return http.post("/auth/token/refresh/", {"refresh": token})


def test_an_old_refresh_token_makes_a_session_once(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    token = legacy(user_id=person.id)

    first, again = refresh(http, token), refresh(http, token)
    with shifted_by(timedelta(seconds=11)):
        stolen = refresh(http, token)
        dead = refresh(http, first.json["refresh"])

    assert (first.status, again.json["refresh"]) == (200, first.json["refresh"])
    assert (stolen.status, stolen.code) == (401, "token_revoked")
    assert dead.code == "token_revoked"


def test_old_refresh_tokens_that_are_refused(http: Caller, enrol: Enrol) -> None:
    person = enrol()

    assert refresh(http, legacy(user_id=person.id, exp=int(time.time()) - 5)).code == "token_expired"
    for token in (
        legacy(user_id=person.id, token_type="access"),
        legacy(user_id=person.id, secret="another secret of thirty-two bytes"),
        legacy(user_id=person.id, exp=None),
        legacy(user_id=0),
        legacy(user_id="abc"),
        legacy(user_id=987_654_321),
        legacy(user_id=person.id, headers={"kid": "x"}),
    ):
        assert (refresh(http, token).status, refresh(http, token).code) == (401, "authentication_failed")


def test_an_old_access_token_is_a_plain_user_s(http: Caller, enrol: Enrol) -> None:
    person = enrol()
    old = with_token(http, legacy(user_id=person.id, token_type=None, is_staff=True))

    assert old.get("/auth/me/").json["id"] == person.id
    assert old.get("/users/").status == 403


def test_a_changed_password_ends_old_access_tokens(enrol: Enrol, database: Database) -> None:
    person = enrol()
    body = {"current_password": PASSWORD, "new_password": "another horse 18"}

    person.http.post("/auth/change-password/", {**body, "new_password_confirm": body["new_password"]})

    with database.transaction() as session:
        told = [one.data for one in announced(session, "session.revoked")]
    assert [(one["kind"], one["not_before"]) for one in told] == [("user", 1)]
    assert person.http.get("/auth/me/").status == 200


def pbkdf2(password: str, *, digest: str = "sha256", iterations: int = 1_000) -> str:
    key = hashlib.pbkdf2_hmac(digest, password.encode(), b"salt", iterations)
    return f"pbkdf2_{digest}${iterations}$salt${base64.b64encode(key).decode()}"


def scrypt(password: str) -> str:
    key = hashlib.scrypt(password.encode(), salt=b"salt", n=1024, r=8, p=1, dklen=64)
    return f"scrypt$1024$salt$8$1${base64.b64encode(key).decode()}"


def line(number: int, **told: Any) -> str:
    return json.dumps(
        {"id": number, "uuid": f"0190b7a4-7e0a-7c3e-9d2e-{number:012}", "email": f"u{number}@x.example"} | told
    )


@pytest.mark.parametrize(
    "stored",
    [
        pbkdf2(PASSWORD),
        pbkdf2(PASSWORD, digest="sha1"),
        scrypt(PASSWORD),
        "argon2" + PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD),
    ],
    ids=["PBKDF2 SHA-256", "PBKDF2 SHA-1", "scrypt", "argon2"],
)
def test_an_imported_password_becomes_ours_at_the_first_sign_in(http: Caller, database: Database, stored: str) -> None:
    report = Importing(source="django").run([line(700_001, password=stored)])
    body = {"email": "u700001@x.example", "password": PASSWORD}

    wrong = http.post("/auth/login/", {**body, "password": "not it 1234"})
    right = http.post("/auth/login/", body)

    assert (report.added, report.refused) == (1, [])
    assert (wrong.status, right.status) == (401, 200)
    assert right.json["user"]["id"] == 700_001
    with database.transaction() as session:
        assert (session.get_one(User, 700_001).password_hash or "").startswith("$argon2id$")
        assert announced(session, "user.registered") == []
    assert http.post("/auth/login/", body).status == 200


@pytest.mark.parametrize(
    "stored",
    [
        f"pbkdf2_sha256${10**9}$salt$aGFzaA==",
        "pbkdf2_sha256$1000$salt$not base64",
        "pbkdf2_sha256$1000",
        "scrypt$1048576$salt$8$1$aGFzaA==",
        "scrypt$1000$salt$8$1$aGFzaA==",
        "argon2$nonsense",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "!unusable",
        "",
    ],
)
def test_hashes_that_can_not_be_right(http: Caller, database: Database, stored: str) -> None:
    Importing(source="django").run([line(700_002, password=stored)])

    began = time.monotonic()
    answer = http.post("/auth/login/", {"email": "u700002@x.example", "password": "password"})

    assert (answer.status, answer.code) == (401, "authentication_failed")
    assert time.monotonic() - began < 3


def test_importing_twice_changes_nothing(database: Database) -> None:
    lines = [line(700_003), line(700_004, email="no address"), "not json"]

    reports = [Importing(source="django").run(lines) for _ in range(2)]
    collision = Importing(source="django").run([line(700_003, uuid=UUID_1)])

    assert [(one.added, one.kept, len(one.refused)) for one in reports] == [(1, 0, 2), (0, 1, 2)]
    assert len(collision.refused) == 1


def test_the_import_measures_how_long_sign_ins_should_take(database: Database) -> None:
    lines = [line(700_010, password=pbkdf2(PASSWORD)), line(700_011, password="!unusable")]

    first = Importing(source="django").run(lines)
    again = Importing(source="django").run(lines)

    assert first.floor_ms > 0
    assert again.floor_ms == 0, "nothing was added"


def test_of_addresses_that_differ_by_case_the_last_used_keeps_it(http: Caller, database: Database) -> None:
    lines = [
        line(700_005, email="same@x.example", last_login="2024-01-01T00:00:00Z", password=pbkdf2(PASSWORD)),
        line(700_006, email="Same@x.example", last_login="2025-01-01T00:00:00Z", password=pbkdf2(PASSWORD)),
    ]

    report = Importing(source="django").run(lines)

    assert (report.added, len(report.refused)) == (2, 1)
    assert http.post("/auth/login/", {"email": "same@x.example", "password": PASSWORD}).json["user"]["id"] == 700_006
    with database.transaction() as session:
        assert session.get_one(User, 700_005).account_status == "suspended"


def test_new_accounts_count_on_after_the_imported(enrol: Enrol) -> None:
    Importing(source="django").run([line(700_007)])

    assert enrol().id > 700_007
