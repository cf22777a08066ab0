"""What operations ask every process that listens.

`/health/live` says that the process answers, whatever else is down. `/health/ready` says whether it can do its
work: 503 names the failing part. `/metrics` is Prometheus's text form. None needs the gateway's signature.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Histogram, generate_latest
from sqlalchemy import text

from shared.database import reading
from shared.database.revisions import is_at_head

CACHED_SECONDS = 2.0

Check = Callable[[], str | None]
"""Returns None when all is well, else a word that says what is not."""

REQUESTS = Histogram(
    "estuary_http_request_seconds",
    "Time to answer a request, by operation.",
    ["service", "operation", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def database_check(service: str) -> Check:
    """Return the check that the database answers and has every migration that this code needs."""

    def check() -> str | None:
        try:
            with reading() as connection:
                connection.execute(text("SELECT 1"))
                return None if is_at_head(service, connection) else "migrations_pending"
        except Exception:  # noqa: BLE001 - whatever the reason, this process can not work without it.
            return "unreachable"

    return check


class Readiness:
    """The checks of a process, their results kept for two seconds and shared by all who ask."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._at = 0.0
        self._failing: dict[str, str] = {}

    def failing(self) -> dict[str, str]:
        """Return the parts that are not ready and why; empty when the process is."""
        with self._lock:
            if time.monotonic() - self._at > CACHED_SECONDS or not self._at:
                found = {name: check() for name, check in self._checks.items()}
                self._failing = {name: reason for name, reason in found.items() if reason is not None}
                self._at = time.monotonic()
            return self._failing


def add_health(app: Flask, service: str, readiness: Readiness, notices: Readiness) -> None:
    """Serve the three paths, and count every other request. What `notices` says only marks the process degraded."""

    @app.get("/health/live")
    def live() -> Response:
        return jsonify({"status": "ok", "service": service})

    @app.get("/health/ready")
    def ready() -> tuple[Response, int]:
        failing = readiness.failing()
        degraded = notices.failing()
        status = "unavailable" if failing else "degraded" if degraded else "ok"
        state = {"status": status, "service": service, "failing": failing, "degraded": degraded}
        return jsonify(state), 503 if failing else 200

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)

    @app.before_request
    def start_clock() -> None:
        g.started_at = time.perf_counter()

    @app.after_request
    def observe(response: Response) -> Response:
        if not request.path.startswith(("/health/", "/metrics")):
            own: Any = g._get_current_object()
            labels = (service, own.get("operation_id", "none"), str(response.status_code))
            now = time.perf_counter()
            REQUESTS.labels(*labels).observe(now - own.get("started_at", now))
        return response
