"""What one client's connection carries: requests one after another, sent ahead, broken off or refused."""

import asyncio
import socket
import threading

import pytest

from gateway.tests.running import BASE, Reply, RunningGateway, Seen, exchange_bytes, until

HOST = b"Host: a\r\n"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"first"'


def get(path: str, *lines: str) -> bytes:
    return (
        f"GET {BASE}{path} HTTP/1.1\r\n".encode() + HOST + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"
    )


def last(path: str) -> bytes:
    return get(path, "Connection: close")


def test_requests_that_are_sent_ahead_are_answered_in_order(running: RunningGateway) -> None:
    running.service.answering = lambda seen: Reply(body=f'"{seen.target}"'.encode())

    received = exchange_bytes(running.port, get("/services/1/") * 19 + get("/services/2/") + last("/services/3/"))

    assert [seen.target for seen in running.service.seen] == ["/services/1/"] * 19 + ["/services/2/", "/services/3/"]
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 21
    assert received.index(b'"/services/1/"') < received.index(b'"/services/2/"') < received.index(b'"/services/3/"')
    assert received.endswith(b'"/services/3/"}')


def test_a_request_in_pieces_is_one_request(running: RunningGateway) -> None:
    data = f"POST {BASE}/reviews/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody".encode()

    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.startswith(b"HTTP/1.1 200 ")
    assert [seen.body for seen in running.service.seen] == [b"body"]


def test_what_follows_a_refused_upgrade_is_the_next_request(running: RunningGateway) -> None:
    upgrade = (
        "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13", "Origin: https://evil.example",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )  # fmt: skip

    received = exchange_bytes(running.port, get("/notifications/ws/", *upgrade) + last("/services/"))

    assert received.startswith(b"HTTP/1.1 403 ")
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 1
    assert [seen.target for seen in running.service.seen] == ["/services/"]


def test_a_body_that_nobody_wants_does_not_hold_the_answer_back(running: RunningGateway) -> None:
    head = f"POST {BASE}/nowhere/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n".encode()

    received = exchange_bytes(running.port, head + b"x" * 100, timeout=15)

    assert received.startswith(b"HTTP/1.1 404 ")
    assert not received.endswith(b"<still open>")


def test_a_client_that_leaves_ends_its_read(running: RunningGateway) -> None:
    asked, release = threading.Event(), running.call(asyncio.Event)

    async def hang(_: Seen) -> Reply:
        asked.set()
        await release.wait()
        return Reply()

    running.service.answering = hang
    service = running.gateway.services["reviews"]
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(get("/reviews/"))
        assert asked.wait(20)
        assert service.in_flight == 1

    assert until(lambda: service.in_flight == 0)
    running.call(release.set)


def test_a_write_runs_on_when_its_client_leaves(running: RunningGateway) -> None:
    asked, release, finished = threading.Event(), running.call(asyncio.Event), threading.Event()

    async def hang(_: Seen) -> Reply:
        asked.set()
        await release.wait()
        finished.set()
        return Reply()

    running.service.answering = hang
    service, server = running.gateway.services["bookings"], running.gateway._server
    others = len(server.connections)
    head = f"POST {BASE}/bookings/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}"
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert asked.wait(20)
        gone = next(each for each in server.connections[others:] if each._current_request is not None)

    assert until(lambda: gone.transport is None), "the gateway has noticed"
    assert service.in_flight == 1
    running.call(release.set)
    assert finished.wait(20)
    assert until(lambda: service.in_flight == 0)


def test_connections_to_services_are_used_again(running: RunningGateway) -> None:
    exchange_bytes(running.port, last("/services/"))
    before = running.service.connections

    for method in ("GET", "HEAD", "GET", "GET"):
        exchange_bytes(running.port, last("/services/").replace(b"GET", method.encode(), 1))

    assert running.service.connections == before
    assert [seen.method for seen in running.service.seen] == ["GET", "GET", "HEAD", "GET", "GET"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(ANSWER + ANSWER, id="two answers"),
        pytest.param(ANSWER + b"HTTP/1.1 20", id="one and a part of another"),
        pytest.param(ANSWER + b"rubbish", id="one and rubbish"),
    ],
)
def test_what_follows_an_answer_is_never_the_next_one(running: RunningGateway, raw: bytes) -> None:
    running.service.answering = lambda _: Reply(raw=raw)
    first = exchange_bytes(running.port, last("/services/"))
    running.service.answering = lambda _: Reply(body=b'"second"')

    second = exchange_bytes(running.port, last("/services/"))

    assert first.endswith(b'"data":"first"}')
    assert second.endswith(b'"data":"second"}')
