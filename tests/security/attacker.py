"""What an attacker has: raw bytes, forged tokens, ports inside, and, at worst, a copy of our signing key."""

import json
import random
import time
from dataclasses import dataclass
from typing import Any

import jwt
import psycopg2
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from deploy.local.stack import Stack
from gateway.tests.running import exchange_bytes
from services.auth.domain.sealing import unseal
from shared.identity.edge import EDGE_HEADER, sign_edge


def strange_address() -> str:
    """Return an address that has not been seen before, in a network of its own."""
    network = random.getrandbits(64).to_bytes(8, "big").hex(":", 2)
    return f"2001:{network.partition(':')[2]}::7"


def send_bytes(stack: Stack, data: bytes, *, timeout: float = 5.0) -> bytes:
    """Send raw bytes to the gateway and return all that comes back."""
    return exchange_bytes(stack.profile.port("gateway"), data, timeout=timeout)


def inside(stack: Stack, service: str, path: str, *, signed: bool, method: str = "GET", **headers: str) -> Any:
    """Call a service's own port; `signed` as the gateway would."""
    if signed:
        key = stack.environment(service)["EDGE_KEY"].encode()
        now = int(time.time())
        headers[EDGE_HEADER] = sign_edge(key, method=method, path=path, ip="127.0.0.1", request_id="attack-1", now=now)
    port = stack.profile.port(service)
    return requests.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, timeout=10)


def execute(stack: Stack, service: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run a statement in a service's database and return its rows."""
    connection = psycopg2.connect(stack.environment(service)["DATABASE_URL"].replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


@dataclass(frozen=True)
class Forger:
    """Makes tokens out of a real one; `key` is the very key that auth signs with."""

    real: str
    kid: str
    key: EllipticCurvePrivateKey

    @classmethod
    def with_the_key_of(cls, stack: Stack, token: str, *, kid: str = "") -> "Forger":
        """Break into auth's database and take the token's key along, or the one of that name."""
        kid = kid or jwt.get_unverified_header(token)["kid"]
        [(sealed,)] = execute(stack, "auth", "SELECT private_key FROM key_pairs WHERE kid = %s", kid)
        secret = stack.environment("auth")["AUTH_ENCRYPTION_KEY"].split(",")
        plain = unseal(secret, bytes(sealed), place=f"signing key {kid}")
        key = serialization.load_der_private_key(plain, password=None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return cls(token, kid, key)

    @property
    def claims(self) -> dict[str, Any]:
        """What the real token says."""
        said: dict[str, Any] = jwt.decode(self.real, options={"verify_signature": False})
        return said

    @property
    def public_pem(self) -> bytes:
        """The public key as many libraries hold it."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def signed(self, without: str = "", headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """Return a token with our own signature that says something else."""
        said = {name: value for name, value in {**self.claims, **changes}.items() if name != without}
        return jwt.encode(
            said, self.key, algorithm="ES256", headers={"typ": "at+jwt", "kid": self.kid, **(headers or {})}
        )

    def by(self, key: Any, algorithm: str, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """Return a token that somebody else has signed."""
        said = {**self.claims, **changes}
        return jwt.encode(said, key, algorithm=algorithm, headers={"typ": "at+jwt", "kid": self.kid, **(headers or {})})

    def unsigned(self, algorithm: str = "none", **changes: Any) -> str:
        """Return a token without a signature."""
        parts = [{"alg": algorithm, "typ": "at+jwt", "kid": self.kid}, {**self.claims, **changes}]
        return ".".join(jwt.utils.base64url_encode(json.dumps(part).encode()).decode() for part in parts) + "."

    def spliced(self, **changes: Any) -> str:
        """Return the real token's head and signature around other claims."""
        head, _, signature = self.real.split(".")
        said = json.dumps({**self.claims, **changes}).encode()
        return f"{head}.{jwt.utils.base64url_encode(said).decode()}.{signature}"
