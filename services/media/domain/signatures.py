"""Signed addresses of uploads and of contents.

    …/media/{id}/bytes/?exp=1790000000&kid=k1&sig=…

What is signed says exactly what is permitted: method, file, target (`bytes`, `part:3`, `content:master`), expiry,
and for uploads the exact length, type and generation, so that a renewed upload ends the address before it.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.media.domain.errors import SignatureExpired, SignatureInvalid
from services.media.domain.variants import MASTER
from shared.signing import AddressExpired, AddressInvalid, check_address

LEEWAY_SECONDS = 30


def sign(
    keys: dict[str, bytes],
    *,
    method: str,
    media_id: UUID,
    target: str,
    expires_at: datetime,
    length: int = 0,
    content_type: str = "",
    generation: int = 0,
) -> dict[str, str]:
    """Return the query that permits exactly this until `expires_at`; the first key signs."""
    kid, key = next(iter(keys.items()))
    exp = int(expires_at.timestamp())
    said = _said(method, media_id, target, exp, length, content_type, generation)
    return {"exp": str(exp), "kid": kid, "sig": _signature(key, said)}


def check(
    keys: dict[str, bytes],
    *,
    method: str,
    media_id: UUID,
    target: str,
    exp: str,
    kid: str,
    sig: str,
    now: datetime,
    length: int = 0,
    content_type: str = "",
    generation: int = 0,
) -> None:
    """Let a signed request pass; HEAD is covered by GET. Raises SignatureExpired, SignatureInvalid."""
    if not (exp.isascii() and exp.isdigit() and len(exp) <= 12) or kid not in keys:
        raise SignatureInvalid
    if now.timestamp() > int(exp) + LEEWAY_SECONDS:
        raise SignatureExpired
    covered = "GET" if method == "HEAD" else method
    expected = _signature(keys[kid], _said(covered, media_id, target, int(exp), length, content_type, generation))
    if not hmac.compare_digest(expected.encode(), sig.encode(errors="replace")):
        raise SignatureInvalid


def _said(method: str, media_id: UUID, target: str, exp: int, length: int, content_type: str, generation: int) -> bytes:
    return f"v1\n{method}\n{media_id}\n{target}\n{exp}\n{length}\n{content_type}\n{generation}".encode()


def _signature(key: bytes, said: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, said, "sha256")).decode().rstrip("=")


def check_content(
    keys: dict[str, bytes], *, method: str, media_id: UUID, version: str, query: Mapping[str, str], now: datetime
) -> bool:
    """Whether the query of a content address permits reading `version`; False where it carries no signature.

    Two forms are read: our own (`exp`, `kid`, `sig`), and that of `shared.signing` (`expires`, `signature`), by which
    other services let people read what they may see. Raises SignatureExpired, SignatureInvalid.
    """
    if "signature" in query:
        tail = "" if version == MASTER else f"{version}/"
        try:
            check_address(
                tuple(keys.values()),
                f"/media/{media_id}/content/{tail}",
                method=method,
                expires=query.get("expires", ""),
                signature=query["signature"],
                now=now,
            )
        except AddressExpired as expired:
            raise SignatureExpired from expired
        except AddressInvalid as invalid:
            raise SignatureInvalid from invalid
        return True
    if "sig" not in query:
        return False
    check(
        keys,
        method=method,
        media_id=media_id,
        target=f"content:{version}",
        exp=query.get("exp", ""),
        kid=query.get("kid", ""),
        sig=query["sig"],
        now=now,
    )
    return True
