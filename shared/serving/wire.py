"""Requests and answers on the wire, for what nearly all of them are.

What is beyond doubt is read here in a few steps: a whole head in one piece, HTTP/1.1, each field once, a body of a
known small length. Everything else goes, byte for byte, to gunicorn's own parser, which decides and refuses; so
nothing is accepted here that gunicorn would not accept.
"""

import re
import time
from email.utils import formatdate
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from gunicorn.http.message import TOKEN_RE
from gunicorn.http.wsgi import Response

# Beyond these the gateway has refused already, and gunicorn does.
HEADER_FIELDS_MAX, HEADER_BYTES_MAX, LINE_BYTES_MAX = 64, 16_384, 8_190
BODY_BYTES_MAX = 65_536

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_TARGET = re.compile(r"[^\x21-\x7e]")
_NAMES_KEPT = 512
# What changes how a message is framed, or who the client is said to be.
_GUNICORNS = frozenset({"TRANSFER-ENCODING", "EXPECT", "UPGRADE", "HTTP2-SETTINGS", "TRAILER", "TE"})
_DROPPED = ""

_keys: dict[str, str] = {"Content-Length": "CONTENT_LENGTH", "Content-Type": "CONTENT_TYPE"}

Environ = dict[str, Any]


class Asked:
    """What gunicorn's `Response` wants to know of a request that was read here."""

    __slots__ = ("method",)
    version = (1, 1)

    def __init__(self, method: str) -> None:
        self.method = method

    def should_close(self) -> bool:
        """Whether the client wants the connection closed: those that do are read by gunicorn."""
        return False


class Head(NamedTuple):
    """A request whose head has come: what WSGI wants of it, where its body begins, and where it ends."""

    environ: Environ
    body_at: int
    length: int


def read_head(data: bytes) -> Head | None:
    """Return the head that `data` begins with; None where gunicorn must decide."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or end > HEADER_BYTES_MAX:
        return None
    head = data[:end].decode("latin-1")
    line, *fields = head.split("\r\n")
    count = len(fields)
    if count > HEADER_FIELDS_MAX or head.count("\n") != count or head.count("\r") != count or _CONTROL.search(head):
        return None
    environ = _read_line(line)
    if environ is None:
        return None
    for field in fields:
        name, colon, value = field.partition(":")
        key = _keys.get(name) or _key_of(name)
        if not colon or key is None or key in environ:
            return None
        environ[key] = value.strip(" \t")
    environ.pop(_DROPPED, None)
    length = environ.get("CONTENT_LENGTH", "0")
    if not (length.isascii() and length.isdigit() and len(length) <= 6 and int(length) <= BODY_BYTES_MAX):
        return None
    if environ.get("HTTP_CONNECTION", "keep-alive").lower() != "keep-alive":
        return None
    return Head(environ, end + 4, end + 4 + int(length))


def _read_line(line: str) -> Environ | None:
    if len(line) > LINE_BYTES_MAX:
        return None
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if version != "HTTP/1.1" or method not in _METHODS or target[:1] != "/" or target[:2] == "//":
        return None
    if "#" in target or _NOT_IN_TARGET.search(target):
        return None
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": method,
        "RAW_URI": target,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
        "QUERY_STRING": query,
    }


def _key_of(name: str) -> str | None:
    """Return the name that WSGI has for a field: None where gunicorn must decide, `_DROPPED` if nobody may see it."""
    upper = name.upper()
    if not TOKEN_RE.fullmatch(name) or upper in _GUNICORNS:
        return None
    if "_" in name:
        # It could pass for the same name with a hyphen.
        return _DROPPED
    key = upper.replace("-", "_")
    if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        key = f"HTTP_{key}"
    if len(_keys) < _NAMES_KEPT:
        _keys[name] = key
    return key


class Answer(Response):  # type: ignore[misc] # gunicorn ships no types.
    """gunicorn's response, which sends head and body together where they are known together."""

    headers_sent: bool

    def write(self, arg: bytes) -> None:
        """Send a part of the body, the first one with the head before it."""
        if self.headers_sent or self._omits_body or self.response_length is None or len(arg) > self.response_length:
            super().write(arg)
            return
        head = "".join((*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"))
        self.headers_sent = True
        self.sent += len(arg)
        written = head.encode("latin-1")
        sent = self.sock.sendmsg((written, arg))
        if sent < len(written) + len(arg):
            rest = memoryview(arg)[sent - len(written) :] if sent >= len(written) else written[sent:] + arg
            self.sock.sendall(rest)

    def default_headers(self) -> list[str]:
        """Return the lines that every answer begins with."""
        if self.upgrade or self.chunked:
            lines: list[str] = super().default_headers()
            return lines
        connection = "close" if self.should_close() else "keep-alive"
        return [f"HTTP/1.1 {self.status}\r\nServer: {self.version}\r\nDate: {_date()}\r\nConnection: {connection}\r\n"]


class _Clock:
    """The date as answers tell it, formed once a second."""

    second = 0
    text = ""


def _date() -> str:
    now = int(time.time())
    if now != _Clock.second:
        # In this order: a thread in between may form it again, but never takes the old one for the new.
        _Clock.text, _Clock.second = formatdate(now, localtime=False, usegmt=True), now
    return _Clock.text


def common_environ(base: Environ, client: Any, server: Any) -> Environ:
    """Return what all requests on a connection have in common."""
    return {
        **base,
        "wsgi.multithread": True,
        "wsgi.url_scheme": "http",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
    }
