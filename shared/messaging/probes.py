"""What operations ask a worker: `/health/live`, `/health/ready` and `/metrics` on a small port of its own."""

import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

log = logging.getLogger(__name__)

Ready = Callable[[], dict[str, Any]]
"""Returns what `/health/ready` says; `failing` is empty when the process can do its work."""


class Probes(ThreadingHTTPServer):
    """The small HTTP server of a worker."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, bind: str, *, service: str, ready: Ready) -> None:
        host, _, port = bind.rpartition(":")
        self.service = service
        self.ready = ready
        super().__init__((host, int(port)), _Handler)

    @property
    def port(self) -> int:
        """The port that was taken."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Probes
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        if path == "/health/live":
            self._answer(200, {"status": "ok", "service": self.server.service})
        elif path == "/health/ready":
            state = self.server.ready()
            self._answer(503 if state["failing"] else 200, state)
        elif path == "/metrics":
            self._send(200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
        else:
            self._answer(404, {"message": "Not found.", "code": "not_found", "errors": {}})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, orjson.dumps(body), "application/json")

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - The parent's name.
        """Say nothing: probes come every few seconds."""
