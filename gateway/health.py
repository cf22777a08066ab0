"""How all ten services are, at a glance."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.errors import Refusal
from gateway.internal import Internal, whole_body
from gateway.settings import SERVICES, GatewaySettings
from gateway.upstream_answers import UpstreamError

CACHED_SECONDS = 2.0
PROBE_SECONDS = 1.0
_MESSAGES = {
    "healthy": "All services are up.",
    "degraded": "Some services are not available.",
    "unhealthy": "No service is available.",
}


class Health:
    """Asks `/health/ready` of all services at once; the outcome is kept for two seconds and shared by all who ask."""

    def __init__(self, internal: Internal, settings: GatewaySettings) -> None:
        self._internal = internal
        self._settings = settings
        self._report: dict[str, Any] = {}
        self._made_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def report(self, *, for_staff: bool) -> tuple[int, dict[str, Any]]:
        """Return status and report; which parts fail is told to staff, and to anybody outside production."""
        if time.monotonic() - self._made_at > CACHED_SECONDS:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask_all())
            await asyncio.shield(self._asking)
        report = self._report
        if self._settings.is_production and not for_staff:
            services = {name: {**told, "failing": []} for name, told in report["services"].items()}
            report = {**report, "services": services}
        return 503 if report["status"] == "unhealthy" else 200, report

    async def _ask_all(self) -> None:
        told = await asyncio.gather(*(self._ask(service) for service in SERVICES))
        states = [one["status"] for one in told]
        status = "degraded"
        if all(state == "up" for state in states):
            status = "healthy"
        elif all(state == "down" for state in states):
            status = "unhealthy"
        self._report = {
            "status": status,
            "message": _MESSAGES[status],
            "version": self._settings.estuary_version,
            "environment": self._settings.estuary_env,
            "time": _now(),
            "services": dict(zip(SERVICES, told, strict=True)),
        }
        self._made_at = time.monotonic()

    async def _ask(self, service: str) -> dict[str, Any]:
        began = time.perf_counter()
        one: dict[str, Any] = {"status": "down", "latency_ms": None, "version": None, "failing": [], "checked_at": ""}
        try:
            answer = await self._internal.get(service, "/health/ready", seconds=PROBE_SECONDS)
            body = await whole_body(answer)
            one["latency_ms"] = round((time.perf_counter() - began) * 1000, 1)
            told = orjson.loads(body) if body else {}
            one["version"] = told.get("version")
            one["failing"] = _failing(told)
            one["status"] = "down" if answer.status >= 500 else "degraded" if told.get("status") == "degraded" else "up"
            if answer.status >= 400 and answer.status < 500:
                one["status"] = "degraded"
        except (Refusal, UpstreamError, AttributeError, orjson.JSONDecodeError):
            one["failing"] = one["failing"] or ["no answer"]
        one["checked_at"] = _now()
        return one


def _failing(told: dict[str, Any]) -> list[str]:
    """Return the names of failing parts; services say `failing: [part]` or `failing: {part: why}`."""
    failing = told.get("failing") or []
    return sorted(failing) if isinstance(failing, dict) else [str(part) for part in failing]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
