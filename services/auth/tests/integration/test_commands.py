"""The command line, and the demo's people."""

import json
from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from services.auth import commands
from services.auth.domain.demo_people import CLIENT, EVERYBODY, PASSWORD, STAFF
from services.auth.models import User
from services.auth.operations.keys import forget_signer
from services.auth.seed import seed
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller

GOOD = "a good long one 3"


@pytest.fixture(autouse=True)
def of_auth(app: Flask) -> None:
    """Commands work on the database of this environment."""


def run(command: object, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)  # type: ignore[arg-type]


def test_a_first_superuser(http: Caller, database: Database) -> None:
    made = run(commands.create_superuser, "Boss@x.example", "--password", GOOD)
    again = run(commands.create_superuser, "boss@x.example", "--password", "another good one 4")

    assert made.output == "Boss@x.example is a superuser.\n"
    assert "its password stays" in again.output
    user = http.post("/auth/login/", {"email": "boss@x.example", "password": GOOD}).json["user"]
    assert (user["is_superuser"], user["roles"], user["email_verified"]) == (True, ["user", "staff"], True)


def test_weak_passwords_and_odd_addresses_are_refused(database: Database) -> None:
    weak = run(commands.create_superuser, "boss@x.example", "--password", "password1")
    odd = run(commands.create_superuser, "boss", "--password", GOOD)

    assert (weak.exit_code, odd.exit_code) == (1, 2)
    assert "too common" in weak.output


def test_the_last_superuser_can_not_be_removed() -> None:
    run(commands.create_superuser, "boss@x.example", "--password", GOOD)

    suspended = run(commands.users, "suspend", "boss@x.example", "--reason", "testing")
    removed = run(commands.staff, "remove", "boss@x.example")
    unknown = run(commands.users, "suspend", "nobody@x.example", "--reason", "testing")

    assert "last active superuser" in suspended.output
    assert "last active superuser" in removed.output
    assert "Nobody has the address" in unknown.output


def test_importing_a_file(tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text(json.dumps({"id": 800_001, "email": "old@x.example", "first_name": "Olga"}) + "\n{}\n")

    result = run(commands.users, "import", str(file))

    assert result.output.startswith("1 added, 0 there already, 1 refused")
    assert "800001  old@x.example  Olga" in run(commands.users, "list", "--search", "olg").output


def test_keys_are_listed() -> None:
    assert "until the next rotation" in run(commands.keys, "list").output


def test_a_leaked_key_is_withdrawn(no_keys: None, http: Caller, database: Database) -> None:
    run(commands.create_superuser, "boss@x.example", "--password", GOOD)
    forget_signer()
    token = http.post("/auth/login/", {"email": "boss@x.example", "password": GOOD}).json["access_token"]
    leaked = jwt.get_unverified_header(token)["kid"]

    done = run(commands.keys, "withdraw", leaked)
    unknown = run(commands.keys, "withdraw", leaked)

    assert done.output.startswith(f"The key {leaked} is withdrawn.")
    assert "There is no key" in unknown.output
    kids = {key["kid"] for key in http.get("/auth/jwks/").json["keys"]}
    assert (leaked in kids, len(kids)) == (False, 1)
    with database.transaction() as session:
        assert {key["kid"] for key in announced(session, "signing_keys.changed")[-1].data["keys"]} == kids
    forget_signer()
    token = http.post("/auth/login/", {"email": "boss@x.example", "password": GOOD}).json["access_token"]
    assert jwt.get_unverified_header(token)["kid"] in kids


def test_the_demo_is_seeded_once(http: Caller, database: Database) -> None:
    for _ in range(2):
        seed()

    with database.transaction() as session:
        assert session.query(User).count() == len(EVERYBODY)
        assert len(announced(session, "user.changed")) == len(EVERYBODY)
        assert len(announced(session, "user.registered")) == len(EVERYBODY)
    for person in (CLIENT, STAFF):
        answer = http.post("/auth/login/", {"email": person.email, "password": PASSWORD})
        assert answer.json["user"]["uuid"] == str(person.uuid)
        assert answer.json["user"]["is_staff"] is person.is_staff
