"""Signing keys, and what the gateway learns."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.auth.models import ActionToken, SigningKey
from services.auth.operations import keys
from services.auth.operations.action_tokens import formed
from services.auth.tests.conftest import Person, with_token
from shared.clock import utc_now
from shared.database import Database
from shared.identity.keyset import KeySet
from shared.identity.verifying import TokenVerifier
from shared.messaging.testing import announced
from shared.testing.http import Caller

Enrol = Callable[..., Person]


def test_the_public_set_verifies_our_tokens(http: Caller, enrol: Enrol) -> None:
    person = enrol()

    answer = http.get("/auth/jwks/")

    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert all("d" not in key for key in answer.json["keys"])
    claims = TokenVerifier(KeySet(answer.json), issuer=http.issuer).verify(person.tokens["access_token"])
    assert (claims.user_id, claims.session_id) == (person.id, person.tokens["session_id"])
    assert claims.roles == {"user"}
    assert claims.expires_at - claims.issued_at == 1800


def test_tokens_are_typed(enrol: Enrol) -> None:
    header = jwt.get_unverified_header(enrol().tokens["access_token"])

    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")


def test_the_gateway_learns_keys_and_revocations(http: Caller, enrol: Enrol) -> None:
    person, other = enrol(), enrol()
    person.http.post("/auth/logout/")

    everything = http.get("/internal/identity/").json
    other.http.post("/auth/logout/")
    news = http.get("/internal/identity/", query_string={"since": everything["watermark"]}).json

    assert everything["keys"]["keys"]
    assert [one["value"] for one in everything["revocations"]] == [person.tokens["session_id"]]
    assert {"kind", "value", "not_before", "expires_at"} == everything["revocations"][0].keys()
    assert other.tokens["session_id"] in {one["value"] for one in news["revocations"]}


def test_many_processes_make_one_first_key(no_keys: None, database: Database) -> None:
    def start(_: int) -> None:
        with database.transaction() as session:
            keys.ensure_keys(session, now=utc_now())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))

    with database.transaction() as session:
        assert session.query(SigningKey).count() == 1


def test_a_key_is_published_before_it_signs_and_kept_after(database: Database) -> None:
    now = utc_now() + timedelta(days=31)

    with database.transaction() as session:
        keys.ensure_keys(session, now=utc_now())
        old = keys.current_signer(session, now=now).kid
        assert keys.rotate_keys(session, now=now)
        keys.forget_signer()
        assert keys.current_signer(session, now=now + timedelta(minutes=9)).kid == old
        keys.forget_signer()
        fresh = keys.current_signer(session, now=now + timedelta(minutes=11)).kid
        assert not keys.rotate_keys(session, now=now + timedelta(minutes=30))
        assert keys.rotate_keys(session, now=now + timedelta(hours=2))
        told = announced(session, "signing_keys.changed")
        session.rollback()
    keys.forget_signer()

    assert fresh != old
    assert {old, fresh} <= {key["kid"] for key in told[-2].data["keys"]}
    assert old not in {key["kid"] for key in told[-1].data["keys"]}
    assert [one.sequence for one in told] == sorted(one.sequence for one in told)


def _signed(key: Any, algorithm: str, headers: dict[str, str], **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": "http://localhost:18000", "aud": "estuary", "sub": "1", "sid": "s", "jti": "j", "type": "access"}
    return jwt.encode({**said, "iat": now, "exp": now + 600, **claims}, key, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize(
    "kind", ["none", "public key as secret", "path as kid", "sql as kid", "own key", "8 KB", "jku"]
)
def test_bearer_tokens_that_are_none(http: Caller, enrol: Enrol, kind: str) -> None:
    known = jwt.get_unverified_header(enrol().tokens["access_token"])["kid"]
    own = ec.generate_private_key(ec.SECP256R1())
    public = json.dumps(http.get("/auth/jwks/").json["keys"][0]["x"])
    typed = {"typ": "at+jwt", "kid": known}
    token = {
        "none": lambda: jwt.encode({"sub": "1"}, None, algorithm="none"),
        "public key as secret": lambda: _signed(public, "HS256", typed),
        "path as kid": lambda: _signed(own, "ES256", {**typed, "kid": "../../dev/null"}),
        "sql as kid": lambda: _signed(own, "ES256", {**typed, "kid": "' OR 1=1 --"}),
        "own key": lambda: _signed(own, "ES256", typed),
        "8 KB": lambda: _signed(own, "ES256", typed, padding="x" * 8_000),
        "jku": lambda: _signed(own, "ES256", {**typed, "jku": "https://evil.example/keys"}),
    }[kind]()

    answer = with_token(http, token).get("/auth/me/")

    assert (answer.status, answer.code) == (401, "authentication_failed")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_other_tokens_of_ours_are_no_bearer_tokens(http: Caller, enrol: Enrol, database: Database) -> None:
    person = enrol()
    with database.transaction() as session:
        mailed = formed(session.query(ActionToken).filter_by(user_id=person.id).one())

    for token in (person.tokens["refresh_token"], person.tokens["device_token"], mailed):
        assert with_token(http, token).get("/auth/me/").code == "authentication_failed"
