"""What is read in a few steps is read as the parsers read it; the rest is left to them."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import EMPTY_PAYLOAD
from aiohttp.http import HttpRequestParser
from aiohttp.http_exceptions import HttpProcessingError
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.client_connection import MAX_HEADERS, MAX_LINE_BYTES
from gateway.client_request import ClientRequest
from gateway.incoming import read_headers
from gateway.responses import GatewayResponse
from gateway.server import GatewayServer
from gateway.upstream_answers import Answer
from gateway.upstream_parser import AnswerParser
from gateway.wire import Requests, read_answer
from gateway.writes import Writes

NAMES = st.sampled_from(
    (
        *("Host", "host", "X-Told", "X_User_Id", "Content-Length", "content-type", "Connection", "Cookie", "ETag"),
        *("Transfer-Encoding", "Expect", "Upgrade", "TE", "Proxy-Connection", "If-None-Match", "traceparent"),
        *("Authorization", "X-Request-Id", "Content-Encoding", "Date", "Cache-Control", "Estuary-Message"),
        *("Bad Name", "", "Ümlaut", " folded"),
    )
)
VALUES = st.one_of(
    st.sampled_from(
        (
            *(
                "3",
                "0",
                "03",
                "+3",
                "",
                "keep-alive",
                "Close",
                "chunked",
                "identity",
                "100-continue",
                "padded ",
                "a\tb",
            ),
            *(
                "²",
                '"7"',
                'W/"7", "8"',
                "a:  b",
                "gzip",
                "websocket",
                "upgrade",
                "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
            ),
        )
    ),
    st.text(st.characters(max_codepoint=255), max_size=6),
)
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from((": ", ": ", ": ", ":", " : ")), VALUES), max_size=4)
TARGETS = st.one_of(
    st.sampled_from(
        ("/", "/a/b/?c=d&e=%20", "/%C3%A4/%2F", "//a/b", "/a#b", "/a?b#c", "*", "http://h/a", "/a;b?c?d", "/ä", "h:1")
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=127), max_size=6).map(lambda text: f"/{text}"),
)
ENDS = st.sampled_from(("\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r"))


def put_together(line: str, fields: list[tuple[str, str, str]], ends: str, body: str) -> bytes:
    head = ends.join((line, *("".join(field) for field in fields), "", ""))
    return (head + body).encode("latin-1", "replace")


REQUESTS = st.builds(
    put_together,
    st.builds(
        "{} {} {}".format,
        st.sampled_from(("GET", "GET", "POST", "HEAD", "OPTIONS", "get", "PROPFIND", "CONNECT", "G T")),
        TARGETS,
        st.sampled_from(("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "")),
    ),
    FIELDS.map(lambda fields: [("Host", ": ", "a"), *fields]),
    ENDS,
    st.sampled_from(("", "", "abc", "abc\r\n\r\n")),
)
ANSWERS = st.builds(
    put_together,
    st.sampled_from(
        (
            *("HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 404 ", "HTTP/1.1 304 Not Modified", "HTTP/1.1 204 No"),
            *(
                "HTTP/1.0 200 OK",
                "HTTP/1.1 100 Continue",
                "HTTP/1.1 101 Now",
                "HTTP/1.1 99 x",
                "HTTP/1.1 200",
                "200 OK",
            ),
        )
    ),
    st.builds(
        lambda length, fields: [*length, *fields], st.sampled_from(([], [("Content-Length", ": ", "3")])), FIELDS
    ),
    ENDS,
    st.sampled_from(("", "abc", "abc", "abcd", "3\r\nabc\r\n0\r\n\r\n")),
)


class Client:
    """A transport with nobody at the other end."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def get_extra_info(self, _: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing to close."""

    pause_reading = resume_reading = close


class Line:
    """A service's connection without a service."""

    pause = resume = touch = lambda self: None
    abort = tell = lambda self, outcome: None


def aiohttps(said: bytes) -> list[Any]:
    """Return the messages and bodies that aiohttp's parser finds. Raises HttpProcessingError."""
    parser = HttpRequestParser(
        Client(),  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        2**16,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
        max_headers=MAX_HEADERS,
        auto_decompress=False,
    )
    messages, _, _ = parser.feed_data(said)
    return list(messages)


@settings(max_examples=150, deadline=None)
@given(REQUESTS)
def test_a_request_is_read_here_as_aiohttp_reads_it(said: bytes) -> None:
    read = Requests().read(said)

    if read is not None:
        ((message, content),) = aiohttps(said)
        assert read == (message.method, message.path, read_headers(message.raw_headers), content.read_nowait(-1))
        assert not message.should_close
        assert not message.upgrade
        assert content.is_eof()


@settings(max_examples=150, deadline=None)
@given(ANSWERS)
def test_an_answer_is_read_here_as_httptools_reads_it(said: bytes) -> None:
    read, parser = read_answer(said), AnswerParser(Line(), head_only=False)

    if read is not None:
        assert parser.feed(said)
        assert parser.is_complete
        assert parser.keeps_alive
        assert told(read) == told(parser.answer())


def told(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.said, b"".join(answer.lines), answer.body, answer.length


def test_ordinary_ones_are_read_here() -> None:
    requests = Requests()
    said = b"POST /a%20b/?c=d HTTP/1.1\r\nhost: x\r\nContent-Length: 3\r\nAccept: */*\r\nX_Y: no\r\n\r\nabc"

    read, again = requests.read(said), requests.read(said.replace(b"abc", b"def"))
    answer = read_answer(b"HTTP/1.1 200 OK\r\nServer: x\r\nLink: <a>\r\nEtag: 7\r\nContent-Length: 3\r\n\r\nabc")

    assert read is not None
    assert again is not None
    assert (read[0], read[1], read[3], again[3]) == ("POST", "/a%20b/?c=d", b"abc", b"def")
    assert read[2].passed == b"Accept: */*\r\n"
    assert again[2] is read[2]
    assert answer is not None
    assert told(answer) == (200, {b"etag": b"7", b"content-length": b"3"}, b"Link: <a>\r\n", b"abc", 3)


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(50)) + b"\r\n",
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_aiohttp(said: bytes) -> None:
    assert Requests().read(said) is None


def test_aiohttp_still_refuses_what_it_refused_when_this_was_written() -> None:
    with pytest.raises(HttpProcessingError):
        aiohttps(b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n")


def test_what_is_kept_of_them_is_bounded() -> None:
    requests = Requests()

    for number in range(2_500):
        assert requests.read(b"GET /%d/ HTTP/1.1\r\nHost: a\r\nX: %d\r\n\r\n" % (number, number)) is not None
    assert requests.read(b"GET /%b HTTP/1.1\r\nHost: %b\r\n\r\n" % (b"a" * 5_000, b"b" * 5_000)) is not None

    assert len(requests._lines) <= 2_048
    assert len(requests._blocks) <= 1_024
    assert max(map(len, (*requests._lines, *requests._blocks))) <= 2_048


SENT = (
    (b"GET /plain/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /plain/ "),
    (b"POST /body/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n\r\n\r\n", "POST /body/ \r\n\r\n"),
    (b"GET /dated/ HTTP/1.1\r\nHost:x\r\n\r\n", "GET /dated/ "),
    (
        b"PUT /chunked/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "PUT /chunked/ abc",
    ),
    (b"\r\nGET /after-a-blank-line/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /after-a-blank-line/ "),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SENT), min_size=1, max_size=6), st.lists(st.integers(0, 300), max_size=6), st.data())
def test_however_requests_are_cut_they_are_read_once_and_in_order(
    sent: list[tuple[bytes, str]], cuts: list[int], data: st.DataObject
) -> None:
    whole = b"".join(said for said, _ in sent)
    ends = [len(b"".join(said for said, _ in sent[:count])) for count in range(len(sent) + 1)]
    places = sorted(
        {0, len(whole), *(cut for cut in cuts if cut < len(whole)), *data.draw(st.sets(st.sampled_from(ends)))}
    )

    seen = asyncio.run(receive([whole[start:end] for start, end in pairwise(places)]))

    assert seen == [told for _, told in sent]


async def receive(pieces: list[bytes]) -> list[str]:
    """Feed a connection piece by piece; return what its handler sees."""
    seen: list[str] = []

    async def read(request: ClientRequest) -> GatewayResponse:
        body = await request.content.read()
        seen.append(f"{request.method} {request.raw_path} {body.decode()}")
        return GatewayResponse(204, [], bodyless=True)

    def handle(request: ClientRequest) -> Any:
        if request.content is not EMPTY_PAYLOAD:
            return read(request)
        seen.append(f"{request.method} {request.raw_path} ")
        request.reply(GatewayResponse(204, [], bodyless=True))
        return None

    server = GatewayServer(handle, Writes(asyncio.get_running_loop()))
    connection, client = server(), Client()
    connection.connection_made(client)  # type: ignore[arg-type]
    for piece in pieces:
        connection.data_received(piece)
        await asyncio.sleep(0)
    while connection._request_in_progress:  # noqa: ASYNC110 - It has no event for that.
        await asyncio.sleep(0)
    connection.writes.flush()
    assert client.written.count(b"HTTP/1.1 204 ") == len(seen)
    connection.connection_lost(None)
    return seen
