"""WebSockets are passed through, message by message, and judged at the door."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from gateway.tests.running import BASE, EDGE_KEY, RunningGateway, bearer, exchange_bytes
from shared.identity.edge import verify_edge

ORIGIN = {"Origin": "https://app.example.com"}
Talk = Callable[[aiohttp.ClientSession, str], Awaitable[Any]]


class Realtime:
    """An echo server that closes with 4401 when it is told to, and goes away with 4000."""

    def __init__(self) -> None:
        self.handshakes: list[dict[str, str]] = []
        self.received: list[Any] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def start(self) -> "Realtime":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/notifications/ws/", self._serve)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stopping.wait()
        await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append(
            {name.lower(): value for name, value in request.headers.items()} | {"query": request.query_string}
        )
        if "refuse" in request.query:
            return web.Response(status=401)
        socket = web.WebSocketResponse(protocols=("estuary.v1",))
        await socket.prepare(request)
        async for message in socket:
            self.received.append(message.data)
            if message.data == "bye":
                await socket.close(code=4401, message=b"expired")
            elif message.type is WSMsgType.TEXT:
                await socket.send_str(f"echo {message.data}")
            else:
                await socket.send_bytes(message.data)
        return socket


@pytest.fixture(scope="module")
def realtime() -> Iterator[Realtime]:
    server = Realtime().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(realtime: Realtime) -> Iterator[RunningGateway]:
    running = RunningGateway(realtime_url=(f"http://127.0.0.1:{realtime.port}",)).start()
    yield running
    running.stop()


def talk(gateway: RunningGateway, work: Talk, path: str = f"{BASE}/notifications/ws/") -> Any:
    async def run() -> Any:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            return await work(session, f"http://127.0.0.1:{gateway.port}{path}")

    return asyncio.run(run())


def refused(gateway: RunningGateway, path: str, headers: dict[str, str]) -> int:
    async def work(session: aiohttp.ClientSession, url: str) -> int:
        try:
            async with session.ws_connect(url, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status

    return int(talk(gateway, work, path))


@pytest.mark.parametrize("path", [f"{BASE}/notifications/ws/", "/ws/notifications/"])
def test_messages_are_copied_both_ways(gateway: RunningGateway, realtime: Realtime, path: str) -> None:
    async def work(session: aiohttp.ClientSession, url: str) -> tuple[Any, ...]:
        async with session.ws_connect(f"{url}?after=7", headers=ORIGIN, protocols=("estuary.v1",)) as socket:
            await socket.send_str("hi")
            text = await socket.receive_str()
            await socket.send_bytes(b"\x00" * 4_096)
            return text, len(await socket.receive_bytes()), socket.protocol

    assert talk(gateway, work, path) == ("echo hi", 4_096, "estuary.v1")
    seen = realtime.handshakes[-1]
    assert seen["query"] == "after=7"
    verify_edge(EDGE_KEY.encode(), seen["estuary-edge"], method="GET", path="/notifications/ws/")


def test_a_token_is_checked_before_the_handshake(gateway: RunningGateway) -> None:
    assert refused(gateway, f"{BASE}/notifications/ws/", bearer()) == 101
    assert refused(gateway, f"{BASE}/notifications/ws/", {"Authorization": "Bearer x"}) == 401


def test_the_services_close_code_reaches_the_client(gateway: RunningGateway) -> None:
    async def work(session: aiohttp.ClientSession, url: str) -> int | None:
        async with session.ws_connect(url) as socket:
            await socket.send_str("bye")
            await socket.receive()
            return socket.close_code

    assert talk(gateway, work) == 4401


@pytest.mark.parametrize("size", [4_097, 60_000, 70_000, 3_000_000])
def test_too_large_a_message_is_1009_also_for_somebody_who_is_still_sending(
    gateway: RunningGateway, realtime: Realtime, size: int
) -> None:
    async def one(session: aiohttp.ClientSession, url: str) -> int | None:
        async with session.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=60)) as socket:
            with contextlib.suppress(ConnectionError):
                for _ in range(3):
                    await socket.send_bytes(b"x" * size)
            message = await socket.receive(timeout=60)
            return message.data if message.type is WSMsgType.CLOSE else None

    async def work(session: aiohttp.ClientSession, url: str) -> list[int | None]:
        return list(await asyncio.gather(*(one(session, url) for _ in range(10))))

    realtime.received.clear()

    assert talk(gateway, work) == [1009] * 10
    assert realtime.received == []


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param("/notifications/ws/?token=x", {}, 400, id="token in the query"),
        pytest.param("/notifications/ws/?a=1&Access_Token=x", {}, 400, id="in any spelling"),
        pytest.param("/notifications/ws/", {"Origin": "https://evil.com"}, 403, id="another origin"),
        pytest.param("/notifications/ws/", {"Origin": "null"}, 403, id="origin null"),
        pytest.param("/notifications/ws/?refuse=1", {}, 401, id="refused by the service"),
        pytest.param("/bookings/", {}, 400, id="upgrade elsewhere"),
    ],
)
def test_handshakes_are_judged(gateway: RunningGateway, path: str, headers: dict[str, str], status: int) -> None:
    assert refused(gateway, BASE + path, headers) == status


def test_a_plain_get_of_a_socket_is_400(gateway: RunningGateway) -> None:
    answer = exchange_bytes(
        gateway.port, f"GET {BASE}/notifications/ws/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    )

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        pytest.param("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", id="another version"),
        pytest.param("Sec-WebSocket-Version: 13", "X: 1", id="no version"),
        pytest.param("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Key: AAAA", id="short key"),
        pytest.param("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "X: 1", id="no key"),
        pytest.param("Connection: Upgrade", "X: 1", id="Connection does not say so"),
    ],
)
def test_half_a_handshake_is_400_and_opens_nothing(
    gateway: RunningGateway, realtime: Realtime, line: str, instead: str
) -> None:
    lines = (
        f"GET {BASE}/notifications/ws/ HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )  # fmt: skip
    before = len(realtime.handshakes)
    data = "\r\n".join(lines).replace(line, instead) + "\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(data.encode())
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert len(realtime.handshakes) == before


def test_the_101st_socket_of_an_address_is_429_and_all_are_told_when_we_go(
    gateway: RunningGateway, realtime: Realtime
) -> None:
    leaving = RunningGateway(realtime_url=(f"http://127.0.0.1:{realtime.port}",)).start()

    async def work(session: aiohttp.ClientSession, url: str) -> tuple[int, set[int | None]]:
        sockets = [await session.ws_connect(url) for _ in range(100)]
        try:
            await session.ws_connect(url)
            status = 101
        except aiohttp.WSServerHandshakeError as error:
            status = error.status
        stopping = asyncio.get_running_loop().run_in_executor(None, leaving.stop)
        await asyncio.gather(*(socket.receive() for socket in sockets))
        await stopping
        return status, {socket.close_code for socket in sockets}

    assert talk(leaving, work) == (429, {1001})


def test_nothing_of_a_sockets_query_reaches_the_log(gateway: RunningGateway) -> None:
    async def work(session: aiohttp.ClientSession, url: str) -> None:
        async with session.ws_connect(f"{url}?after=7", headers={"X-Request-Id": "after-seven"}):
            pass

    talk(gateway, work)
    line = gateway.logged("after-seven")

    assert {"route": "/notifications/ws/", "status": 101}.items() <= line.items()
    assert "after=7" not in str(line)
