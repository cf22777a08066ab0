"""Access tokens: minted by auth, verified by the gateway and again by every service.

ES256, `typ: at+jwt`, one algorithm per key, keys chosen by `kid` from the set we hold and from nowhere else
(RFC 8725). Tokens of the replaced system (HS256, no `kid`) are read while a legacy secret is given.
A verified token is remembered until it expires, so that the signature is computed once per token and process.

    TokenError
    ├── TokenExpired     `token_expired`
    └── TokenInvalid     `authentication_failed`
        └── UnknownKey   the same, after which the key set may be worth reading again
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm

ACCESS_TOKEN_SECONDS = 1800
MAX_TOKEN_BYTES = 4096
ROLES = frozenset({"user", "practitioner", "staff"})
_FORBIDDEN_HEADERS = frozenset({"jku", "x5u", "jwk", "x5c", "crit"})
_HEADERS_MAX = 64
_REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti", "sid"]


class TokenError(Exception):
    """The token is not accepted; `code` is the stable word for the answer."""

    code = "authentication_failed"


class TokenExpired(TokenError):
    """The token was good once."""

    code = "token_expired"


class TokenInvalid(TokenError):
    """The token was never good here."""


class UnknownKey(TokenInvalid):
    """The token names a key we do not hold; it may have been published a moment ago."""

    def __init__(self, kid: str) -> None:
        super().__init__("unknown key")
        self.kid = kid


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who calls, as the token says.

    Times are unix seconds. `practitioner_id` and `tier` are short cuts: a service asks its own replica when they
    are None. A legacy token knows neither `uuid`, `session_id` nor `token_id`, and its `issued_at` may be 0.
    """

    user_id: int
    uuid: str | None
    session_id: str | None
    token_id: str | None
    roles: frozenset[str]
    practitioner_id: int | None
    tier: str | None
    amr: tuple[str, ...]
    auth_time: int | None
    actor_id: int | None
    issued_at: int
    expires_at: int
    legacy: bool

    @property
    def is_staff(self) -> bool:
        """True when the token carries the role `staff`."""
        return "staff" in self.roles


class KeySet:
    """The public keys tokens may be signed with, by `kid`; replaced as a whole."""

    def __init__(self, jwks: Mapping[str, Any] | None = None) -> None:
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self.withdrawals = 0
        if jwks is not None:
            self.replace(jwks)

    def replace(self, jwks: Mapping[str, Any]) -> None:
        """Take these keys and no others.

        Keys that are not EC P-256 with a kid are left out. Raises ValueError when the document is not a JWKS.
        """
        entries = jwks.get("keys")
        if not isinstance(entries, list):
            raise ValueError("a JWKS has a list of keys")  # noqa: TRY004 (one error for every broken document)
        keys: dict[str, EllipticCurvePublicKey] = {}
        for entry in entries:
            if not isinstance(entry, Mapping) or entry.get("crv") != "P-256" or not isinstance(entry.get("kid"), str):
                continue
            public = {name: entry[name] for name in ("kty", "crv", "x", "y") if name in entry}
            try:
                key = ECAlgorithm.from_jwk(public)
            except (jwt.InvalidKeyError, ValueError) as error:
                raise ValueError(f"key {entry['kid']!r} cannot be read") from error
            if isinstance(key, EllipticCurvePublicKey):
                keys[entry["kid"]] = key
        if any(keys.get(kid) != key for kid, key in self._keys.items()):
            self.withdrawals += 1
        self._keys = keys

    def get(self, kid: str) -> EllipticCurvePublicKey | None:
        """Return the key of that name, or None."""
        return self._keys.get(kid)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, kid: object) -> bool:
        return kid in self._keys


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
        try:
            said = jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": _REQUIRED_CLAIMS,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise TokenInvalid(str(error)) from error
        if said.get("type") != "access" or not isinstance(said["sid"], str) or not said["sid"]:
            raise TokenInvalid("not an access token")
        expires_at, issued_at = self._times(said)
        return Claims(
            user_id=_user_id(said["sub"]),
            uuid=_text(said.get("uuid")),
            session_id=said["sid"],
            token_id=_text(said["jti"]),
            roles=_roles(tuple(_texts(said.get("roles")))),
            practitioner_id=_number(said.get("practitioner_id")),
            tier=_text(said.get("tier")),
            amr=_methods(tuple(_texts(said.get("amr")))),
            auth_time=_number(said.get("auth_time")),
            actor_id=_actor(said.get("act")),
            issued_at=issued_at,
            expires_at=expires_at,
            legacy=False,
        )

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
        if any(said.get(name, "access") != "access" for name in ("token_type", "type")):
            raise TokenInvalid("not an access token")
        expires_at, issued_at = self._times(said)
        return Claims(
            user_id=_user_id(said.get("user_id", said.get("sub"))),
            uuid=None,
            session_id=None,
            token_id=None,
            roles=frozenset({"user"}),
            practitioner_id=None,
            tier=None,
            amr=(),
            auth_time=None,
            actor_id=None,
            issued_at=issued_at,
            expires_at=expires_at,
            legacy=True,
        )

    def _times(self, said: Mapping[str, Any]) -> tuple[int, int]:
        """Return (exp, iat); a token from the future is refused, an expired one is told apart by the caller."""
        expires_at, issued_at, not_before = (_instant(said.get(name)) for name in ("exp", "iat", "nbf"))
        if max(issued_at, not_before) > self._clock() + self._leeway:
            raise TokenInvalid("not valid yet")
        return expires_at, issued_at


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


def mint_access_token(
    private_key: EllipticCurvePrivateKey,
    kid: str,
    *,
    issuer: str,
    user_id: int,
    uuid: str,
    session_id: str,
    token_id: str,
    roles: Iterable[str] = ("user",),
    practitioner_id: int | None = None,
    tier: str | None = None,
    amr: Iterable[str] = ("pwd",),
    auth_time: int | None = None,
    actor_id: int | None = None,
    audience: str = "estuary",
    issued_at: int | None = None,
    lifetime_seconds: int = ACCESS_TOKEN_SECONDS,
) -> str:
    """Return a signed access token; claims that are None are left out."""
    now = int(time.time()) if issued_at is None else issued_at
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": str(user_id),
        "uuid": uuid,
        "type": "access",
        "sid": session_id,
        "jti": token_id,
        "iat": now,
        "exp": now + lifetime_seconds,
        "roles": sorted(roles),
        "practitioner_id": practitioner_id,
        "tier": tier,
        "amr": list(amr),
        "auth_time": now if auth_time is None else auth_time,
        "act": None if actor_id is None else {"sub": str(actor_id)},
    }
    stated = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(stated, private_key, algorithm="ES256", headers={"typ": "at+jwt", "kid": kid})


def public_jwk(public_key: EllipticCurvePublicKey, kid: str) -> dict[str, Any]:
    """Return the key as an entry of a JWKS."""
    return {**ECAlgorithm.to_jwk(public_key, as_dict=True), "kid": kid, "alg": "ES256", "use": "sig"}


@lru_cache(maxsize=64)
def _roles(names: tuple[str, ...]) -> frozenset[str]:
    """Return the roles we know; the same object each time, as many thousand claims are held."""
    return frozenset(names) & ROLES


@lru_cache(maxsize=64)
def _methods(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


def _user_id(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
        return value
    raise TokenInvalid("no user")


def _actor(value: object) -> int | None:
    return _user_id(value.get("sub")) if isinstance(value, Mapping) else None


def _instant(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenInvalid("a time is not a number")
    return int(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
