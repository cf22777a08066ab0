"""What taking files in costs: `python -m bench.uploads` (`--write` keeps the figures).

The web process and the worker of media as `make up` starts them, with a folder for a storage, on a PostgreSQL of its
own and the tests' RabbitMQ: permissions to upload, a photo from its confirmation to its thumbnail, a large film.
"""

import argparse
import http.client
import io
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from bench.servers import cpu_seconds, memory_mb, postgresql
from bench.sockets import wait_until_live
from shared.database import Database
from shared.database.migrate import migrate
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.identity.minting import mint_access_token
from shared.ids import uuid7
from shared.testing import environment
from shared.testing.http import KID, PRIVATE_KEY, trust_test_key
from shared.testing.ports import free_port

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "uploads.md"
FIRST_PERSON, EACH = 9_700_000, 80
CLIENTS, PHOTOS = 8, 5
FILM_MIB, PHOTO_BYTES = 200, 3 << 20
GOAL_MS, GOAL_PER_SECOND, GOAL_READY_SECONDS, GOAL_MIB_PER_SECOND = 15, 200, 1.5, 100

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Web:
    """A running web process."""

    port: int
    pid: int
    edge_key: bytes

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that is kept."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: Any, **headers: str) -> Answer:
        """Send a request as the gateway does, and return status and content of the answer."""
        now = int(time.time())
        bare = path.partition("?")[0]
        signed = sign_edge(self.edge_key, method=method, path=bare, ip="203.0.113.7", request_id="bench", now=now)
        connection.request(method, path, body=body, headers={EDGE_HEADER: signed, **headers})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else {}


def token_of(user_id: int, issuer: str) -> str:
    """Return a token of a person."""
    return mint_access_token(
        PRIVATE_KEY, KID, issuer=issuer, user_id=user_id, uuid=str(uuid7()), session_id=str(uuid7()),
        token_id=str(uuid7()), roles=("user",), practitioner_id=None, tier=None, auth_time=int(time.time()),
        actor_id=None, is_pending=False,
    )  # fmt: skip


@dataclass
class Permissions:
    """Permissions that people asked for."""

    web: Web
    tokens: list[str]
    delays: list[float]

    def ask(self, number: int, connection: http.client.HTTPConnection) -> dict[str, Any]:
        """Ask for one, and return it."""
        body = {"filename": "photo.jpg", "content_type": "image/jpeg", "file_size": PHOTO_BYTES}
        return self.ask_for(body, number, connection)

    def ask_for(self, body: dict[str, Any], number: int, connection: http.client.HTTPConnection) -> dict[str, Any]:
        """Ask for one of a file of one's own."""
        told = json.dumps({"entity_type": "service", "entity_id": str(uuid7()), **body})
        headers = {"Authorization": f"Bearer {self.tokens[number // EACH]}", "Content-Type": "application/json"}
        began = time.perf_counter()
        status, answer = self.web.ask(connection, "POST", "/media/presigned_upload/", told, **headers)
        self.delays.append(time.perf_counter() - began)
        if status != 200:
            raise SystemExit(f"{status}: {answer}")
        return answer

    def ask_at_once(self, numbers: range, clients: int) -> float:
        """Ask from so many connections at once, and return how many seconds it took."""
        self.delays.clear()

        def one(first: int) -> None:
            connection = self.web.connect()
            for number in numbers[first::clients]:
                self.ask(number, connection)
            connection.close()

        threads = [threading.Thread(target=one, args=(first,)) for first in range(clients)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - began

    def percentile(self, share: float) -> float:
        """Return milliseconds."""
        return 1000 * sorted(self.delays)[int(len(self.delays) * share)]


def path_of(address: str) -> str:
    """Return the path and query under which the service knows an address."""
    parts = urlsplit(address)
    return f"{parts.path.removeprefix('/api/v1/drf')}?{parts.query}"


def photo() -> bytes:
    """Return a photo of about three megabytes, which no two calls share."""
    noise = Image.frombytes("RGB", (500, 375), random.randbytes(500 * 375 * 3))
    picture, written = noise.resize((4000, 3000), Image.Resampling.BICUBIC), io.BytesIO()
    picture.save(written, "JPEG", quality=86)
    return written.getvalue()


def to_ready(permissions: Permissions, number: int) -> tuple[int, float]:
    """Send a photo; return its size, and the seconds from its confirmation to its thumbnail."""
    body, connection = photo(), permissions.web.connect()
    told = {"filename": "photo.jpg", "content_type": "image/jpeg", "file_size": len(body)}
    permitted = permissions.ask_for(told, number, connection)
    headers = {"Content-Type": "image/jpeg"}
    status, answer = permissions.web.ask(connection, "PUT", path_of(permitted["upload_url"]), body, **headers)
    if status != 200:
        raise SystemExit(f"{status}: {answer}")
    signed_in = {"Authorization": f"Bearer {permissions.tokens[number // EACH]}", "Prefer": "wait=10"}
    path = f"/media/{permitted['media_id']}/confirm_upload/"
    began = time.perf_counter()
    status, answer = permissions.web.ask(
        connection, "POST", path, "{}", **signed_in, **{"Content-Type": "application/json"}
    )
    while status == 200 and answer["status"] == "processing":
        status, answer = permissions.web.ask(connection, "GET", f"/media/{permitted['media_id']}/", None, **signed_in)
    seconds = time.perf_counter() - began
    if (status, answer.get("status")) != (200, "ready"):
        raise SystemExit(f"{status}: {answer}")
    return len(body), seconds


def send_film(permissions: Permissions, number: int) -> tuple[float, float]:
    """Send a large film through one PUT; return MiB a second, and by how many MB the process grew."""
    connection, size = permissions.web.connect(), FILM_MIB << 20
    told = {"filename": "film.mp4", "content_type": "video/mp4", "file_size": size}
    permitted = permissions.ask_for(told, number, connection)
    piece, before = bytes(1 << 20), memory_mb(permissions.web.pid)
    began = time.perf_counter()
    status, answer = permissions.web.ask(
        connection, "PUT", path_of(permitted["upload_url"]), (piece for _ in range(FILM_MIB)),
        **{"Content-Type": "video/mp4", "Content-Length": str(size)},
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if status != 200:
        raise SystemExit(f"{status}: {answer}")
    return FILM_MIB / seconds, memory_mb(permissions.web.pid) - before


@contextmanager
def processes(variables: dict[str, str], folder: str) -> Iterator[Web]:
    """Start web process and worker of media; yield the former."""
    port, worker_port = free_port(), free_port()
    own = {
        **os.environ,
        **variables,
        "BIND": f"127.0.0.1:{port}",
        "WORKER_BIND": f"127.0.0.1:{worker_port}",
        "MEDIA_STORAGE_DIR": folder,
        "MEDIA_MIN_FREE_MB": "1",
        "LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "shared.cli.main"]
    started = [subprocess.Popen([*command, kind, "media"], env=own) for kind in ("web", "worker")]
    try:
        for probe in (port, worker_port):
            wait_until_live(probe)
        children = Path(f"/proc/{started[0].pid}/task/{started[0].pid}/children").read_text().split()
        yield Web(port, int(children[0]), variables["EDGE_KEY"].encode())
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(60)


def measure(web: Web, tokens: list[str]) -> str:
    """Measure, and return a table."""
    permissions, calls = Permissions(web, tokens, []), EACH * (len(tokens) - 2)
    alone, crowd = range(EACH, EACH + calls // 3), range(EACH + calls // 3, EACH + calls)
    permissions.ask_at_once(range(EACH // 2), 1)
    permissions.ask_at_once(alone, 1)
    p50, p95 = permissions.percentile(0.5), permissions.percentile(0.95)
    cpu = cpu_seconds(web.pid)
    seconds = permissions.ask_at_once(crowd, CLIENTS)
    cpu = 1000 * (cpu_seconds(web.pid) - cpu) / len(crowd)
    last = EACH * (len(tokens) - 1)
    sizes, ready = zip(*(to_ready(permissions, last + number) for number in range(PHOTOS)), strict=True)
    speed, grown = send_film(permissions, last + PHOTOS)
    rows = [
        ("permission to upload, one after the other, p50", "", f"{p50:.1f} ms"),
        ("permission to upload, p95", f"≤ {GOAL_MS} ms", f"{p95:.1f} ms"),
        (f"permissions a second, {CLIENTS} at once", f"≥ {GOAL_PER_SECOND}", f"{len(crowd) / seconds:.0f}"),
        ("process time of a permission", "", f"{cpu:.2f} ms"),
        ("permissions a second and core", f"≥ {GOAL_PER_SECOND}", f"{1000 / cpu:.0f}"),
        (
            f"a photo of {min(sizes) / (1 << 20):.1f} MiB, from confirmation to thumbnail (best, worst of {PHOTOS})",
            f"≤ {GOAL_READY_SECONDS} s",
            f"{min(ready):.2f}, {max(ready):.2f} s",
        ),
        (f"{FILM_MIB} MiB through one PUT", f"≥ {GOAL_MIB_PER_SECOND} MiB/s", f"{speed:.0f} MiB/s"),
        ("by how much the process grew meanwhile", "", f"{grown:.1f} MB"),
    ]
    return "\n".join(["| what | goal | measured |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)])


def main() -> None:
    """Measure, print, and write down if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--people", type=int, default=32, help="each asks for eighty permissions")
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    variables = environment.read("media")
    tokens = [token_of(FIRST_PERSON + number, variables["PUBLIC_URL"]) for number in range(options.people)]
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        migrate("media", url)
        trust_test_key(Database(url))
        with processes({**variables, "DATABASE_URL": url}, folder) as web:
            table = measure(web, tokens)
    sys.stdout.write(f"{table}\n")
    if options.write:
        load = f"{os.getloadavg()[0]:.1f}"
        PAGE.write_text(_PAGE.format(table=table, python=platform.python_version(), cores=os.cpu_count(), load=load))


_PAGE = """# Taking files in, measured

`python -m bench.uploads --write` wrote this page: the web process and the worker of media with a folder for a storage,
PostgreSQL and the client share {cores} cores, Python {python}. The machine's load average was {load} at the end.
Compare figures of one machine; seconds differ from day to day.

{table}

A permission is signed here: nothing is asked of the storage. A photo is read once, hashed and looked at by the web
process, then cleaned and drawn small by a child of the worker, which has to start first. On a machine with other work
to do the seconds are those of the queue for its cores: the process time is what a permission costs.
"""


if __name__ == "__main__":
    main()
