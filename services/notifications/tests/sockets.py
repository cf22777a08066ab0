"""Pages with open sockets, and the processes that hold them: really running, as production has them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from services.notifications.operations.lines import Line, add_line, add_lines
from shared.clock import utc_now
from shared.database import Database
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.testing.environment import read
from shared.testing.http import Caller
from shared.testing.ports import free_ports

PATH = "/notifications/ws/"
START_SECONDS, PATIENCE_SECONDS = 120.0, 30.0


@dataclass
class Running:
    """A realtime process and the worker that carries its hints."""

    url: str
    edge_key: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def restart(self) -> None:
        """Start the realtime process again, at the same address."""
        self.process = start(self.environment, "realtime")
        wait_until_live(int(self.environment["REALTIME_BIND"].partition(":")[2]))

    def headers(self, ip: str = "203.0.113.7") -> dict[str, str]:
        signature = sign_edge(
            self.edge_key.encode(), method="GET", path=PATH, ip=ip, request_id="test-request", now=int(time.time())
        )
        return {EDGE_HEADER: signature}


@contextmanager
def running_processes() -> Iterator[Running]:
    """Start a realtime process and a worker, and end them."""
    environment = read("notifications")
    port, worker_port = free_ports(2)
    own = {
        **os.environ,
        **environment,
        "REALTIME_BIND": f"127.0.0.1:{port}",
        "WORKER_BIND": f"127.0.0.1:{worker_port}",
        "CORS_ALLOWED_ORIGINS": "http://localhost:3000",
    }
    worker, realtime = start(own, "worker", "notifications"), start(own, "realtime")
    started = Running(f"http://127.0.0.1:{port}{PATH}", environment["EDGE_KEY"], own, realtime)
    try:
        for probe in (worker_port, port):
            wait_until_live(probe)
        yield started
    finally:
        for process in (worker, started.process):
            process.send_signal(signal.SIGTERM)
        for process in (worker, started.process):
            process.wait(START_SECONDS)


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shared.cli.main", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def wait_until_live(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
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
    """Write a line for each key to one person in one transaction, and return their ids."""
    with database.transaction() as session:
        return [add_line(session, _line(user_id, key), now=utc_now()) for key in keys]


def write_to(database: Database, people: Sequence[int], key: str) -> dict[int, int]:
    """Write a line to each of these people in one transaction, and return its id by person."""
    with database.transaction() as session:
        return add_lines(session, [_line(user_id, key) for user_id in people], now=utc_now())


def _line(user_id: int, key: str) -> Line:
    return Line(
        user_id=user_id, kind="booking.confirmed", notification_type="booking", title=key, message="m", dedupe_key=key
    )


class Page:
    """A page with an open socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self, kind: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
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

    async def closed(self, seconds: float = PATIENCE_SECONDS) -> int | None:
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
