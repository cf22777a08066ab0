"""What a client's headers say, and which of them may go further.

Only the gateway says who calls, from where and under which request id: every header that could claim so is
dropped, in either spelling (`X_User_Id` reads the same to a WSGI server), before anything looks at it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from uuid_utils import uuid7

from gateway.errors import Refusal
from shared.tracing import keeps

MAX_HEADER_BYTES = 32 * 1024

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_ENTITY_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_PREFER_WAIT = re.compile(rb"\bwait=(\d{1,3})\b")
_DROPPED_PREFIXES = (b"x-user-", b"x-estuary-", b"estuary-", b"x-forwarded-", b"x-original-")
_DROPPED = frozenset(
    {
        b"host", b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"expect", b"content-length", b"accept-encoding", b"forwarded", b"x-real-ip",
        b"x-http-method-override", b"x-method-override", b"x-user", b"x-request-id", b"traceparent", b"authorization",
        b"if-match", b"if-none-match", b"x-original-url", b"x-rewrite-url", b"true-client-ip", b"cf-connecting-ip",
    }
)  # fmt: skip
_PASSED = frozenset(
    {
        b"accept", b"accept-language", b"content-type", b"user-agent", b"idempotency-key", b"prefer", b"origin",
        b"referer", b"cookie", b"range", b"if-range", b"if-modified-since", b"cache-control", b"pragma", b"tracestate",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a client's header lines say; the same lines always say the same.

    `passed` are the lines for the service. `authorization` holds every value given, untouched. `request_id` and
    `parent` (a trace's id and flags) are the client's own, if it has any.
    """

    passed: bytes
    authorization: list[bytes]
    said: dict[bytes, bytes]
    request_id: str
    parent: tuple[str, str] | None

    def get(self, name: bytes) -> bytes:
        """Return the value of a header that the gateway itself looks at, or nothing."""
        return self.said.get(name, b"")

    @property
    def wait_seconds(self) -> float:
        """How long the client would wait for an outcome (`Prefer: wait=N`)."""
        found = _PREFER_WAIT.search(self.said.get(b"prefer", b""))
        return float(found[1]) if found else 0.0

    def identify(self) -> tuple[str, str]:
        """Return the request id and the traceparent of a request that these lines came with."""
        # One number from chance for both: that of a request is that of its trace, unless the client has its own.
        fresh = str(uuid7())
        trace_id = fresh.replace("-", "")
        if self.parent is not None:
            # As `shared.tracing.child_of`, but with cheaper chance: every request pays for this.
            return self.request_id or fresh, f"00-{self.parent[0]}-{trace_id[16:]}-{self.parent[1]}"
        return self.request_id or fresh, f"00-{trace_id}-{trace_id[16:]}-{'01' if keeps(trace_id) else '00'}"


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> Incoming:
    """Sort the headers of a request.

    Raises Refusal: headers_too_large; bad_request when `Host` is missing or `Connection` names a header that is
    not the client's to drop.
    """
    said: dict[bytes, bytes] = {}
    passed: list[bytes] = []
    authorization: list[bytes] = []
    size = 0
    for name, value in raw:
        size += len(name) + len(value) + 4
        key = name.lower()
        if key in _PASSED:
            passed += (name, b": ", value, b"\r\n")
            said[key] = value
        elif key == b"authorization":
            authorization.append(value)
        elif key in _DROPPED:
            said[key] = value if key not in said else said[key] + b", " + value
        elif b"_" not in key and not key.startswith(_DROPPED_PREFIXES):
            passed += (name, b": ", value, b"\r\n")
            said[key] = value
        elif key == b"x-forwarded-for":
            said[key] = value if key not in said else said[key] + b", " + value
    if size > MAX_HEADER_BYTES:
        raise Refusal("headers_too_large", close=True)
    if not said.get(b"host"):
        raise Refusal("bad_request", "Host is missing.", close=True)
    named = said.get(b"connection")
    if named is not None and named.lower() not in {b"keep-alive", b"close", b"upgrade"}:
        passed = _without_named(named, passed)
    if b"if-none-match" in said or b"if-match" in said:
        _entity_tags(said, passed)
    return Incoming(
        b"".join(passed),
        authorization,
        said,
        _request_id(said.get(b"x-request-id", b"")),
        _parent(said.get(b"traceparent", b"")),
    )


def _without_named(connection: bytes, passed: list[bytes]) -> list[bytes]:
    """Drop what `Connection` names, hop by hop; credentials and framing are not the client's to take away."""
    named = {part.strip() for part in connection.lower().split(b",")}
    if named & {b"authorization", b"host", b"content-length", b"transfer-encoding", b"cookie"}:
        raise Refusal("bad_request", "Connection names a header that must not be dropped.", close=True)
    lines = [passed[start : start + 4] for start in range(0, len(passed), 4)]
    return [part for line in lines if line[0].lower() not in named for part in line]


def _entity_tags(said: dict[bytes, bytes], passed: list[bytes]) -> None:
    """Undo what we did to `ETag`: answers carry it weak, services know it strong."""
    wanted = said.get(b"if-none-match")
    if wanted is not None:
        tags = _ENTITY_TAG.findall(wanted)
        both = b", ".join(b"W/%b, %b" % (tag, tag) for tag in tags) if tags else wanted
        passed += (b"If-None-Match: ", both, b"\r\n")
    wanted = said.get(b"if-match")
    if wanted is not None:
        tags = _ENTITY_TAG.findall(wanted)
        passed += (b"If-Match: ", b", ".join(tags) if tags else wanted, b"\r\n")


def _request_id(given: bytes) -> str:
    """Return the client's own request id, or nothing if it is not one."""
    text = given.decode("latin-1")
    return text if _REQUEST_ID.fullmatch(text) else ""


def _parent(given: bytes) -> tuple[str, str] | None:
    """Return the id and the flags of the client's trace, if it has one. Source: W3C Trace Context."""
    found = _TRACEPARENT.fullmatch(given.decode("latin-1"))
    return (found[1], found[2]) if found and found[1] != "0" * 32 else None
