"""What requests cost a web process and its database: processes started as `estuary web` does, asked by another one.

CPU time is what the processes used, so that the figures hold beside other work; requests per core and second follow
from it.
"""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from bench.servers import EDGE_KEY, FORKING, cpu_seconds
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.ids import uuid7

CONNECTIONS = 8
PUBLIC_URL = "http://localhost:8000"
"""Who issues the tokens of those who ask."""

HEAD = (
    "| request | app CPU ms | PostgreSQL CPU ms | requests per core and second | requests per second measured "
    "| statements | KB |\n|---|---|---|---|---|---|---|"
)


@dataclass
class Measured:
    """What one kind of request cost so far: seconds of the processor and by the clock, statements, bytes."""

    requests: int = 0
    app: float = 0.0
    database: float = 0.0
    took: float = 0.0
    statements: int = 0
    size: int = 0

    def cells(self) -> str:
        """Return what a line of the table says of it."""
        app_ms = 1000 * self.app / self.requests
        return (
            f"{app_ms:.2f} | {1000 * self.database / self.requests:.2f} | {1000 / app_ms:,.0f} "
            f"| {self.requests / self.took:,.0f} | {self.statements / self.requests:.1f} "
            f"| {self.size / self.requests / 1024:.0f} |"
        )


@dataclass(frozen=True)
class Kind:
    """One kind of request: any of these paths, with any of these headers, while something happens in the database."""

    name: str
    paths: Sequence[str]
    headers: Sequence[dict[str, str]] = ({},)
    meanwhile: Callable[[str], AbstractContextManager[Any]] = nullcontext


@dataclass(frozen=True)
class Running:
    """A web process that answers, what its requests cost, and what it holds in memory."""

    service: str
    port: int
    pid: int
    found: dict[str, Measured] = field(default_factory=dict)

    def megabytes(self) -> float:
        """Return the memory that is the process's own: not what it shares with others, such as libraries' files."""
        told = Path(f"/proc/{self.pid}/status").read_text().partition("RssAnon:")[2]
        return int(told.split()[0]) / 1024


@contextmanager
def web(service: str, url: str, port: int, source: Path) -> Iterator[Running]:
    """Start a service's web process as `estuary web` does, from this source, and yield what answers."""
    environment = {**os.environ, "DATABASE_URL": url, "BIND": f"127.0.0.1:{port}", "EDGE_KEY": EDGE_KEY}
    environment |= {"PUBLIC_URL": PUBLIC_URL, "ACTION_TOKEN_KEY": EDGE_KEY}
    command = [sys.executable, "-m", "shared.cli.main", "web", service]
    parent = subprocess.Popen(command, env={**environment, "PYTHONPATH": str(source)}, cwd=source)
    try:
        children: list[str] = []
        for _ in range(200):
            with socket.socket() as probe:
                children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
                if children and probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Running(service, port, int(children[0]))
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.wait(20)


def backends(service: str, url: str) -> dict[int, float]:
    """Return the CPU time of each server process that works for the web process."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", (f"{service}-web",))
        return {pid: cpu_seconds(pid) for (pid,) in cursor.fetchall()}


def ask(port: int, kind: Kind, seconds: float, answers: Any) -> None:
    """Send requests over kept connections until the time is over; tell how many, and their size."""
    done, size, lock, until = [0], [0], threading.Lock(), time.monotonic() + seconds

    def one(seed: int) -> None:
        chance = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        count = length = 0
        while time.monotonic() < until:
            path = chance.choice(kind.paths)
            signed = sign_edge(
                EDGE_KEY.encode(), method="GET", path=path.partition("?")[0], ip="203.0.113.7",
                request_id=str(uuid7()), now=int(time.time()),
            )  # fmt: skip
            connection.request("GET", path, headers={EDGE_HEADER: signed, **chance.choice(kind.headers)})
            answer = connection.getresponse()
            length += len(answer.read())
            if answer.status not in (200, 304):
                raise SystemExit(f"{path}: {answer.status}")
            count += 1
        with lock:
            done[0] += count
            size[0] += length

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((done[0], size[0]))


def statements_of(url: str) -> int:
    """Return how many statements the web process has sent so far."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements"
            " WHERE query !~ 'pg_stat|bookings_count [+]|^(BEGIN|COMMIT|ROLLBACK|SET)'"
        )
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def measure(kind: Kind, url: str, running: Running, *, seconds: float) -> None:
    """Ask for a while, warm up first, and add what it cost."""
    results: Any = FORKING.Queue()

    def run(for_seconds: float) -> tuple[int, int]:
        client = FORKING.Process(target=ask, args=(running.port, kind, for_seconds, results))
        client.start()
        told: tuple[int, int] = results.get()
        client.join()
        return told

    with kind.meanwhile(url):
        run(min(1.0, seconds))
        total = running.found.setdefault(kind.name, Measured())
        app, database, sent, began = (
            cpu_seconds(running.pid),
            backends(running.service, url),
            statements_of(url),
            time.monotonic(),
        )
        done, size = run(seconds)
        total.took += time.monotonic() - began
        total.requests += done
        total.size += size
        total.app += cpu_seconds(running.pid) - app
        total.database += sum(used - database.get(one, 0.0) for one, used in backends(running.service, url).items())
        total.statements += statements_of(url) - sent


def etag_of(port: int, path: str) -> str:
    """Return the ETag that a path answers with now."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    signed = sign_edge(
        EDGE_KEY.encode(), method="GET", path=path.partition("?")[0], ip="203.0.113.7", request_id=str(uuid7()),
        now=int(time.time()),
    )  # fmt: skip
    connection.request("GET", path, headers={EDGE_HEADER: signed})
    return connection.getresponse().headers["ETag"] or ""
