"""What auth's tests stand on: its own signing key beside the tests' key, and people who are really signed in."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest
from flask import Flask

from services.auth.models import SigningKey
from services.auth.models.keys import public_keys
from services.auth.operations.keys import ensure_keys, forget_signer
from services.auth.settings import settings
from services.auth.tests.fakes import CLIENT_ID, FakeProvider
from shared.clock import utc_now
from shared.database import Database
from shared.identity.keys import store_keys
from shared.testing.http import SEQUENCE, Caller, public_set

PASSWORD = "correct horse 17"
LEGACY_SECRET = "the secret of the system that is replaced"
RETURN_URL = "https://app.example/signed-in"
_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who has registered, with the tokens of that."""

    email: str
    tokens: dict[str, Any]
    http: Caller

    @property
    def id(self) -> int:
        """The user's id."""
        number: int = self.tokens["user"]["id"]
        return number


@pytest.fixture
def app(app: Flask, database: Database) -> Flask:
    """The web process, which accepts the tests' tokens and those it signs itself."""
    forget_signer()
    with database.transaction() as session:
        ensure_keys(session, now=utc_now())
        both = [*public_set()["keys"], *public_keys(session, now=utc_now())]
        store_keys(session, {"keys": both}, epoch=1, sequence=SEQUENCE + 1)
    return app


@pytest.fixture
def no_keys(database: Database) -> Iterator[None]:
    """A database whose keys are gone for the time of the test; the process under test goes on with the old ones."""
    columns = [column.key for column in SigningKey.__table__.columns]
    with database.transaction() as session:
        kept = [{name: getattr(key, name) for name in columns} for key in session.query(SigningKey)]
        session.query(SigningKey).delete()
    yield
    with database.transaction() as session:
        session.query(SigningKey).delete()
        session.add_all(SigningKey(**key) for key in kept)
    forget_signer()


@pytest.fixture
def http(http: Caller) -> Caller:
    """A client from an address of its own, so that no test counts another one's failures."""
    number = next(_numbers)
    return replace(http, client_ip=f"198.51.{number // 250}.{number % 250 + 1}")


@pytest.fixture
def enrol(http: Caller) -> Callable[..., Person]:
    """Return a function that registers somebody."""

    def register(email: str | None = None, **details: Any) -> Person:
        address = email or f"person{next(_numbers)}@example.org"
        answer = http.post("/auth/register/", registration(address, **details))
        assert answer.status == 201, answer
        return Person(address, answer.json, with_token(http, answer.json["access_token"]))

    return register


def registration(email: str, **details: Any) -> dict[str, Any]:
    """Return the body of a registration."""
    return {
        "email": email,
        "password": PASSWORD,
        "password_confirm": PASSWORD,
        "first_name": "Ana",
        "last_name": "Reyes",
        **details,
    }


def with_token(http: Caller, token: str) -> Caller:
    """Return a client that sends this access token."""
    return replace(http, token=token)


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProvider]:
    """An OpenID provider that this process's settings name as Google."""
    fake = FakeProvider()
    yield fake
    fake.close()


@pytest.fixture(scope="session", autouse=True)
def told(provider: FakeProvider) -> None:
    """Tell the service, before it reads its settings, which provider there is; hashes cost less than in earnest."""
    os.environ.update(
        ARGON2_MEMORY_KIB="1024",
        ARGON2_TIME_COST="1",
        GOOGLE_CLIENT_ID=CLIENT_ID,
        OIDC_GOOGLE_ISSUER=provider.issuer,
        OIDC_GOOGLE_CLIENT_SECRET="secret of the fake provider",
        OIDC_RETURN_URLS=RETURN_URL,
        JWT_LEGACY_SECRET=LEGACY_SECRET,
    )
    settings.cache_clear()
