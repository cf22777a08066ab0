"""Traces across processes: a request, the event it recorded, its way through the broker, and what handled it.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; then spans go there over HTTP, in batches, and a collector
that is away costs nothing but the spans. What ties them together, the W3C `traceparent`, travels either way: in the
headers from the gateway, in the outbox, in the event. While this is off it is passed on as it came.
"""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shared.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

Kind = Literal["SERVER", "PRODUCER", "CONSUMER", "INTERNAL"]
Attributes = Mapping[str, str | int | float | bool]

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_ID_BITS = 56


@dataclass(frozen=True, kw_only=True)
class TracingSettings(Settings):
    """Where spans go, as `http://host:4318`, and which share of the traces that begin here is kept (0 to 1)."""

    otel_exporter_otlp_endpoint: str = ""
    traces_sample_ratio: float = 1.0

    def problems(self) -> list[str]:
        """Return what is wrong with the values together."""
        found = []
        if self.otel_exporter_otlp_endpoint and not self.otel_exporter_otlp_endpoint.startswith(
            ("http://", "https://")
        ):
            found.append("OTEL_EXPORTER_OTLP_ENDPOINT: must begin with http:// or https://")
        if not 0 <= self.traces_sample_ratio <= 1:
            found.append("TRACES_SAMPLE_RATIO: must be between 0 and 1")
        return found


class Sink(Protocol):
    """What takes finished spans: the SDK's batching exporter, or a test's list."""

    def on_end(self, span: "ReadableSpan") -> None: ...

    def shutdown(self) -> None: ...


class _Tracing:
    """What this process does with spans; nothing until `configure_tracing`."""

    sink: Sink | None = None
    resource: Any = None
    ratio: float = 1.0


def configure_tracing(service: str) -> bool:
    """Send this process's spans where the environment says; return whether it says so.

    Call it in the process that works, not in one that forks it: the exporter has a thread.
    """
    settings = TracingSettings.from_environ()
    if is_tracing() or not settings.otel_exporter_otlp_endpoint:
        return is_tracing()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    address = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
    trace_into(BatchSpanProcessor(OTLPSpanExporter(endpoint=address)), service, ratio=settings.traces_sample_ratio)
    return True


def trace_into(sink: Sink, service: str, *, ratio: float = 1.0) -> None:
    """Give finished spans of this process to `sink`, as `service`'s."""
    from opentelemetry.sdk.resources import Resource

    _Tracing.sink, _Tracing.ratio = sink, ratio
    _Tracing.resource = Resource.create({"service.name": service, "service.namespace": "estuary"})


def stop_tracing() -> None:
    """Send what is left, and trace no more."""
    if _Tracing.sink is not None:
        _Tracing.sink.shutdown()
    _Tracing.sink = None


def is_tracing() -> bool:
    """Whether spans are kept at all."""
    return _Tracing.sink is not None


class Span:
    """One piece of work under way. `traceparent` is what its own children, here or elsewhere, are told."""

    __slots__ = ("_attributes", "_began", "_kind", "_name", "_parent", "traceparent")

    def __init__(
        self, name: str, kind: Kind, parent: str | None, traceparent: str, *, began: int, attributes: Attributes
    ) -> None:
        self._name, self._kind, self._parent, self._began = name, kind, parent, began
        self._attributes = dict(attributes)
        self.traceparent = traceparent

    def end(self, *, name: str = "", failed: bool = False, attributes: Attributes | None = None) -> None:
        """Tell that the work is done; `name` is given where it is known only now."""
        tell_span(
            name or self._name,
            self._kind,
            self.traceparent,
            parent=self._parent,
            began=self._began,
            failed=failed,
            attributes={**self._attributes, **(attributes or {})},
        )


def begin_span(
    name: str, kind: Kind, parent: str | None, *, began: int | None = None, attributes: Attributes | None = None
) -> Span | None:
    """Begin a piece of work below `parent` (a traceparent, or None for a new trace); None when nobody wants it.

    `began` is in nanoseconds since 1970, now if it is not given.
    """
    if _Tracing.sink is None:
        return None
    traceparent = child_of(parent)
    if not traceparent.endswith("1"):
        return None
    return Span(
        name, kind, parent, traceparent, began=time.time_ns() if began is None else began, attributes=attributes or {}
    )


@contextmanager
def span(name: str, kind: Kind, parent: str | None, attributes: Attributes | None = None) -> Iterator[str | None]:
    """Trace the block; yields the traceparent for what the block causes, which is `parent` when nothing is traced."""
    begun = begin_span(name, kind, parent, attributes=attributes)
    if begun is None:
        yield parent
        return
    try:
        yield begun.traceparent
    except BaseException:
        begun.end(failed=True)
        raise
    begun.end()


def tell_span(
    name: str,
    kind: Kind,
    traceparent: str,
    *,
    parent: str | None,
    began: int,
    failed: bool,
    attributes: Attributes,
) -> None:
    """Hand over a span that is over, whose own id is that of `traceparent`, unless the trace is not wanted."""
    if _Tracing.sink is None or not traceparent.endswith("1"):
        return
    is_child = parent is not None and parent[:35] == traceparent[:35]
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanKind, Status, StatusCode

    _Tracing.sink.on_end(
        ReadableSpan(
            name,
            context=_context(traceparent, is_remote=False),
            parent=_context(parent, is_remote=True) if parent and is_child else None,
            resource=_Tracing.resource,
            attributes=attributes,
            kind=SpanKind[kind],
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=began,
            end_time=time.time_ns(),
        )
    )


def child_of(parent: str | None) -> str:
    """Return a traceparent below `parent`; the first of a new trace, if that is missing or none.

    Source: W3C Trace Context.
    """
    if parent is not None and _TRACEPARENT.fullmatch(parent):
        return f"{parent[:36]}{secrets.token_hex(8)}{parent[52:]}"
    trace_id = secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-{'01' if keeps(trace_id) else '00'}"


def keeps(trace_id: str) -> bool:
    """Whether a trace that begins here is of the share that is kept; where nothing is traced, others may want all."""
    return _Tracing.sink is None or int(trace_id[-14:], 16) < _Tracing.ratio * (1 << _ID_BITS)


def _context(traceparent: str, *, is_remote: bool) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags

    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=is_remote, trace_flags=TraceFlags(int(flags, 16)))
