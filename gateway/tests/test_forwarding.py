"""What reaches a service, and what happens when it does not answer well."""

import asyncio
import hashlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from gateway.tests.running import BASE, EDGE_KEY, Reply, RunningGateway, Seen, bearer, exchange_bytes, until
from shared.identity.edge import verify_edge

Call = Callable[..., requests.Response]


def test_a_request_arrives_whole_and_signed(running: RunningGateway, call: Call) -> None:
    answer = call(
        "POST", "/bookings?a=1&b=%20", json={"x": "ü"}, headers={"X-Request-Id": "my-request-1", "Idempotency-Key": "k"}
    )

    seen = running.service.seen[0]
    assert answer.status_code == 200
    assert (seen.method, seen.target, seen.body) == ("POST", "/bookings/?a=1&b=%20", b'{"x": "\\u00fc"}')
    said = verify_edge(EDGE_KEY.encode(), seen.headers["estuary-edge"], method="POST", path="/bookings/")
    assert (said.client_ip, said.request_id) == ("127.0.0.1", "my-request-1")
    assert seen.headers["x-request-id"] == answer.headers["X-Request-Id"] == "my-request-1"
    assert seen.headers["idempotency-key"] == "k"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["x-forwarded-host"] == "localhost:8000"
    assert "transfer-encoding" not in seen.headers


@pytest.mark.parametrize("given", ["a b", "x" * 500, "short", "ü" * 10])
def test_a_strange_request_id_is_replaced(running: RunningGateway, call: Call, given: str) -> None:
    answer = call("GET", "/services/", headers={"X-Request-Id": given.encode("latin-1")})

    assert answer.headers["X-Request-Id"] != given
    assert running.service.seen[0].headers["x-request-id"] == answer.headers["X-Request-Id"]


def test_a_trace_is_continued_and_a_broken_one_begun_anew(running: RunningGateway, call: Call) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    call("GET", "/services/", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-00"})
    call("GET", "/services/", headers={"traceparent": "00-zz"})

    first, second = (seen.headers["traceparent"].split("-") for seen in running.service.seen)
    assert (first[1], first[3]) == (trace, "00")
    assert first[2] != "b7ad6b7169203331"
    assert (len(second[1]), len(second[2])) == (32, 16)


def test_nobody_can_say_who_they_are(running: RunningGateway) -> None:
    names = [
        "X-User-Id",
        "X_User_Id",
        "x-user-id",
        "X-Estuary-Base",
        "Estuary-Edge",
        "X-Forwarded-For",
        "Forwarded",
        "X-Real-IP",
        "X-Original-URL",
        "X-HTTP-Method-Override",
        "X_Forwarded_For",
    ]
    lines = "".join(f"{name}: forged\r\n" for name in names)
    head = f"GET {BASE}/services/ HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\nConnection: close, X-Hop\r\n{lines}\r\n"

    exchange_bytes(running.port, head.encode())

    seen = running.service.seen[0]
    assert "forged" not in str(seen.headers)
    assert "x-hop" not in seen.headers
    assert seen.headers["x-forwarded-for"] == "127.0.0.1"


def test_the_old_base_is_answered_and_says_so(running: RunningGateway, call: Call) -> None:
    answer = call("GET", "/bookings/", base="/api/v1")

    assert answer.json()["data"] == {"id": 7}
    assert answer.headers["Deprecation"].startswith("@1")
    assert answer.headers["Link"] == '<http://localhost:8000/api/v1/drf/bookings/>; rel="successor-version"'
    assert running.service.seen[0].headers["x-estuary-base"] == "/api/v1"


@pytest.mark.parametrize(
    ("base", "path"), [(BASE, "/drf/health/"), ("/api/v2", "/"), ("", "/nope/"), ("/API/v1/drf", "/health/")]
)
def test_elsewhere_there_is_nothing(call: Call, base: str, path: str) -> None:
    assert call("GET", path, base=base).json()["code"] == "not_found"


def test_the_root_leads_to_the_documentation_and_the_key_set_to_auth(running: RunningGateway, call: Call) -> None:
    running.service.answering = lambda _: Reply(body=b'{"keys":[]}')

    root, keys = call("GET", "/", base=""), call("GET", "/.well-known/jwks.json", base="")

    assert (root.status_code, root.headers["Location"]) == (302, "http://localhost:8000/api/v1/drf/docs/")
    assert keys.content == b'{"keys":[]}'
    assert running.service.seen[0].target == "/auth/jwks/"


def test_a_webhook_arrives_byte_for_byte(running: RunningGateway, call: Call) -> None:
    body = b'\xef\xbb\xbf{ "a" : 1 ,\n "a":2 }'

    answer = call(
        "POST",
        "/webhooks/stripe/",
        data=body,
        headers={"Stripe-Signature": "t=1,v1=x", "Origin": "https://app.example.com"},
    )

    seen = running.service.seen[0]
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(body).digest()
    assert (seen.target, seen.headers["stripe-signature"]) == ("/payments/webhooks/stripe/", "t=1,v1=x")
    assert answer.content == b'{"id":7}'
    assert "Access-Control-Allow-Origin" not in answer.headers
    for method in ("GET", "HEAD", "OPTIONS"):
        refused = call(method, "/webhooks/stripe/")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("path", "size", "headers", "status"),
    [
        pytest.param("/bookings/", 5_000_000, {}, 413, id="5 MB JSON"),
        pytest.param("/auth/login/", 17_000, {}, 413, id="17 KB for auth"),
        pytest.param("/bookings/", 10, {"Content-Encoding": "gzip"}, 415, id="gzip"),
        pytest.param("/bookings/", 1_048_576, {}, 200, id="1 MiB exactly"),
    ],
)
def test_bodies_have_limits(
    running: RunningGateway, call: Call, path: str, size: int, headers: dict, status: int
) -> None:
    try:
        answer = call("POST", path, data=b"x" * size, headers=headers)
        assert answer.status_code == status
    except requests.ConnectionError:
        assert status == 413, "the connection may end while the body is still being sent"
    assert len(running.service.seen) == int(status == 200)


def test_a_chunked_body_is_counted_and_sent_on_with_its_length(running: RunningGateway, call: Call) -> None:
    small = call("POST", "/bookings/", data=iter([b"ab", b"cd"]))
    try:
        large = call("POST", "/bookings/", data=iter([b"x" * 100_000] * 50)).status_code
    except requests.ConnectionError:
        large = 413

    assert (small.status_code, large) == (200, 413)
    assert [(seen.body, seen.headers["content-length"]) for seen in running.service.seen] == [(b"abcd", "4")]


def test_an_upload_streams_and_needs_a_length(running: RunningGateway, call: Call) -> None:
    size = 20_000_000

    stored = call("PUT", "/media/7/bytes/", data=b"x" * size)
    chunked = call("PUT", "/media/7/bytes/", data=iter([b"x"]))

    assert (stored.status_code, stored.content) == (200, b'{"id":7}')
    assert len(running.service.seen[0].body) == size
    assert (chunked.status_code, chunked.json()["code"]) == (411, "length_required")


def test_an_answer_before_the_end_of_an_upload_stands_and_its_connection_is_not_used_again(
    running: RunningGateway, call: Call
) -> None:
    running.service.answers_early = True
    try:
        early = call("PUT", "/media/7/bytes/", data=b"GET /smuggled/ HTTP/1.1\r\n\r\n" * 500_000).status_code
    except requests.ConnectionError:
        early = 413
    running.service.answers_early = False

    assert early == 413
    assert call("GET", "/media/").status_code == 200
    assert not [seen for seen in running.service.seen if "smuggled" in seen.target]


def test_expect_100_continue_is_answered_before_the_body(running: RunningGateway) -> None:
    lines = "Host: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n"
    head = f"POST {BASE}/bookings/ HTTP/1.1\r\n{lines}\r\n"

    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert b"200 OK" in connection.recv(4096)


def test_a_read_is_repeated_when_its_connection_died_and_a_write_is_not(running: RunningGateway, call: Call) -> None:
    deaths = iter([None, Reply(), None])
    running.service.answering = lambda _: next(deaths)

    read, written = call("GET", "/services/"), call("POST", "/reviews/", json={})

    assert (read.status_code, written.status_code) == (200, 502)
    assert written.json()["code"] == "bad_gateway"
    assert [seen.method for seen in running.service.seen] == ["GET", "GET", "POST"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", id="cut short"),
        pytest.param(b"not HTTP at all\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="length not a number"),
        pytest.param(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", id="switches protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", id="too many headers"),
    ],
)
def test_a_bad_answer_is_502(running: RunningGateway, call: Call, raw: bytes) -> None:
    running.service.answering = lambda _: Reply(raw=raw)

    assert call("POST", "/reviews/", json={}).status_code == 502


def test_an_answer_until_the_end_of_the_connection_is_whole(running: RunningGateway, call: Call) -> None:
    running.service.answering = lambda _: Reply(raw=b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[1]")

    assert call("GET", "/services/").json()["data"] == [1]


def test_a_large_answer_that_breaks_off_can_be_told_from_a_whole_one(running: RunningGateway) -> None:
    for framing in (b"Content-Length: 400000", b"Transfer-Encoding: chunked"):
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + framing + b"\r\n\r\n"
        part = b"x" * 200_000
        if b"chunked" in framing:
            part = b"%x\r\n%b\r\n" % (len(part), part)
        running.service.answering = lambda _, raw=start + part: Reply(raw=raw)
        answer = exchange_bytes(running.port, f"GET {BASE}/services/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b" 200 OK" in head
        assert not body.endswith((b"}", b"0\r\n\r\n", b"<still open>"))


def test_a_service_that_is_down_is_left_alone_and_the_others_answer() -> None:
    partly = RunningGateway(reviews_url=("http://127.0.0.1:1",)).start()
    try:
        base = f"http://127.0.0.1:{partly.port}{BASE}"
        statuses = [requests.get(f"{base}/reviews/", timeout=5).status_code for _ in range(7)]
        last = requests.get(f"{base}/reviews/", timeout=5)
        other = requests.get(f"{base}/services/", timeout=5)
        health = requests.get(f"{base}/health/", timeout=5)
    finally:
        partly.stop()

    assert statuses[0] == 502
    assert statuses[-1] == last.status_code == 503
    assert last.headers["Retry-After"] == "5"
    assert other.status_code == 200
    assert health.json()["data"]["status"] == "degraded"
    assert health.json()["data"]["services"]["reviews"]["status"] == "down"


def test_one_of_two_addresses_may_be_down(running: RunningGateway) -> None:
    address = running.settings.catalog_url[0]
    both = RunningGateway(catalog_url=("http://127.0.0.1:1", address)).start()
    try:
        url = f"http://127.0.0.1:{both.port}{BASE}/services/"
        statuses = {requests.get(url, timeout=5).status_code for _ in range(6)}
    finally:
        both.stop()

    assert statuses == {200}


def test_a_full_service_refuses_and_the_others_answer(running: RunningGateway, call: Call) -> None:
    release = running.call(asyncio.Event)

    async def hang(seen: Seen) -> Reply:
        if seen.target.startswith("/reviews/"):
            await release.wait()
        return Reply()

    running.service.answering = hang
    url = f"http://127.0.0.1:{running.port}{BASE}/reviews/"
    with ThreadPoolExecutor(140) as threads:
        waiting = [threads.submit(requests.get, url, timeout=60) for _ in range(140)]
        assert until(lambda: sum(each.done() for each in waiting) == 140 - 64, seconds=40)
        other = call("GET", "/services/")
        running.call(release.set)
        answers = [each.result() for each in waiting]

    refused = [answer for answer in answers if answer.status_code == 503]
    assert other.status_code == 200
    assert len(refused) == 140 - 64
    assert refused[0].headers["Retry-After"] == "1"
    assert running.gateway.services["reviews"].in_flight == 0


def test_what_never_ends_is_ended(running: RunningGateway) -> None:
    """Three clocks of ten seconds each, run at once."""
    release = running.call(asyncio.Event)

    async def hang(_: Seen) -> Reply:
        await release.wait()
        return Reply()

    running.service.answering = hang
    url = f"http://127.0.0.1:{running.port}{BASE}/services/"
    body = f"POST {BASE}/reviews/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx".encode()
    head = f"GET {BASE}/reviews/ HTTP/1.1\r\nHost: a\r\nX: ".encode()
    with ThreadPoolExecutor(3) as threads:
        slow_service = threads.submit(requests.get, url, headers=bearer(), timeout=60)
        slow_body = threads.submit(exchange_bytes, running.port, body, timeout=60)
        endless_head = threads.submit(exchange_bytes, running.port, head, timeout=60)
        answers = slow_service.result(), slow_body.result(), endless_head.result()
    running.call(release.set)

    assert (answers[0].status_code, answers[0].json()["code"]) == (504, "gateway_timeout")
    assert answers[1].startswith(b"HTTP/1.1 408 ")
    assert answers[2] == b""
