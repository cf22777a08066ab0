"""What is read in a few steps is read as gunicorn reads it; the rest is left to gunicorn."""

from functools import cache
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import create
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.serving.wire import HEADER_BYTES_MAX, HEADER_FIELDS_MAX, LINE_BYTES_MAX, read_head

CLIENT, SERVER = ("127.0.0.1", 5000), ("127.0.0.1", 8000)
NAMES = st.sampled_from(
    (
        *("Host", "host", "X-Told", "x-told", "X_Told", "Content-Length", "Content-Type", "Connection", "Cookie"),
        *("Transfer-Encoding", "Expect", "Upgrade", "TE", "X-Forwarded-Proto", "Script-Name"),
        *("Bad Name", "", "Ümlaut", " folded"),
    )
)
VALUES = st.one_of(
    st.sampled_from(
        ("3", "0", "03", "+3", "", "keep-alive", "Close", "chunked", "100-continue", " padded\t", "a\tb", "²")
    ),
    st.text(st.characters(max_codepoint=255), max_size=8),
)
TARGETS = st.one_of(
    st.sampled_from(
        ("/", "/a/b/?c=d&e=%20", "/%C3%A4/%2F", "//a/b", "/a#b", "/a?b#c", "*", "http://h/a", "/a;b?c?d", "/ä")
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=127), max_size=8).map(lambda text: f"/{text}"),
)
LINES = st.builds(
    "{} {} {}".format,
    st.sampled_from(("GET", "POST", "HEAD", "get", "PROPFIND", "CONNECT", "G T")),
    TARGETS,
    st.sampled_from(("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "")),
)
HEADS = st.builds(
    lambda line, fields, ends: ends.join((line, *(f"{name}:{value}" for name, value in fields), "", "")),
    LINES,
    st.lists(st.tuples(NAMES, VALUES), max_size=5),
    st.sampled_from(("\r\n", "\r\n", "\r\n", "\n", "\r")),
)


@cache
def config() -> Config:
    """Return gunicorn's settings as our web processes have them."""
    config = Config()
    for name, value in (
        ("limit_request_fields", HEADER_FIELDS_MAX),
        ("limit_request_field_size", HEADER_BYTES_MAX),
        ("limit_request_line", LINE_BYTES_MAX),
        ("forwarded_allow_ips", ""),
        ("header_map", "drop"),
    ):
        config.set(name, value)
    return config


def gunicorns(said: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what gunicorn makes of a request, and its body."""
    request = next(RequestParser(config(), iter([said]), CLIENT))
    assert not request.should_close()
    _, environ = create(request, None, CLIENT, SERVER, config())
    body = environ["wsgi.input"].read()
    kept = ("REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
    return {name: value for name, value in environ.items() if name.startswith("HTTP_") or name in kept}, body


@settings(max_examples=150, deadline=None)
@given(HEADS)
def test_what_is_read_here_is_read_as_gunicorn_reads_it(head: str) -> None:
    said = head.encode("latin-1", "replace") + b"123456789"

    read = read_head(said)

    if read is not None:
        environ, body = gunicorns(said[: read.length])
        assert read.environ == environ
        assert said[read.body_at : read.length] == body


def test_an_ordinary_request_is_read_here() -> None:
    said = b"POST /a%20b/?c=d HTTP/1.1\r\nhost: x\r\nContent-Length: 3\r\nEstuary-Edge: t=1\r\nX_Y: no\r\n\r\nabc"

    read = read_head(said)

    assert read is not None
    assert read.environ == {
        "REQUEST_METHOD": "POST",
        "RAW_URI": "/a%20b/?c=d",
        "PATH_INFO": "/a b/",
        "QUERY_STRING": "c=d",
        "HTTP_HOST": "x",
        "CONTENT_LENGTH": "3",
        "HTTP_ESTUARY_EDGE": "t=1",
    }
    assert said[read.body_at : read.length] == b"abc"


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(65)) + b"\r\n",
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_gunicorn(said: bytes) -> None:
    assert read_head(said) is None


def test_gunicorn_still_refuses_what_it_refused_when_this_was_written() -> None:
    with pytest.raises(ParseException):
        gunicorns(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")
