"""Keeping secrets in the database that a copy of the database does not give away: AES-256-GCM."""

import base64
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealBroken(Exception):
    """None of the keys opens this, or it was sealed for another place."""


def seal(keys: Sequence[str], plain: bytes, *, place: str) -> bytes:
    """Return `plain` sealed with the first key; `place` names what it is, so that it can not be moved elsewhere."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(keys[0]).encrypt(nonce, plain, place.encode())


def unseal(keys: Sequence[str], sealed: bytes, *, place: str) -> bytes:
    """Return what was sealed with one of `keys`. Raises SealBroken."""
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    for key in keys:
        try:
            return _cipher(key).decrypt(nonce, body, place.encode())
        except InvalidTag:
            continue
    raise SealBroken(place)


def _cipher(key: str) -> AESGCM:
    return AESGCM(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
