"""The gateway's signature on every request it passes on.

`Estuary-Edge: t=<unix seconds>,ip=<client address>,id=<request id>,v1=<hex>` where v1 is
HMAC-SHA256(EDGE_KEY, "t\\nmethod\\npath\\nip\\nid"). A service answers nobody who cannot form it, so its port
gives nothing away, and it takes the client's address and the request id from here instead of from headers
that anybody can invent.

`path` is what the service routes on: percent-decoded, without the query.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from functools import lru_cache

EDGE_HEADER = "Estuary-Edge"
MAX_AGE_SECONDS = 60
MAX_HEADER_LENGTH = 300


class EdgeSignatureInvalid(Exception):
    """The header is absent, malformed, too old, or was not made with our key."""


@dataclass(frozen=True, slots=True)
class EdgeRequest:
    """What the gateway says about a request: who called, and under which request id."""

    client_ip: str
    request_id: str
    signed_at: int


def sign_edge(key: bytes, *, method: str, path: str, ip: str, request_id: str, now: int) -> str:
    """Return the header's value; `ip` and `request_id` must hold neither comma nor line break."""
    signature = _signature(key, str(now), method, path, ip, request_id)
    return f"t={now},ip={ip},id={request_id},v1={signature}"


def verify_edge(key: bytes, header: str | None, *, method: str, path: str, now: float | None = None) -> EdgeRequest:
    """Return what the gateway says about this request.

    Constant time in the signature. A clock that differs by up to 60 s either way is tolerated.
    Raises EdgeSignatureInvalid.
    """
    if not header or len(header) > MAX_HEADER_LENGTH:
        raise EdgeSignatureInvalid("absent or too long")
    fields = header.split(",")
    if len(fields) != 4 or [field.partition("=")[0] for field in fields] != ["t", "ip", "id", "v1"]:
        raise EdgeSignatureInvalid("malformed")
    stamp, ip, request_id, given = (field.partition("=")[2] for field in fields)
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise EdgeSignatureInvalid("malformed time")
    expected = _signature(key, stamp, method, path, ip, request_id)
    if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
        raise EdgeSignatureInvalid("wrong signature")
    signed_at = int(stamp)
    if abs((time.time() if now is None else now) - signed_at) > MAX_AGE_SECONDS:
        raise EdgeSignatureInvalid("too old")
    return EdgeRequest(client_ip=ip, request_id=request_id, signed_at=signed_at)


def _signature(key: bytes, stamp: str, method: str, path: str, ip: str, request_id: str) -> str:
    said = f"{stamp}\n{method}\n{path}\n{ip}\n{request_id}".encode(errors="surrogateescape")
    inner, outer = _padded(key)
    return hashlib.sha256(outer + hashlib.sha256(inner + said).digest()).hexdigest()


@lru_cache(maxsize=8)
def _padded(key: bytes) -> tuple[bytes, bytes]:
    """Return what HMAC hashes before the message, and before the first hash: made once a key. Source: RFC 2104."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
