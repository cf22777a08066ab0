"""Signing in with Google, by id token and by the redirect flow."""

import base64
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from services.auth.models import User
from services.auth.tests.conftest import PASSWORD, RETURN_URL, Person, with_token
from services.auth.tests.fakes import FakeProvider
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Answer, Caller

Enrol = Callable[..., Person]


def google(http: Caller, provider: FakeProvider, *, asked: str | None = None, **claims: Any) -> Answer:
    said = {"sub": "g-1", "email": "gia@example.org", **claims}
    return http.post("/auth/google/", {"id_token": provider.id_token(**said), "nonce": asked})


def test_a_newcomer_gets_an_account_and_comes_back_to_it(
    http: Caller, provider: FakeProvider, database: Database
) -> None:
    first = google(http, provider)
    again = google(http, provider, email="renamed@example.org")

    assert (first.status, again.status) == (201, 200)
    assert first.json["user"]["id"] == again.json["user"]["id"]
    assert (first.json["user"]["email_verified"], first.json["user"]["has_password"]) == (True, False)
    with database.transaction() as session:
        assert announced(session, "user.registered")[0].data["via"] == "google"


def test_two_first_times_at_once_make_one_account(http: Caller, provider: FakeProvider, database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: google(http, provider), range(4)))

    assert {answer.status for answer in answers} <= {200, 201}
    assert len({answer.json["user"]["id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-app"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 120},
        {"nonce": "another", "asked": "mine"},
        {"asked": "mine"},
        {"key": "stranger"},
    ],
)
def test_tokens_that_are_not_for_us(http: Caller, provider: FakeProvider, claims: dict[str, Any]) -> None:
    if claims.get("key"):
        claims["key"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    answer = google(http, provider, **claims)

    assert (answer.status, answer.code) == (400, "invalid_token")


def test_an_address_that_google_does_not_vouch_for(http: Caller, provider: FakeProvider) -> None:
    assert google(http, provider, email_verified=False).code == "email_not_verified"
    assert http.post("/auth/google/", {"id_token": "garbage"}).code == "invalid_token"


def test_a_stranger_who_registered_the_address_first_loses_it(
    http: Caller, enrol: Enrol, provider: FakeProvider
) -> None:
    stranger = enrol("gia@example.org")

    owner = google(http, provider)

    assert owner.json["user"]["id"] == stranger.id
    assert http.post("/auth/login/", {"email": "gia@example.org", "password": PASSWORD}).status == 401
    assert stranger.http.get("/auth/me/").code == "token_revoked"


def test_a_proven_address_is_linked_and_keeps_its_password(
    http: Caller, enrol: Enrol, provider: FakeProvider, database: Database
) -> None:
    person = enrol("gia@example.org")
    with database.transaction() as session:
        user = session.get_one(User, person.id)
        user.email_verified_at = user.date_joined

    google(http, provider)

    assert http.post("/auth/login/", {"email": "gia@example.org", "password": PASSWORD}).status == 200
    with database.transaction() as session:
        assert "identity_linked" in {one.data["kind"] for one in announced(session, "account.security_alert")}


def test_the_last_way_in_stays(http: Caller, provider: FakeProvider) -> None:
    tokens = google(http, provider).json
    person = with_token(http, tokens["access_token"])
    listed = person.get("/auth/identities/").json

    refused = person.delete(f"/auth/identities/{listed[0]['id']}/")
    first_password = {"new_password": "a first one 99", "new_password_confirm": "a first one 99"}
    assert person.post("/auth/change-password/", first_password).status == 200

    assert (refused.status, refused.code) == (409, "last_credential")
    assert person.delete(f"/auth/identities/{listed[0]['id']}/").status == 204
    assert person.get("/auth/identities/").json == []


def test_another_person_s_google_account_is_refused(http: Caller, enrol: Enrol, provider: FakeProvider) -> None:
    google(http, provider)
    person = enrol()
    token = provider.id_token(sub="g-1", email="gia@example.org")

    taken = person.http.post("/auth/identities/link/", {"provider": "google", "id_token": token})
    token = provider.id_token(sub="g-2", email="other@example.org")
    linked = person.http.post("/auth/identities/link/", {"provider": "google", "id_token": token})

    assert (taken.status, taken.code) == (409, "conflict")
    assert linked.json["identity"]["email"] == "other@example.org"


def test_unknown_providers(http: Caller) -> None:
    answer = http.get("/auth/social/nobody/start/", query_string={"redirect_uri": RETURN_URL})

    assert (answer.status, answer.code) == (404, "provider_not_configured")
    assert [one["provider"] for one in http.get("/auth/social/").json] == ["google"]


class Browser:
    """Keeps cookies between the steps of the redirect flow."""

    def __init__(self, http: Caller) -> None:
        self.http = http
        self.cookie = ""

    def get(self, path: str, **query: str) -> Answer:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        answer = self.http.get(path, query_string=query, headers=headers)
        self.cookie = answer.headers.get("Set-Cookie", self.cookie).partition(";")[0]
        return answer


def follow(http: Caller, provider: FakeProvider, **query: str) -> str:
    """Go through the redirect flow and return the one-time code."""
    browser = Browser(http)
    gone = browser.get("/auth/social/google/start/", redirect_uri=RETURN_URL, **query)
    assert gone.status == 302, gone
    asked = {name: values[0] for name, values in parse_qs(urlsplit(gone.headers["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    provider.grants["c1"] = {"sub": "g-1", "email": "gia@example.org", "nonce": asked["nonce"]}
    back = browser.get("/auth/social/google/callback/", state=asked["state"], code="c1", scope="openid")
    assert back.status == 302, back
    assert back.headers["Location"].startswith(f"{RETURN_URL}?code=")
    return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


def test_the_redirect_flow(http: Caller, provider: FakeProvider, app: Flask) -> None:
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    code = follow(http, provider, code_challenge=challenge)

    wrong = http.post("/auth/social/exchange/", {"code": code, "code_verifier": "w" * 50})
    right = http.post("/auth/social/exchange/", {"code": code, "code_verifier": verifier})
    again = http.post("/auth/social/exchange/", {"code": code, "code_verifier": verifier})

    assert (wrong.status, wrong.code) == (400, "invalid_token")
    assert right.status == 201, right
    assert (again.status, again.code) == (400, "invalid_token")
    assert "code_verifier" in provider.asked[-1]


def test_linking_by_the_redirect_flow(http: Caller, enrol: Enrol, provider: FakeProvider) -> None:
    person = enrol()
    link = person.http.post("/auth/identities/link/", {"provider": "google"}).json["link"]

    code = follow(http, provider, link=link)
    tokens = http.post("/auth/social/exchange/", {"code": code, "code_verifier": "any"})

    assert tokens.json["user"]["id"] == person.id


def test_a_foreign_state_or_return_address(http: Caller, provider: FakeProvider) -> None:
    browser = Browser(http)
    assert browser.get("/auth/social/google/start/", redirect_uri="https://evil.example").status == 400
    browser.get("/auth/social/google/start/", redirect_uri=RETURN_URL)

    assert browser.get("/auth/social/google/callback/", state="forged", code="c").code == "invalid_token"
    assert http.get("/auth/social/google/callback/", query_string={"state": "x", "code": "c"}).code == "invalid_token"
