"""Public keys by name, as auth publishes them: a JWKS of EC P-256 keys (RFC 7517)."""

from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm


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


def public_jwk(public_key: EllipticCurvePublicKey, kid: str) -> dict[str, Any]:
    """Return the key as an entry of a JWKS."""
    return {**ECAlgorithm.to_jwk(public_key, as_dict=True), "kid": kid, "alg": "ES256", "use": "sig"}
