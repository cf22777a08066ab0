"""The one spelling of a path.

What is matched is what is signed and sent on: a target that could be read in two ways is refused, so that the
gateway and a service can never disagree about where a request goes.
"""

import re
from typing import Final, Literal, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from gateway.errors import Refusal

MAX_PATH = 2048
MAX_QUERY = 8192
Base = Literal["/api/v1/drf", "/api/v1", ""]
BASE: Final = "/api/v1/drf"
OLD_BASE: Final = "/api/v1"

_SAFE = "/:@!$&'()*+,=~-._"
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,=:@-]+"
_PLAIN = re.compile(rf"/(?:{_SEGMENT}/)*(?:{_SEGMENT})?")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\;%?#]")
_RAW = re.compile(r"[!-~]*")


class Path(NamedTuple):
    """Where a request goes: `path` is decoded and has lost the base; `encoded` is the same for the wire."""

    base: Base
    path: str
    encoded: str


def read_path(raw: str, host: str) -> Path:
    """Return the path of a request line, without its query.

    Raises Refusal: bad_path, bad_request, uri_too_long.
    """
    if not raw.startswith("/"):
        raw = _origin_form(raw, host)
    if len(raw) > MAX_PATH:
        raise Refusal("uri_too_long")
    plain = _PLAIN.fullmatch(raw) is not None
    base, path = _split_base(raw if plain else _decoded(raw))
    if path[-1] != "/" and not path.endswith(".ics") and not path.startswith("/docs/assets/"):
        path += "/"
    return Path(base, path, path if plain else quote(path, safe=_SAFE))


def check_query(query: str) -> None:
    """Refuse a query that is too long or holds what no address may; otherwise it is passed on byte for byte."""
    if len(query) > MAX_QUERY:
        raise Refusal("uri_too_long")
    if not _RAW.fullmatch(query):
        raise Refusal("bad_path")


def _decoded(raw: str) -> str:
    """Decode once; the result must be canonical and unable to be decoded again."""
    if not _RAW.fullmatch(raw):
        raise Refusal("bad_path")
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise Refusal("bad_path") from None
    segments = path.split("/")
    canonical = (
        not _FORBIDDEN.search(path)
        and path.count("/") == raw.count("/")
        and "" not in segments[1:-1]
        and not {".", ".."} & set(segments)
    )
    if not canonical:
        raise Refusal("bad_path")
    return path


def _split_base(path: str) -> tuple[Base, str]:
    """Return the base that was asked for and the path below it."""
    if path.startswith("/api/v1/drf/"):
        return BASE, path[11:]
    if path.startswith("/api/v1/"):
        return OLD_BASE, path[7:]
    return "", path


def _origin_form(raw: str, host: str) -> str:
    """Take `http://our-own-host/path` as proxies send it; any other host is not ours to answer for."""
    scheme, separator, rest = raw.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme.lower() not in {"http", "https"} or not separator or authority.lower() != host.lower():
        raise Refusal("bad_request", close=True)
    return slash + path if slash else "/"
