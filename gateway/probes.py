"""The gateway's own health and metrics, on a port that the public does not reach."""

import orjson

from gateway.client_request import ClientRequest
from gateway.identity import Identity
from gateway.journal import Journal
from gateway.metrics import Metrics
from gateway.pool import Service
from gateway.responses import GatewayResponse, date_line
from gateway.revocations import Revocations


class Probes:
    """`/health/live`, `/health/ready` (keys held and not draining) and `/metrics`."""

    def __init__(
        self,
        identity: Identity,
        revocations: Revocations,
        services: dict[str, Service],
        metrics: Metrics,
        journal: Journal,
    ) -> None:
        self._journal = journal
        self._identity = identity
        self._revocations = revocations
        self._services = services
        self._metrics = metrics
        self.draining = False

    def __call__(self, request: ClientRequest) -> None:
        """Answer a probe."""
        request.reply(self._answer(request))

    def _answer(self, request: ClientRequest) -> GatewayResponse:
        path = request.raw_path.rstrip("/")
        if path == "/health/live":
            return _json(200, {"status": "ok"})
        if path == "/health/ready":
            failing = [
                *(["identity: no keys are held yet"] if not self._identity.is_ready else []),
                *(["draining"] if self.draining else []),
            ]
            return _json(503 if failing else 200, {"status": "failing" if failing else "ok", "failing": failing})
        if path == "/metrics":
            self.observe()
            return _answer(200, "text/plain; version=0.0.4; charset=utf-8", self._metrics.render())
        return _json(404, {"message": "Not found.", "code": "not_found", "errors": {}})

    def observe(self) -> None:
        """Bring the gauges up to date."""
        self._journal.flush()
        self._metrics.identity_age.set(self._identity.age_seconds)
        self._metrics.clock_skew.set(self._identity.clock_skew_seconds)
        self._metrics.revocations.set(len(self._revocations))
        for name, service in self._services.items():
            self._metrics.in_flight.labels(name).set(service.in_flight)
            self._metrics.breaker_open.labels(name).set(int(service.breaker.is_open))


def _json(status: int, body: object) -> GatewayResponse:
    return _answer(status, "application/json", orjson.dumps(body))


def _answer(status: int, content_type: str, body: bytes) -> GatewayResponse:
    lines = f"Content-Type: {content_type}\r\nCache-Control: no-store\r\n".encode()
    return GatewayResponse(status, [lines, date_line()], body)
