"""Refresh tokens that are stored nowhere and of which every generation stays recognisable.

`ert_` + base64url(key number ‖ session ‖ n ‖ HMAC-SHA256(key, salt ‖ session ‖ n)). A stolen database lacks the key,
a stolen key lacks the salts. Since a genuine old generation can be told from a made-up one for ever, reuse is noticed
for the session's whole life without a row per refresh.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

PREFIX = "ert_"
GRACE = timedelta(seconds=10)
ROTATIONS_KEPT = 5
_FORM = struct.Struct(">B16sI32s")
_LENGTH = 4 * -(-_FORM.size // 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a token claims; genuine only when `is_genuine` says so."""

    key_number: int
    session_id: UUID
    generation: int
    mac: bytes


class Verdict(Enum):
    """What a genuine token deserves."""

    ROTATE = auto()
    REPEAT = auto()
    REUSE = auto()
    UNKNOWN = auto()


def form(key: str, *, salt: bytes, session_id: UUID, generation: int) -> str:
    """Return the token of a generation."""
    packed = _FORM.pack(_number(key), session_id.bytes, generation, _mac(key, salt, session_id, generation))
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(token: str) -> Presented | None:
    """Return what a token claims; None when it has not the form of one."""
    text = token.removeprefix(PREFIX)
    if text == token or not _LENGTH - 2 <= len(text) <= _LENGTH:
        return None
    try:
        number, session_id, generation, mac = _FORM.unpack(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, struct.error):
        return None
    return Presented(key_number=number, session_id=UUID(bytes=session_id), generation=generation, mac=mac)


def is_genuine(presented: Presented, keys: Sequence[str], *, salt: bytes) -> bool:
    """Say whether one of `keys` formed the token; in constant time."""
    candidates = [key for key in keys if _number(key) == presented.key_number]
    macs = [_mac(key, salt, presented.session_id, presented.generation) for key in candidates]
    return any(hmac.compare_digest(mac, presented.mac) for mac in macs)


def judge(presented: int, *, generation: int, rotations: Sequence[Sequence[float]], now: datetime) -> Verdict:
    """Return what a genuine token of generation `presented` deserves.

    The newest generation rotates. An older one that was rotated within the last ten seconds (inclusive) gets the
    newest token again: answers get lost, and tabs refresh at the same moment. Anything older is reuse.
    `rotations` lists (generation, unix seconds of its rotation).
    """
    if presented > generation or presented < 1:
        return Verdict.UNKNOWN
    if presented == generation:
        return Verdict.ROTATE
    since = now.timestamp() - GRACE.total_seconds()
    if any(rotated == presented and at >= since for rotated, at in rotations):
        return Verdict.REPEAT
    return Verdict.REUSE


def rotated(rotations: Sequence[Sequence[float]], *, generation: int, now: datetime) -> list[list[float]]:
    """Return the rotations with one more, the last five."""
    return [*(list(one) for one in rotations), [generation, now.timestamp()]][-ROTATIONS_KEPT:]


def _number(key: str) -> int:
    """Name a key by a byte, so that the right one is found while two are in use."""
    return hashlib.sha256(b"refresh key " + key.encode()).digest()[0]


def _mac(key: str, salt: bytes, session_id: UUID, generation: int) -> bytes:
    return hmac.digest(key.encode(), salt + session_id.bytes + struct.pack(">I", generation), "sha256")
