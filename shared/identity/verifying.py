"""Verifying access tokens: by the gateway, and again by every service.

One algorithm per key, keys chosen by `kid` from the set we hold and from nowhere else (RFC 8725). Tokens of the
replaced system (HS256, no `kid`) are read while a legacy secret is given. A verified token is remembered until it
expires, so that the signature is computed once per token and process.
"""

import binascii
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from shared.identity.claims import Claims, TokenExpired, TokenInvalid, UnknownKey, claims_of, instant, legacy_claims_of
from shared.identity.keyset import KeySet

MAX_TOKEN_BYTES = 4096
_FORBIDDEN_HEADERS = frozenset({"jku", "x5u", "jwk", "x5c", "crit", "b64"})
_HEADERS_MAX = 64
_REQUIRED_CLAIMS = ("exp", "iat", "iss", "aud", "sub", "jti", "sid")
_ES256 = ECDSA(SHA256())
_SIGNATURE_BYTES = 64
_URL_ALPHABET = bytes.maketrans(b"-_+/=", b"+/---")


class TokenVerifier:
    """Turns an access token into Claims.

    Safe to use from many threads. `clock` returns unix seconds.
    """

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str = "estuary",
        legacy_secret: str | None = None,
        leeway_seconds: int = 5,
        cache_size: int = 50_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._legacy_secret = legacy_secret
        self._leeway = leeway_seconds
        self._clock = clock
        self._cache = _GenerationCache(cache_size)
        self._withdrawals = keys.withdrawals
        self._headers: dict[str, str] = {}

    def verify(self, token: str) -> Claims:
        """Return the token's claims.

        Raises TokenExpired, TokenInvalid, UnknownKey.
        """
        if self._withdrawals != self._keys.withdrawals:
            # A withdrawn key takes the tokens it signed with it, also those we have verified already.
            self._withdrawals = self._keys.withdrawals
            self._cache.clear()
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenInvalid("too long")
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        claims = self._cache.get(digest)
        if claims is None:
            claims = self._read(token)
            self._cache.put(digest, claims)
        if claims.expires_at <= self._clock() - self._leeway:
            raise TokenExpired
        return claims

    def _read(self, token: str) -> Claims:
        kid = self._key_name(token)
        if not kid:
            return self._read_legacy(token, self._legacy_secret or "")
        key = self._keys.get(kid)
        if key is None:
            raise UnknownKey(kid)
        said = _signed_by(key, token)
        if any(said.get(name) is None for name in _REQUIRED_CLAIMS):
            raise TokenInvalid("a claim is missing")
        audiences = said["aud"] if isinstance(said["aud"], list) else [said["aud"]]
        if said["iss"] != self._issuer or self._audience not in audiences:
            raise TokenInvalid("for somebody else")
        if not isinstance(said["sub"], str) or not isinstance(said["jti"], str):
            raise TokenInvalid("not an access token")
        return self._in_time(claims_of(said), said)

    def _key_name(self, token: str) -> str:
        """Return the kid of an access token, nothing for one of the replaced system.

        All tokens of a key begin with the same header, which is read once.
        """
        segment = token.partition(".")[0]
        known = self._headers.get(segment)
        if known is not None:
            return known
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise TokenInvalid("not a token") from error
        if _FORBIDDEN_HEADERS & header.keys():
            raise TokenInvalid("the header brings its own key")
        if "kid" not in header and header.get("alg") == "HS256" and self._legacy_secret:
            return ""
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid or header.get("alg") != "ES256" or header.get("typ") != "at+jwt":
            raise TokenInvalid("not an access token")
        if kid in self._keys:
            if len(self._headers) >= _HEADERS_MAX:
                self._headers.clear()
            self._headers[segment] = kid
        return kid

    def _read_legacy(self, token: str, secret: str) -> Claims:
        try:
            said = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                options={
                    "require": ["exp"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                    "verify_sub": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise TokenInvalid(str(error)) from error
        return self._in_time(legacy_claims_of(said), said)

    def _in_time(self, claims: Claims, said: Mapping[str, Any]) -> Claims:
        """Return the claims; a token from the future is refused, an expired one is told apart by the caller."""
        if max(claims.issued_at, instant(said.get("nbf"))) > self._clock() + self._leeway:
            raise TokenInvalid("not valid yet")
        return claims


def _signed_by(key: EllipticCurvePublicKey, token: str) -> dict[str, Any]:
    """Return the payload of a token that this key signed with ES256; its header has been judged before.

    PyJWT would read the header again and look the algorithm up for each token, which costs as much as the rest.
    Source: RFC 7515, sections 3.1 and 5.2; RFC 7518, section 3.4. Raises TokenInvalid.
    """
    try:
        signed, _, signature = token.encode("ascii").rpartition(b".")
        _, payload = signed.split(b".")
        numbers = _decoded(signature)
        if len(numbers) != _SIGNATURE_BYTES:
            raise TokenInvalid("not a signature")
        half = _SIGNATURE_BYTES // 2
        der = encode_dss_signature(int.from_bytes(numbers[:half], "big"), int.from_bytes(numbers[half:], "big"))
        key.verify(der, signed, _ES256)
        said = orjson.loads(_decoded(payload))
    except (ValueError, InvalidSignature) as error:
        raise TokenInvalid("not signed by us") from error
    if not isinstance(said, dict):
        raise TokenInvalid("not an object")
    return said


def _decoded(segment: bytes) -> bytes:
    """Return what base64url without padding stands for; any other character is refused. Raises ValueError."""
    return binascii.a2b_base64(segment.translate(_URL_ALPHABET) + b"=" * (-len(segment) % 4), strict_mode=True)


class _GenerationCache:
    """Two dictionaries that take turns: an old entry that is asked for moves to the young one.

    Close to least-recently-used, without a lock: every step is one dictionary operation.
    """

    def __init__(self, size: int) -> None:
        self._half = max(1, size // 2)
        self._young: dict[bytes, Claims] = {}
        self._old: dict[bytes, Claims] = {}

    def get(self, digest: bytes) -> Claims | None:
        claims = self._young.get(digest)
        if claims is None:
            claims = self._old.get(digest)
            if claims is not None:
                self.put(digest, claims)
        return claims

    def put(self, digest: bytes, claims: Claims) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[digest] = claims

    def clear(self) -> None:
        self._young, self._old = {}, {}
