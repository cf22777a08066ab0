"""What the sandbox knows: one client, a few people, the codes it gave out; keys and codes live as long as it runs.

Sources: OpenID Connect Core 1.0, section 3.1; RFC 7636.
"""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "estuary-sandbox"
CLIENT_SECRET = "estuary-sandbox-secret"  # noqa: S105 - the sandbox's own, printed in its documentation.
CODE_SECONDS = 60
TOKEN_SECONDS = 600
KID = "sandbox"


class Refused(Exception):
    """The request is not one that a provider grants; the text is OAuth's word for why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to sign in as."""

    subject: str
    email: str
    first_name: str
    last_name: str
    email_verified: bool = True


PEOPLE = (
    Person(subject="1001", email="gia.lang@sandbox.test", first_name="Gia", last_name="Lang"),
    Person(subject="1002", email="omar.faye@sandbox.test", first_name="Omar", last_name="Faye"),
    Person(subject="1003", email="unproven@sandbox.test", first_name="Una", last_name="Proven", email_verified=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    person: Person
    redirect_uri: str
    nonce: str
    challenge: str
    expires_at: float


@dataclass
class Provider:
    """One provider with one client."""

    issuer: str
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)
    _codes: dict[str, _Code] = field(default_factory=dict, repr=False)

    def document(self) -> dict[str, Any]:
        """Return the provider's description of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "email", "profile"],
        }

    def keys(self) -> dict[str, Any]:
        """Return the public keys as a JWKS."""
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KID, "use": "sig", "alg": "RS256"}]}

    def check_request(self, asked: dict[str, str]) -> None:
        """Let a sign-in request of our client pass. Raises Refused."""
        if asked.get("client_id") != self.client_id:
            raise Refused("unauthorized_client")
        if asked.get("response_type") != "code" or not asked.get("redirect_uri"):
            raise Refused("invalid_request")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise Refused("invalid_request")

    def give_code(self, asked: dict[str, str], subject: str) -> str:
        """Return a code for somebody who was chosen on the page. Raises Refused."""
        self.check_request(asked)
        person = next((one for one in PEOPLE if one.subject == subject), None)
        if person is None:
            raise Refused("access_denied")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(
            person=person,
            redirect_uri=asked["redirect_uri"],
            nonce=asked.get("nonce", ""),
            challenge=asked["code_challenge"],
            expires_at=time.time() + CODE_SECONDS,
        )
        return code

    def exchange(self, sent: dict[str, str], *, client_id: str, client_secret: str) -> dict[str, Any]:
        """Return the tokens of a code, which is used up. Raises Refused."""
        is_client = hmac.compare_digest(client_secret, self.client_secret) and client_id == self.client_id
        if not is_client:
            raise Refused("invalid_client")
        code = self._codes.pop(sent.get("code", ""), None)
        if code is None or code.expires_at < time.time() or code.redirect_uri != sent.get("redirect_uri"):
            raise Refused("invalid_grant")
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
            raise Refused("invalid_grant")
        return {
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": self._id_token(code.person, nonce=code.nonce),
        }

    def _id_token(self, person: Person, *, nonce: str) -> str:
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": person.subject,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": nonce,
            "email": person.email,
            "email_verified": person.email_verified,
            "given_name": person.first_name,
            "family_name": person.last_name,
        }
        return jwt.encode(said, self._key, algorithm="RS256", headers={"kid": KID})
