"""What Prometheus reads: by route pattern and service, never by raw path."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.values import ValueClass

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


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
        self.revocations = self._gauge("gateway_revocations", "Live revocations held.", "max")
        self.in_flight = self._gauge("gateway_in_flight", "Requests under way.", "livesum", "service")
        self.breaker_open = self._gauge("gateway_breaker_open", "1 while a service is left alone.", "max", "service")
        self.sockets = self._gauge("gateway_websockets", "Open sockets.", "livesum")
        self._request_children: dict[tuple[str, str, str, int], Counter] = {}
        self._seconds_children: dict[str, Histogram] = {}

    def observe(self, service: str, route: str, method: str, status: int, seconds: float) -> None:
        """Count a finished request."""
        key = (service, route, method, status)
        child = self._request_children.get(key)
        if child is None:
            child = self._request_children[key] = self._requests.labels(service, route, method, str(status))
        child.inc()
        histogram = self._seconds_children.get(service)
        if histogram is None:
            histogram = self._seconds_children[service] = self._seconds.labels(service)
        histogram.observe(seconds)

    def refused(self, code: str) -> None:
        """Count an answer of the gateway's own."""
        self._refusals.labels(code).inc()

    def render(self) -> bytes:
        """Return the figures of all workers in Prometheus' text form."""
        if getattr(ValueClass, "_multiprocess", False):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self.registry)

    def _gauge(self, name: str, told: str, mode: str, *labels: str) -> Gauge:
        return Gauge(name, told, labels, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]
