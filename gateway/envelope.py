"""The envelope, by joining bytes: a service's answer is never parsed on the way out."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

import orjson

from gateway.errors import CODE_BY_STATUS, REFUSALS, error_envelope, phrase

Flat = Literal["", "body", "success"]

_OPENINGS = {
    200: b'{"status":"success","message":"Success","data":',
    201: b'{"status":"success","message":"Created","data":',
}
_NEUTRAL_CODES = frozenset(REFUSALS) - {"internal_error"}


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The bytes before and after a body that streams."""

    opening: bytes
    closing: bytes = b"}"

    @property
    def size(self) -> int:
        """How many bytes the envelope adds."""
        return len(self.opening) + len(self.closing)


def opening(status: int, message: bytes | None) -> bytes:
    """Return the envelope up to `data`; `message` is the service's percent-encoded sentence."""
    if message is None:
        return _OPENINGS[201 if status == 201 else 200]
    sentence = unquote(message.decode("latin-1"), errors="replace")
    return b'{"status":"success","message":' + orjson.dumps(sentence) + b',"data":'


def wrap(body: bytes, status: int, message: bytes | None = None, flat: Flat = "") -> bytes:
    """Return the envelope around a whole JSON body; an empty one becomes null.

    `flat` repeats the answer at the top, where old web clients read it: `body` every field of an object,
    `success` only a flag.
    """
    start = _OPENINGS.get(status, _OPENINGS[200]) if message is None else opening(status, message)
    if not body:
        return start + b"null}"
    if flat == "body":
        inner = body.strip()
        if inner[:1] == b"{" and inner[1:-1].strip():
            return b"".join((start, inner, b",", inner[1:]))
    if flat == "success":
        return start + body + b',"success":true}'
    return b"".join((start, body, b"}"))


def wrap_error(body: bytes, status: int, request_id: str) -> bytes:
    """Return the error envelope for what a service answered; anything that is not our error form is replaced."""
    told = _told(body)
    code = told.get("code")
    errors = told.get("errors")
    message = told.get("message")
    if not isinstance(code, str) or not code:
        code = CODE_BY_STATUS.get(status, "internal_error" if status >= 500 else "bad_request")
    if not isinstance(message, str) or not message or (status >= 500 and code not in _NEUTRAL_CODES):
        message = REFUSALS[code][1] if code in REFUSALS else phrase(status)
    return error_envelope(
        message=message, code=code, errors=errors if isinstance(errors, dict) else None, request_id=request_id
    )


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
