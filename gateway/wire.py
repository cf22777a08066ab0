"""Requests and answers on the wire, for what nearly all of them are.

What is beyond doubt is read here in a few steps: a message that came whole and in one piece, HTTP/1.1, visible ASCII,
a body of a known length. Everything else goes, byte for byte, to a general parser (aiohttp's for clients, httptools'
for services), which decides and refuses; so nothing is accepted here that it would not accept, and nothing is read
differently (ADR 0014).
"""

import re
from typing import TypeVar

from gateway.errors import Refusal
from gateway.incoming import Incoming, read_headers
from gateway.service_headers import FIELDS
from gateway.upstream_answers import BODYLESS, WHOLE_BYTES, Answer

# Within what the parsers take.
LINE_BYTES_MAX = BLOCK_BYTES_MAX = 8_000
REQUEST_FIELDS_MAX, ANSWER_FIELDS_MAX = 50, 100
# More may come in several pieces.
BODY_BYTES_MAX = 256 * 1024

_Value = TypeVar("_Value")
_VISIBLE = bytes(range(0x20, 0x7F))
_LINE = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/(?!/)[\w.~!$&'()*+,;=:@%/?-]*) HTTP/1\.1")
_NAME = re.compile(rb"[\w!#$%&'*+.^`|~-]+")
# What changes how a message is framed, or what is spoken after it.
_DOUBTFUL = frozenset(
    {b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer", b"proxy-connection", b"sec-websocket-key1"}
)
_STATUSES = {b"HTTP/1.1 %d " % status: status for status in range(200, 600)}
# What is kept takes fifteen megabytes at most, whatever clients send.
_LINES_KEPT, _BLOCKS_KEPT, _BYTES_KEPT = 2048, 1024, 2048


class Requests:
    """Reads requests.

    A client says nearly the same every time, so what a request line and a block of header lines say is kept for when
    the same bytes come again.
    """

    def __init__(self) -> None:
        self._lines: dict[bytes, tuple[str, str]] = {}
        self._blocks: dict[bytes, tuple[Incoming, int]] = {}

    def read(self, data: bytes) -> tuple[str, str, Incoming, bytes] | None:
        """Return method, target, headers and body of the request that `data` is; None where the parser must decide."""
        line_end = data.find(b"\r\n")
        body_at = data.find(b"\r\n\r\n") + 4
        if not 0 < line_end < body_at:
            return None
        line, block = data[:line_end], data[line_end + 2 : body_at - 2]
        asked = self._lines.get(line) or self._read_line(line)
        said = self._blocks.get(block) or self._read_block(block)
        if asked is None or said is None or len(data) != body_at + said[1]:
            return None
        return *asked, said[0], data[body_at:]

    def _read_line(self, line: bytes) -> tuple[str, str] | None:
        found = _LINE.fullmatch(line) if len(line) <= LINE_BYTES_MAX else None
        if found is None:
            return None
        asked = (found[1].decode(), found[2].decode())
        _keep(self._lines, line, asked, _LINES_KEPT)
        return asked

    def _read_block(self, block: bytes) -> tuple[Incoming, int] | None:
        lines = _lines(block) if len(block) <= BLOCK_BYTES_MAX else None
        if lines is None or len(lines) > REQUEST_FIELDS_MAX:
            return None
        fields = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
        length = _body_length(fields)
        if length is None or not all(_NAME.fullmatch(name) for name, _ in fields):
            return None
        try:
            incoming = read_headers(fields)
        except Refusal:
            return None
        _keep(self._blocks, block, (incoming, length), _BLOCKS_KEPT)
        return incoming, length


def _keep(known: dict[bytes, _Value], said: bytes, value: _Value, most: int) -> None:
    """Keep what some bytes say, unless they are many."""
    if len(said) <= _BYTES_KEPT:
        if len(known) >= most:
            known.clear()
        known[said] = value


def read_answer(data: bytes) -> Answer | None:
    """Return the answer that `data` is, to anything but HEAD; None where the parser must decide."""
    body_at = data.find(b"\r\n\r\n") + 4
    status = _STATUSES.get(data[:13])
    lines = _lines(data[: body_at - 2]) if status is not None and body_at > 4 else None
    if status is None or lines is None or len(lines) > ANSWER_FIELDS_MAX:
        return None
    said: dict[bytes, bytes] = {}
    passed: list[bytes] = []
    try:
        for line in lines[1:]:
            name, _, value = line.partition(b": ")
            key, passes = FIELDS[name]
            if not value:
                return None
            if key:
                if key in said:
                    return None
                said[key] = value
            if passes:
                passed += (line, b"\r\n")
    except KeyError:
        return None
    body = data[body_at:]
    length = said.get(b"content-length")
    if length is None:
        framed = status in BODYLESS and not body
    else:
        framed = status not in BODYLESS and _is_length(length) and int(length) == len(body) <= WHOLE_BYTES
    if not framed or b"transfer-encoding" in said or said.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    return Answer(status, said, passed, body, length=None if length is None else len(body))


def _lines(head: bytes) -> list[bytes] | None:
    """Return the lines of a head; None unless all of it can be seen and has its spaces where they always are."""
    lines = head.split(b"\r\n")
    if lines.pop() or head.translate(None, _VISIBLE) != b"\r\n" * len(lines):
        # There is more than line ends between what can be seen.
        return None
    return None if b" \r\n" in head or b":  " in head else lines


def _body_length(fields: list[tuple[bytes, bytes]]) -> int | None:
    """Return how long the body is that follows these fields; None where that is in doubt."""
    said = {name.lower(): value for name, value in fields}
    length = said.get(b"content-length", b"0")
    certain = (
        len(said) == len(fields)
        and all(said.values())
        and said.keys().isdisjoint(_DOUBTFUL)
        and said.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and _is_length(length)
    )
    return int(length) if certain and int(length) <= BODY_BYTES_MAX else None


def _is_length(value: bytes) -> bool:
    return value.isdigit() and len(value) <= 9
