"""Addresses that carry their own permission: whoever holds one may read that file until it runs out.

    /media/7/content/photo.webp?expires=1790000000&signature=…

The signature covers method, path and expiry. Source: the form follows RFC 9421's idea of covered components, kept to
what a link in a mail or an `<img>` can hold.
"""

import hmac
from datetime import datetime
from urllib.parse import urlencode

from shared.errors import Forbidden


class AddressExpired(Forbidden):
    """The signed address has run out."""

    code = "address_expired"
    message = "This link has run out. Ask for a new one."


class AddressInvalid(Forbidden):
    """The signature does not fit the address."""

    code = "address_invalid"
    message = "This link is not valid."


def sign_address(key: bytes, path: str, *, method: str = "GET", expires_at: datetime) -> str:
    """Return `path` with the query that permits `method` on it until `expires_at`."""
    expires = int(expires_at.timestamp())
    return f"{path}?{urlencode({'expires': expires, 'signature': _signature(key, method, path, expires)})}"


def check_address(
    keys: tuple[bytes, ...], path: str, *, method: str, expires: str, signature: str, now: datetime
) -> None:
    """Let a signed request pass; several keys are accepted while one is being replaced.

    HEAD is covered by a permission to GET. Raises AddressInvalid, AddressExpired.
    """
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        raise AddressInvalid
    covered = "GET" if method == "HEAD" else method
    expected = [_signature(key, covered, path, int(expires)) for key in keys]
    if not any(hmac.compare_digest(one.encode(), signature.encode(errors="replace")) for one in expected):
        raise AddressInvalid
    if now.timestamp() >= int(expires):
        raise AddressExpired


def _signature(key: bytes, method: str, path: str, expires: int) -> str:
    return hmac.digest(key, f"{method}\n{path}\n{expires}".encode(), "sha256").hex()
