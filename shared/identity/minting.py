"""Minting access tokens: what auth alone does, with a private half that never leaves it.

ES256, `typ: at+jwt`, the key named by `kid` (RFC 9068, RFC 8725). How they are read: `verifying.py`.
"""

import time
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ACCESS_TOKEN_SECONDS = 1800


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
    is_pending: bool = False,
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
        "status": "pending" if is_pending else None,
    }
    stated = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(stated, private_key, algorithm="ES256", headers={"typ": "at+jwt", "kid": kid})
