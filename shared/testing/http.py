"""Calling a service as the gateway does: signed, and with a token where somebody is signed in."""

import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from jwt.algorithms import ECAlgorithm
from werkzeug.test import TestResponse

from shared.database import Database
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.identity.keys import store_keys
from shared.identity.minting import mint_access_token
from shared.ids import uuid7

KID = "test-key"
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
# Newer than anything that auth publishes, so that a test's own events do not replace it.
SEQUENCE = 2**40


def public_set() -> dict[str, Any]:
    """Return the JWKS of the tests' signing key."""
    jwk = ECAlgorithm.to_jwk(PRIVATE_KEY.public_key(), as_dict=True)
    return {"keys": [{**jwk, "kid": KID, "alg": "ES256", "use": "sig"}]}


def trust_test_key(database: Database) -> None:
    """Let the service under test accept tokens of `Caller`."""
    with database.transaction() as session:
        store_keys(session, public_set(), epoch=1, sequence=SEQUENCE)


@dataclass(frozen=True)
class Caller:
    """A client of the service under test. `http.as_user(7)` is somebody; `http` alone is nobody."""

    app: Flask
    edge_key: str
    issuer: str
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    client_ip: str = "203.0.113.7"

    def as_user(
        self,
        user_id: int,
        *,
        roles: tuple[str, ...] = ("user",),
        practitioner_id: int | None = None,
        tier: str | None = None,
        auth_time: int | None = None,
        actor_id: int | None = None,
        session_id: str | None = None,
        is_pending: bool = False,
    ) -> "Caller":
        """Return the same client with a good token for the user."""
        token = mint_access_token(
            PRIVATE_KEY,
            KID,
            issuer=self.issuer,
            user_id=user_id,
            uuid=str(uuid7()),
            session_id=session_id or str(uuid7()),
            token_id=str(uuid7()),
            roles=roles,
            practitioner_id=practitioner_id,
            tier=tier,
            auth_time=auth_time or int(time.time()),
            actor_id=actor_id,
            is_pending=is_pending,
        )
        return replace(self, token=token)

    def as_practitioner(self, user_id: int, practitioner_id: int) -> "Caller":
        """Return the same client signed in as a practitioner."""
        return self.as_user(user_id, roles=("user", "practitioner"), practitioner_id=practitioner_id)

    def as_staff(self, user_id: int = 1) -> "Caller":
        """Return the same client signed in as staff."""
        return self.as_user(user_id, roles=("user", "staff"))

    def having(self, **headers: str) -> "Caller":
        """Return the same client with more headers; `Idempotency_Key` is sent as `Idempotency-Key`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def get(self, path: str, **options: Any) -> "Answer":
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> "Answer":
        """POST a JSON body, or none."""
        return self.call("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> "Answer":
        """PUT a JSON body."""
        return self.call("PUT", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> "Answer":
        """PATCH with a JSON body."""
        return self.call("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> "Answer":
        """DELETE."""
        return self.call("DELETE", path, **options)

    def call(self, method: str, path: str, **options: Any) -> "Answer":
        """Send one request; `options` are werkzeug's (`json`, `data`, `query_string`, `headers`)."""
        routed = unquote(path.partition("?")[0])
        signature = sign_edge(
            self.edge_key.encode(),
            method=method,
            path=routed,
            ip=self.client_ip,
            request_id=str(uuid7()),
            now=int(time.time()),
        )
        headers = {EDGE_HEADER: signature, **self.headers, **options.pop("headers", {})}
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if options.get("json") is None:
            options.pop("json", None)
        return Answer(self.app.test_client(use_cookies=False).open(path, method=method, headers=headers, **options))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    raw: TestResponse

    @property
    def status(self) -> int:
        """The status code."""
        return self.raw.status_code

    @property
    def json(self) -> Any:
        """The body, read as JSON; None when there is none."""
        return self.raw.get_json(silent=True)

    @property
    def code(self) -> str | None:
        """The machine word of a refusal."""
        return self.json.get("code") if isinstance(self.json, dict) else None

    @property
    def errors(self) -> dict[str, list[str]]:
        """What a refusal says of each field."""
        told: dict[str, list[str]] = self.json.get("errors", {}) if isinstance(self.json, dict) else {}
        return told

    @property
    def headers(self) -> Any:
        """The headers."""
        return self.raw.headers

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.raw.get_data(as_text=True)[:2000]}>"
