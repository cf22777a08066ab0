"""The promises of the sockets, on a really running realtime process, relay and broker."""

import asyncio
import os
import random
import signal
import socket as sockets
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from services.notifications.operations.inbox import Line, add_line
from shared.clock import utc_now
from shared.database import Database
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.messaging import record
from shared.messaging.events import event
from shared.testing.environment import read
from shared.testing.http import Caller

PATH = "/notifications/ws/"


@dataclass
class Running:
    """A realtime process and the worker that carries its hints."""

    url: str
    edge_key: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def restart(self) -> None:
        """Start the realtime process again, at the same address."""
        self.process = _start(self.environment, "realtime")
        _wait_until_live(int(self.environment["REALTIME_BIND"].partition(":")[2]))

    def headers(self, ip: str = "203.0.113.7") -> dict[str, str]:
        signature = sign_edge(
            self.edge_key.encode(), method="GET", path=PATH, ip=ip, request_id="test-request", now=int(time.time())
        )
        return {EDGE_HEADER: signature}


def free_port() -> int:
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    environment = read("notifications")
    port, worker_port = free_port(), free_port()
    own = {
        **os.environ,
        **environment,
        "REALTIME_BIND": f"127.0.0.1:{port}",
        "WORKER_BIND": f"127.0.0.1:{worker_port}",
        "CORS_ALLOWED_ORIGINS": "http://localhost:3000",
    }
    worker, realtime = _start(own, "worker", "notifications"), _start(own, "realtime")
    for probe in (worker_port, port):
        _wait_until_live(probe)
    started = Running(f"http://127.0.0.1:{port}{PATH}", environment["EDGE_KEY"], own, realtime)
    yield started
    for process in (worker, started.process):
        process.send_signal(signal.SIGTERM)
    for process in (worker, started.process):
        process.wait(30)


def _start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shared.cli.main", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def _wait_until_live(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on {port}"
            time.sleep(0.1)
        else:
            return


def ticket(http: Caller, user_id: int = 7, **more: Any) -> str:
    return str(http.as_user(user_id, **more).post("/notifications/ws-ticket/").json["ticket"])


def write(database: Database, *keys: str, user_id: int = 7) -> list[int | None]:
    with database.transaction() as session:
        return [
            add_line(
                session,
                Line(
                    user_id=user_id,
                    kind="booking.confirmed",
                    notification_type="booking",
                    title=key,
                    message="m",
                    dedupe_key=key,
                ),
                now=utc_now(),
            )
            for key in keys
        ]


class Page:
    """A page with an open socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, (message, self.socket.close_code)
                data = message.json()
                if data["type"] == kind:
                    return dict(data)

    def leave(self) -> None:
        """Go away without a word."""
        self.socket._response.close()

    async def say(self, **message: Any) -> None:
        await self.socket.send_json(message)

    async def closed(self, seconds: float = 10) -> int | None:
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.CLOSE:
                    return int(message.data)
                if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                    return self.socket.close_code


def visit(running: Running, story: Callable[[Callable[..., Awaitable[Page]]], Awaitable[None]]) -> None:
    """Run `story(open)`, where `open(query, **options)` opens a socket as a page would."""

    async def run() -> None:
        pages: list[Page] = []
        async with aiohttp.ClientSession() as session:

            async def open_page(query: str = "", ip: str = "203.0.113.7", **options: Any) -> Page:
                headers = {**running.headers(ip), **options.pop("headers", {})}
                pages.append(Page(await session.ws_connect(f"{running.url}{query}", headers=headers, **options)))
                return pages[-1]

            await story(open_page)
            for page in pages:
                page.leave()

    asyncio.run(run())


def test_what_happens_reaches_the_open_page(running: Running, http: Caller, database: Database) -> None:
    write(database, "before")

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        hello = await page.next("connection_established")
        assert (hello["unread_count"], hello["last_seq"]) == (1, 1)

        delays = []
        for seq in range(2, 7):
            started = time.monotonic()
            [key] = write(database, f"now {seq}")
            told = await page.next("new_notification")
            delays.append(time.monotonic() - started)
            assert (told["seq"], told["notification"]["id"], told["unread_count"]) == (seq, key, seq)
        assert statistics.median(delays) < 1.0

    visit(running, story)


def test_fifty_at_once_are_told_once_and_in_order(running: Running, http: Caller, database: Database) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        write(database, *(str(n) for n in range(50)))
        told = [(await page.next("new_notification"))["seq"] for _ in range(50)]
        assert told == list(range(1, 51))

    visit(running, story)


def test_a_returning_page_is_told_what_it_missed(running: Running, http: Caller, database: Database) -> None:
    write(database, *(str(n) for n in range(5)))

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}&after=2")
        assert [(await page.next("new_notification"))["seq"] for _ in range(3)] == [3, 4, 5]
        assert (await page.next("resumed"))["last_seq"] == 5

        await page.say(type="resume", after=5, id=9)
        assert (await page.next("resumed"))["id"] == 9
        await page.say(type="resume", after="x")
        assert (await page.next("error"))["code"] == "malformed"

    visit(running, story)


def test_after_too_much_the_page_reads_the_list_itself(running: Running, http: Caller, database: Database) -> None:
    write(database, *(str(n) for n in range(201)))

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}&after=0")
        assert (await page.next("resync"))["last_seq"] == 201

    visit(running, story)


def test_pages_agree_about_what_is_read(running: Running, http: Caller, database: Database) -> None:
    [key] = write(database, "a")

    async def story(open_page: Any) -> None:
        first, second = [await open_page(f"?ticket={ticket(http)}") for _ in range(2)]
        for page in (first, second):
            await page.next("connection_established")

        await first.say(type="mark_read", notification_id=key, id=1)
        assert (await first.next("marked_read"))["unread_count"] == 0
        update = await second.next("notification_update")
        assert (update["update_type"], update["data"]["ids"], update["data"]["unread_count"]) == ("read", [key], 0)

        http.as_user(7).delete(f"/notifications/{key}/")
        assert (await second.next("notification_update"))["update_type"] == "deleted"
        await second.say(type="mark_read", notification_id=key)
        assert (await second.next("error"))["code"] == "not_found"
        await second.say(type="mark_read", notification_id="x")
        assert (await second.next("error"))["code"] == "not_found"

    visit(running, story)


def test_others_are_told_nothing(running: Running, http: Caller, database: Database) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http, 8)}")
        await page.next("connection_established")
        [key] = write(database, "not yours")
        await page.say(type="mark_read", notification_id=key)
        assert (await page.next("error"))["code"] == "not_found"
        with pytest.raises(TimeoutError):
            await page.next("new_notification", seconds=0.5)

    visit(running, story)


def test_a_ticket_opens_one_door_once(running: Running, http: Caller) -> None:
    used = ticket(http)

    async def story(open_page: Any) -> None:
        await open_page(f"?ticket={used}")
        for query in (f"?ticket={used}", "?ticket=invented", "?ticket="):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await open_page(query)
            assert refused.value.status == 401

    visit(running, story)


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?token=x", {}, 400),
        ("?access_token=x", {}, 400),
        ("?jwt=x", {}, 400),
        ("", {"Origin": "https://app.example.evil.com"}, 403),
        ("", {"Origin": "null"}, 403),
        ("", {EDGE_HEADER: "t=1,ip=1.2.3.4,id=x,v1=00"}, 401),
        ("", {"Sec-WebSocket-Protocol": "estuary.v1, bearer.invented"}, 401),
    ],
)
def test_refused_handshakes(running: Running, query: str, headers: dict[str, str], status: int) -> None:
    async def story(open_page: Any) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await open_page(query, headers=headers)
        assert refused.value.status == status

    visit(running, story)


def test_ways_to_sign_in(running: Running, http: Caller, database: Database) -> None:
    me = http.as_user(7)

    async def story(open_page: Any) -> None:
        by_protocol = await open_page(protocols=("estuary.v1", f"bearer.{me.token}"))
        assert by_protocol.socket.protocol == "estuary.v1"
        await by_protocol.next("connection_established")

        by_message = await open_page(headers={"Origin": "http://localhost:3000"})
        await by_message.say(type="auth", token=me.token)
        await by_message.next("connection_established")
        await by_message.say(type="auth", token=http.as_user(8).token)
        assert await by_message.closed() == 4401

        refused = await open_page()
        await refused.say(type="auth", token="nonsense")
        assert await refused.closed() == 4401

    visit(running, story)


def test_the_sixth_socket_ends_the_first(running: Running, http: Caller) -> None:
    async def story(open_page: Any) -> None:
        pages = [await open_page(f"?ticket={ticket(http)}") for _ in range(6)]
        await pages[5].next("connection_established")
        assert await pages[0].closed() == 4409
        await pages[1].say(type="ping")
        await pages[1].next("pong")

    visit(running, story)


@pytest.mark.parametrize(
    ("send", "code"),
    [
        pytest.param(lambda page: page.socket.send_bytes(b"x"), 1003, id="binary"),
        pytest.param(lambda page: page.socket.send_str("x" * 5_000), 1009, id="too large"),
        pytest.param(lambda page: _repeat(page, "{", 3), 4400, id="malformed"),
        pytest.param(lambda page: _repeat(page, '{"type":"ping"}', 25), 4429, id="flood"),
    ],
)
def test_abuse_is_closed(running: Running, http: Caller, send: Any, code: int) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        await send(page)
        assert await page.closed() == code

    visit(running, story)


async def _repeat(page: Page, text: str, times: int) -> None:
    for _ in range(times):
        await page.socket.send_str(text)


def test_unknown_types_are_answered(running: Running, http: Caller) -> None:
    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.say(type="run", id="q")
        error = await page.next("error")
        assert (error["code"], error["id"]) == ("unknown_type", "q")

    visit(running, story)


@event("session.revoked")
@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What auth announces."""

    kind: str
    session_ids: list[str]
    user_id: int
    expires_at: int


PEOPLE, LINES = range(100, 112), 15


class Visitor:
    """A page that is cut off again and again, and comes back to where it was."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.last_seq = 0
        self.shown: list[int] = []
        self.late: list[float] = []

    async def stay(self, running: Running, committed: dict[int, float], seed: int) -> None:
        chance = random.Random(seed)
        async with aiohttp.ClientSession() as session:
            while len(self.shown) < LINES:
                try:
                    await self._visit(session, running, committed, seconds=chance.uniform(0.1, 1.5))
                except (aiohttp.ClientError, OSError, TimeoutError):
                    await asyncio.sleep(0.2)

    async def _visit(
        self, session: aiohttp.ClientSession, running: Running, committed: dict[int, float], *, seconds: float
    ) -> None:
        url = f"{running.url}?after={self.last_seq}"
        protocols = ("estuary.v1", f"bearer.{self.token}")
        socket = await session.ws_connect(url, headers=running.headers(), protocols=protocols)
        is_back = False
        try:
            async with asyncio.timeout(seconds):
                while len(self.shown) < LINES:
                    told = await socket.receive_json()
                    is_back = is_back or told["type"] == "resumed"
                    if told["type"] == "new_notification":
                        self.last_seq = told["seq"]
                        self.shown.append(told["notification"]["id"])
                        if is_back:
                            now = time.monotonic()
                            self.late.append(now - committed.get(told["notification"]["id"], now))
        except TypeError:
            return  # It was closed.
        finally:
            # As a train in a tunnel does it: nobody says goodbye.
            Page(socket).leave()


def test_cut_off_at_random_and_with_a_killed_process_every_line_is_seen_once(
    running: Running, http: Caller, database: Database
) -> None:
    """Every person is told of every line once, whatever breaks: the promise that sockets are built around."""
    visitors = {user_id: Visitor(http.as_user(user_id).token or "") for user_id in PEOPLE}
    committed: dict[int, float] = {}

    async def happen() -> None:
        restarting: asyncio.Task[None] | None = None
        wanted = [(user_id, f"k{number}") for number in range(LINES) for user_id in PEOPLE]
        for position, (user_id, key) in enumerate(wanted):
            [written] = await asyncio.to_thread(write, database, key, user_id=user_id)
            committed[int(written or 0)] = time.monotonic()
            if position == len(wanted) // 2:
                running.process.kill()
                running.process.wait()
                restarting = asyncio.create_task(asyncio.to_thread(running.restart))
        assert restarting is not None
        await restarting

    async def run() -> None:
        async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
            tasks.create_task(happen())
            for user_id, visitor in visitors.items():
                tasks.create_task(visitor.stay(running, committed, seed=user_id))

    asyncio.run(run())

    for visitor in visitors.values():
        assert len(visitor.shown) == len(set(visitor.shown)) == LINES
        assert visitor.shown == sorted(visitor.shown)
    late = sorted(seconds for visitor in visitors.values() for seconds in visitor.late)
    assert len(late) > 50
    assert late[int(len(late) * 0.95)] <= 1.0


def test_a_restart_asks_everybody_to_come_back(running: Running, http: Caller) -> None:
    """The last test of this module: it ends the process."""

    async def story(open_page: Any) -> None:
        page = await open_page(f"?ticket={ticket(http)}")
        await page.next("connection_established")
        running.process.send_signal(signal.SIGTERM)
        assert await page.closed() == 1001

    visit(running, story)
    assert running.process.wait(30) == 0


def test_dead_tokens_open_nothing(http: Caller, database: Database) -> None:
    """What auth revoked is refused, as soon as this service has heard of it."""
    from services.notifications.handlers import auth
    from services.notifications.operations.tickets import is_revoked
    from shared.messaging.testing import apply, message

    expires = int(time.time()) + 1800
    one = {"kind": "session", "session_ids": ["s1"], "user_id": 7, "expires_at": expires, "not_before": None}
    everywhere = {"kind": "user", "session_ids": [], "user_id": 8, "expires_at": expires, "not_before": 1_000}
    dead_ticket = ticket(http, session_id="s1")
    apply(database, "notifications", [auth], message("session.revoked", one), message("session.revoked", everywhere))

    def refused(user_id: int, session_id: str, issued_at: int) -> bool:
        with database.transaction() as session:
            return is_revoked(session, user_id=user_id, session_id=session_id, issued_at=issued_at, now=utc_now())

    assert refused(7, "s1", 2_000)
    assert not refused(7, "s2", 2_000)
    assert refused(8, "x", 999)
    assert not refused(8, "x", 1_000)
    from services.notifications.operations.tickets import use_ticket

    with database.transaction() as session:
        assert use_ticket(session, dead_ticket, now=utc_now()) is None
        record(session, Revoked(**{k: v for k, v in one.items() if k != "not_before"}), about=("session", "s1"))
