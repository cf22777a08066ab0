"""How many sockets one process holds, and how soon they are told: `python -m bench.sockets` (`--write` keeps them).

The worker and the realtime process of notifications as `make up` starts them, on the tests' PostgreSQL and RabbitMQ;
people with two open pages each. Lines are written at a steady rate; the time is taken from the commit of a line to the
moment when a page has it.
"""

import argparse
import asyncio
import os
import platform
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
from sqlalchemy import text

from bench.servers import cpu_seconds, memory_mb
from services.notifications.operations.lines import Line, add_line
from services.notifications.operations.tickets import issue_ticket
from shared.clock import utc_now
from shared.database import Database
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.testing import environment
from shared.testing.ports import free_port

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "sockets.md"
PATH = "/notifications/ws/"
FIRST_PERSON, PAGES_EACH = 9_000_000, 2
OPENED_AT_ONCE, WRITERS = 50, 4
GOAL_MB, GOAL_SECONDS = 300, 1.0
TABLES = ("notifications", "inbox_states", "ws_tickets", "tombstones")


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    sockets: int
    empty_mb: float
    full_mb: float
    after_mb: float
    opened_per_second: float
    delays: list[float]
    lines_per_second: float
    cpu_ms_a_line: float

    def percentile(self, share: float) -> float:
        """Return milliseconds."""
        return 1000 * self.delays[min(len(self.delays) - 1, int(len(self.delays) * share))]

    def table(self) -> str:
        """Return the figures as a page shows them."""
        kilobytes = 1024 * (self.full_mb - self.empty_mb) / self.sockets
        rows = [
            ("open sockets on one process", "", f"{self.sockets:,}"),
            ("its memory with none open", "", f"{self.empty_mb:.0f} MB"),
            ("its memory with all open", f"≤ {GOAL_MB} MB", f"{self.full_mb:.0f} MB"),
            ("that is, a socket", "", f"{kilobytes:.0f} KB"),
            ("its memory after all was told", f"≤ {GOAL_MB} MB", f"{self.after_mb:.0f} MB"),
            ("sockets opened a second", "", f"{self.opened_per_second:.0f}"),
            ("lines written a second", "", f"{self.lines_per_second:.0f}"),
            ("commit → page, p50", "", f"{self.percentile(0.5):.0f} ms"),
            ("commit → page, p95", f"≤ {GOAL_SECONDS * 1000:.0f} ms", f"{self.percentile(0.95):.0f} ms"),
            ("commit → page, p99", "", f"{self.percentile(0.99):.0f} ms"),
            ("CPU of the process, a page told", "", f"{self.cpu_ms_a_line:.2f} ms"),
        ]
        lines = [f"| {what} | {goal} | {measured} |" for what, goal, measured in rows]
        return "\n".join(["| what | goal | measured |", "|---|---|---|", *lines])


class Bench:
    """People, their pages, and what happens to them."""

    def __init__(self, database: Database, *, url: str, edge_key: str, sockets: int) -> None:
        self.database, self.url, self.edge_key = database, url, edge_key
        self.people = [FIRST_PERSON + number for number in range(sockets // PAGES_EACH)]
        self.committed: dict[tuple[int, str], float] = {}
        self.delays: list[float] = []
        self.open = 0

    def tickets(self) -> list[str]:
        """Return a ticket for each page, fresh enough to be used."""
        now = utc_now()
        with self.database.transaction() as session:
            return [
                issue_ticket(
                    session, user_id=person, session_id=None, token_expires_at=now + timedelta(hours=1), now=now
                )
                for person in self.people[: OPENED_AT_ONCE // PAGES_EACH]
                for _ in range(PAGES_EACH)
            ]

    async def open_all(self, session: aiohttp.ClientSession) -> list[asyncio.Task[None]]:
        """Open every page, and return the tasks that read them."""
        tasks: list[asyncio.Task[None]] = []
        everybody, step = self.people, OPENED_AT_ONCE // PAGES_EACH
        for first in range(0, len(everybody), step):
            self.people = everybody[first : first + step]
            tickets = await asyncio.to_thread(self.tickets)
            tasks += [asyncio.create_task(self._read(session, ticket)) for ticket in tickets]
            while self.open < len(tasks):
                await asyncio.sleep(0.01)
                for task in tasks:
                    if task.done():
                        task.result()
        self.people = everybody
        return tasks

    async def _read(self, session: aiohttp.ClientSession, ticket: str) -> None:
        address = f"198.51.{random.randrange(256)}.{random.randrange(256)}"
        signed = sign_edge(
            self.edge_key.encode(), method="GET", path=PATH, ip=address, request_id="bench", now=int(time.time())
        )
        async with session.ws_connect(f"{self.url}{PATH}?ticket={ticket}", headers={EDGE_HEADER: signed}) as opened:
            async for message in opened:
                told = message.json()
                if told["type"] == "connection_established":
                    self.open += 1
                elif told["type"] == "new_notification":
                    key = (told["notification"]["kind"], told["notification"]["title"])
                    self.delays.append(time.monotonic() - self.committed[int(key[0]), key[1]])
                elif told["type"] == "ping":
                    await opened.send_json({"type": "pong"})

    async def happen(self, *, seconds: float, rate: float) -> int:
        """Write lines at that rate to people at random, and return how many."""
        number, began = int(seconds * rate), time.monotonic()
        chance = random.Random(7)

        async def write(worker: int) -> None:
            for position in range(worker, number, WRITERS):
                await asyncio.sleep(max(0.0, began + position / rate - time.monotonic()))
                await asyncio.to_thread(self._write, chance.choice(self.people), str(position))

        await asyncio.gather(*(write(worker) for worker in range(WRITERS)))
        return number

    def _write(self, person: int, title: str) -> None:
        line = Line(
            user_id=person, kind=str(person), notification_type="system", title=title, message="m", dedupe_key=title
        )
        with self.database.transaction() as session:
            add_line(session, line, now=utc_now())
            # Just before the commit, so that no page can be told before the clock runs.
            self.committed[person, title] = time.monotonic()


async def measure(bench: Bench, process: subprocess.Popen[bytes], *, seconds: float, rate: float) -> Figures:
    """Open all pages, let things happen, and return the figures."""
    empty, began = memory_mb(process.pid), time.monotonic()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
        tasks = await bench.open_all(session)
        opening = time.monotonic() - began
        await asyncio.sleep(2)
        full, cpu, began = memory_mb(process.pid), cpu_seconds(process.pid), time.monotonic()
        number = await bench.happen(seconds=seconds, rate=rate)
        took = time.monotonic() - began
        for _ in range(300):
            if len(bench.delays) >= number * PAGES_EACH:
                break
            await asyncio.sleep(0.1)
        else:
            raise SystemExit(f"only {len(bench.delays)} of {number * PAGES_EACH} pages were told")
        used = cpu_seconds(process.pid) - cpu
        figures = Figures(
            sockets=len(tasks),
            empty_mb=empty,
            full_mb=full,
            after_mb=memory_mb(process.pid),
            opened_per_second=len(tasks) / opening,
            delays=sorted(bench.delays),
            lines_per_second=number / took,
            cpu_ms_a_line=1000 * used / len(bench.delays),
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return figures


@contextmanager
def processes(variables: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a worker and a realtime process; yield the address of the sockets and the process that holds them."""
    port, worker_port = free_port(), free_port()
    own = {
        **os.environ,
        **variables,
        "REALTIME_BIND": f"127.0.0.1:{port}",
        "WORKER_BIND": f"127.0.0.1:{worker_port}",
        "LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "shared.cli.main"]
    started = [subprocess.Popen([*command, *words], env=own) for words in (["worker", "notifications"], ["realtime"])]
    try:
        for probe in (worker_port, port):
            wait_until_live(probe)
        yield f"http://127.0.0.1:{port}", started[1]
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(60)


def wait_until_live(port: int) -> None:
    """Wait until a process answers."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"nothing listens on {port}")


def clean(database: Database) -> None:
    """Take away what was written."""
    with database.transaction() as session:
        for table in TABLES:
            session.execute(text(f"DELETE FROM {table} WHERE user_id >= :first"), {"first": FIRST_PERSON})
        # Their inboxes count from one again next time, and hints are counted with them.
        session.execute(text("DELETE FROM outbox WHERE type = 'inbox.hint' AND length(aggregate_id) = 7"))


def main() -> None:
    """Measure, print, and write down if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--sockets", type=int, default=2_000)
    reader.add_argument("--seconds", type=float, default=15.0)
    reader.add_argument("--rate", type=float, default=100.0, help="lines a second; each is told to two pages")
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    database, variables = environment.enter("notifications"), environment.read("notifications")
    clean(database)
    with processes(variables) as (url, process):
        bench = Bench(database, url=url, edge_key=variables["EDGE_KEY"], sockets=options.sockets)
        try:
            figures = asyncio.run(measure(bench, process, seconds=options.seconds, rate=options.rate))
        finally:
            clean(database)
    sys.stdout.write(f"{figures.table()}\n")
    if options.write:
        load = os.getloadavg()[0]
        PAGE.write_text(
            _PAGE.format(
                table=figures.table(), python=platform.python_version(), cores=os.cpu_count(), load=f"{load:.1f}"
            )
        )


_PAGE = """# Open sockets, measured

`python -m bench.sockets --write` wrote this page: the realtime process and the worker of notifications, PostgreSQL,
RabbitMQ and the client with all its pages share {cores} cores, Python {python}. The machine's load average was
{load} at the end. Compare figures of one machine; seconds differ from day to day.

{table}

## How
- Nothing is pushed as it happens. A changed inbox leaves a hint without content; the process notes whom it is about,
  and every 20 ms reads what is new of **all** of them in three statements, whatever their number.
- A socket costs a small object, a bounded queue (64 messages) and aiohttp's own buffers; compression is off, as a
  window for each socket would cost more than all the rest.
- The delay contains the commit, the relay's look at the outbox, the broker, the 20 ms, the read and the socket.
"""


if __name__ == "__main__":
    main()
