"""Requests that two parsers could read differently never reach a service."""

import pytest

from gateway.tests.running import BASE, RunningGateway, exchange_bytes

LINE = f"POST {BASE}/bookings/ HTTP/1.1\r\n".encode()
HOST = b"Host: a\r\n"
INNER = f"GET {BASE}/smuggled/ HTTP/1.1\r\nHost: a\r\n\r\n".encode()

PROBES = {
    "CL and TE": LINE + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE and CL": LINE + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + INNER,
    "two CL, same": LINE + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "two CL, different": LINE + HOST + b"Content-Length: 1\r\nContent-Length: 5\r\n\r\nx",
    "CL with plus": LINE + HOST + b"Content-Length: +4\r\n\r\nabcd",
    "CL negative": LINE + HOST + b"Content-Length: -4\r\n\r\nabcd",
    "CL in hex": LINE + HOST + b"Content-Length: 0x4\r\n\r\nabcd",
    "CL list": LINE + HOST + b"Content-Length: 4, 4\r\n\r\nabcd",
    "TE unknown": LINE + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE twice": LINE + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + INNER,
    "TE chunked then gzip": LINE + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n" + INNER,
    "blank before colon": LINE + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE with vertical tab": LINE + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + INNER,
    "bare LF after header": LINE + HOST + b"Content-Length: 0\nX: y\r\n\r\n",
    "obs-fold": LINE + HOST + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "NUL in a header": LINE + HOST + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "chunk size not hex": LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n5g\r\nhello\r\n0\r\n\r\n",
    "chunk longer than said": LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n" + INNER,
    "bare LF after chunk size": LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
    "two Hosts": LINE + HOST + b"Host: b\r\nContent-Length: 0\r\n\r\n",
    "no Host": LINE + b"Content-Length: 0\r\n\r\n",
}


def test_there_are_twenty_one_probes() -> None:
    assert len(PROBES) == 21


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_refused_and_the_connection_closed(running: RunningGateway, name: str) -> None:
    answer = exchange_bytes(running.port, PROBES[name], timeout=4)

    status = answer.split(b" ")[1]
    assert status in {b"400", b"501"}, answer
    assert answer.count(b"HTTP/1.1 ") == 1, "nothing after it is answered"
    assert not answer.endswith(b"<still open>")
    assert running.service.seen == []


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET http://evil/admin HTTP/1.1\r\nHost: a\r\n\r\n", id="absolute form of another host"),
        pytest.param(b"TRACE /api/v1/drf/x/ HTTP/1.1\r\nHost: a\r\n\r\n", id="TRACE"),
        pytest.param(b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n", id="CONNECT"),
        pytest.param(
            b"GET /api/v1/drf/x/ HTTP/1.1\r\nHost: a\r\nConnection: X-Request-Id, Authorization\r\n\r\n",
            id="Authorization named by Connection",
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS on a plain port"),
    ],
)
def test_other_tricks_are_400_and_closed(running: RunningGateway, head: bytes) -> None:
    answer = exchange_bytes(running.port, head, timeout=3)

    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert not answer.endswith(b"<still open>")
    assert running.service.seen == []


def test_a_body_longer_than_said_is_refused_whole(running: RunningGateway) -> None:
    answer = exchange_bytes(running.port, LINE + HOST + b"Content-Length: 10\r\n\r\n" + b"x" * 20, timeout=3)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert running.service.seen == []


def test_headers_that_are_too_large_are_refused(running: RunningGateway) -> None:
    many = b"".join(b"X-%d: %b\r\n" % (number, b"y" * 2000) for number in range(20))
    long = b"X: " + b"y" * 9000 + b"\r\n"

    for lines in (many, long):
        answer = exchange_bytes(
            running.port, b"GET /api/v1/drf/x/ HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n", timeout=3
        )
        assert answer.startswith(b"HTTP/1.1 431 "), answer[:200]
    assert running.service.seen == []
