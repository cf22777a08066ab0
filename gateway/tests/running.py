"""A real gateway and a real service behind it, on sockets of their own, in a thread of their own."""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.app import Gateway
from gateway.settings import SERVICES, GatewaySettings
from gateway.windows import SharedWindows
from shared.identity.keyset import public_jwk
from shared.identity.minting import mint_access_token

EDGE_KEY = "an-edge-key-of-at-least-thirty-two-characters"
KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = "http://localhost:8000"
BASE = "/api/v1/drf"
ROW = {"id": 7, "name": "Massage", "price": "100.00"}


@dataclass
class Seen:
    """A request as the service saw it; header names in lower case, repeated ones joined."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Reply:
    """What the service answers; `raw` replaces everything, `body_length` the truth about the body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b'{"id":7}'
    raw: bytes | None = None
    chunked: bool = False


Answering = Callable[[Seen], "Reply | Awaitable[Reply] | None"]


class FakeService:
    """One HTTP server that plays all ten services; `answering` decides, and None hangs up without a word."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.identity: dict[str, Any] = {
            "keys": {"keys": [public_jwk(KEY.public_key(), "k1")]},
            "revocations": [],
            "watermark": "w1",
        }
        self.identity_reads: list[Seen] = []
        self.answering: Answering = lambda _: Reply()
        self.connections = 0
        self.failing = False
        self.answers_early = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        line, *lines = head.strip().split("\r\n")
        method, target, _ = line.split(" ")
        headers: dict[str, str] = {}
        for name, _, value in (each.partition(": ") for each in lines):
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        seen = Seen(method, target, headers)
        path = target.partition("?")[0]
        if path == "/internal/identity/":
            self.identity_reads.append(seen)
            reply: Reply | None = Reply(503) if self.failing else Reply(body=orjson.dumps(self.identity))
        elif path == "/health/ready":
            reply = Reply(503 if self.failing else 200, body=b'{"status":"ok","version":"1"}')
        elif path == "/openapi.json":
            reply = Reply(404, body=b'{"code":"not_found"}')
        else:
            self.seen.append(seen)
            if self.answers_early:
                writer.write(_written(Reply(413), method))
                # Whatever comes on this connection before the body is complete is body, as HTTP has it.
                await reader.readexactly(int(headers.get("content-length", 0)))
                return True
            seen.body = await reader.readexactly(int(headers.get("content-length", 0)))
            told = self.answering(seen)
            reply = await told if isinstance(told, Awaitable) else told
        if reply is None:
            return False
        writer.write(_written(reply, method))
        await writer.drain()
        return reply.raw is None


def _written(reply: Reply, method: str) -> bytes:
    if reply.raw is not None:
        return reply.raw
    lines = [f"HTTP/1.1 {reply.status} Any", *(f"{name}: {value}" for name, value in reply.headers.items())]
    body = b"" if method == "HEAD" or reply.status in {204, 304} else reply.body
    if reply.chunked:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(
            b"%x\r\n%b\r\n" % (len(body[i : i + 4096]), body[i : i + 4096]) for i in range(0, len(body), 4096)
        )
        body += b"0\r\n\r\n"
    elif reply.status not in {204, 304}:
        lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join([*lines, "Server: gunicorn", "", ""]).encode() + body


class RunningGateway:
    """Runs until `stop`; `port` and `probe_port` are where it listens."""

    def __init__(self, **changes: Any) -> None:
        self.service = FakeService()
        self._changes = changes
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self._log = b""
        self._read_log, self._write_log = os.pipe()
        os.set_blocking(self._read_log, False)
        self._thread = threading.Thread(target=lambda: uvloop.run(self._main()), daemon=True)

    def start(self) -> "RunningGateway":
        self._thread.start()
        assert self._ready.wait(20)
        if self._problem is not None:
            raise self._problem
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)
        os.close(self._read_log)
        os.close(self._write_log)

    def call(self, work: Callable[[], Any]) -> Any:
        """Run something on the gateway's loop and return what it returns."""

        async def run() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(5)

    def logged(self, request_id: str) -> dict[str, Any]:
        """Return the line of a request, which is written a moment after its answer."""
        found: dict[str, Any] = {}

        def is_there() -> bool:
            self.call(self.gateway.journal.flush)
            with contextlib.suppress(BlockingIOError):
                self._log += os.read(self._read_log, 1_000_000)
            *lines, self._log = self._log.split(b"\n")
            for line in map(orjson.loads, lines):
                if line["request_id"] == request_id:
                    found.update(line)
            return bool(found)

        assert until(is_there)
        return found

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self.service.serve, "127.0.0.1", 0)
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            settings = {
                "estuary_env": "test",
                "edge_key": EDGE_KEY,
                "public_url": ISSUER,
                "cors_allowed_origins": ("https://app.example.com",),
                "rate_limit_enabled": False,
                **{f"{name}_url": (address,) for name in SERVICES},
                **self._changes,
            }
            self.settings = GatewaySettings(**settings)
            public, probes = _listening(), _listening()
            self.port, self.probe_port = public.getsockname()[1], probes.getsockname()[1]
            self.gateway = Gateway(self.settings, SharedWindows(4096), log_descriptor=self._write_log)
            await self.gateway.start(public, probes)
            for _ in range(500):
                if self.gateway.identity.is_ready or self.settings.auth_url != (address,):
                    break
                await asyncio.sleep(0.01)
        except BaseException as problem:
            self._problem = problem
            raise
        finally:
            self._ready.set()
        await self._stopping.wait()
        await self.gateway.stop(balancer_seconds=0)
        server.close()


def _listening() -> socket.socket:
    bound = socket.create_server(("127.0.0.1", 0), backlog=512)
    bound.setblocking(False)
    return bound


def token(**changes: Any) -> str:
    said = {"issuer": ISSUER, "user_id": 7, "uuid": "u-7", "session_id": "s-7", "token_id": "t-7", **changes}
    return mint_access_token(KEY, "k1", **said)


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


def until(holds: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    """Return True as soon as it holds; False when it still does not after so long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def exchange_bytes(port: int, data: bytes, *, timeout: float = 5.0, finish: bool = False) -> bytes:
    """Send bytes over a raw socket and return all that comes until the other side closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(data)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except TimeoutError:
            received += b"<still open>"
        except ConnectionResetError:
            pass
        return received
