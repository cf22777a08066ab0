"""What Prometheus reads: by route pattern and service, never by raw path."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.values import ValueClass

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Finished(NamedTuple):
    """A request whose answer is out; `code` is set when the gateway itself refused."""

    request_id: str
    method: str
    route: str
    service: str
    status: int
    seconds: float
    size: int
    user_id: int | None
    code: str


class Metrics:
    """The gateway's own figures. With several workers they are summed through PROMETHEUS_MULTIPROC_DIR."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "gateway_requests_total",
            "Requests answered.",
            ["service", "route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gateway_request_seconds",
            "Time to answer, by service.",
            ["service"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "gateway_refusals_total", "Requests that the gateway answered itself.", ["code"], registry=self.registry
        )
        self.identity_age = self._gauge("identity_age_seconds", "Since auth was last heard.", "max")
        self.clock_skew = self._gauge("clock_skew_seconds", "Between auth's clock and ours.", "max")
        self.revocations = self._gauge("gateway_revocations", "Live revocations held.", "max")
        self.in_flight = self._gauge("gateway_in_flight", "Requests under way.", "livesum", "service")
        self.breaker_open = self._gauge("gateway_breaker_open", "1 while a service is left alone.", "max", "service")
        self.sockets = self._gauge("gateway_websockets", "Open sockets.", "livesum")

    def observe(self, finished: Iterable[Finished]) -> None:
        """Count finished requests, each kind of them at once."""
        counts: defaultdict[tuple[str, str, str, int], int] = defaultdict(int)
        seconds: defaultdict[str, list[float]] = defaultdict(list)
        for _, method, route, service, status, taken, _, _, code in finished:
            counts[service, route, method, status] += 1
            seconds[service].append(taken)
            if code:
                self._refusals.labels(code).inc()
        for key, count in counts.items():
            self._requests.labels(*map(str, key)).inc(count)
        for service, values in seconds.items():
            _observe_all(self._seconds.labels(service), values)

    def render(self) -> bytes:
        """Return the figures of all workers in Prometheus' text form."""
        if getattr(ValueClass, "_multiprocess", False):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self.registry)

    def _gauge(self, name: str, told: str, mode: str, *labels: str) -> Gauge:
        return Gauge(name, told, labels, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]


def _observe_all(histogram: Histogram, values: list[float]) -> None:
    """Observe many values at once: one by one, this alone would take a tenth of a request's time."""
    counts = [0] * len(histogram._upper_bounds)
    for value in values:
        counts[bisect_left(histogram._upper_bounds, value)] += 1
    for bucket, count in zip(histogram._buckets, counts, strict=True):
        if count:
            bucket.inc(count)
    histogram._sum.inc(sum(values))
