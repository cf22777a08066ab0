"""Spans are told to a collector in OpenTelemetry's own form, and only when somebody asked for them."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared import tracing
from shared.settings import BadSettings

PARENT = f"00-{'1' * 32}-{'2' * 16}-01"


class Collector(http.server.ThreadingHTTPServer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.taken: list[ExportTraceServiceRequest] = []
        super().__init__(("127.0.0.1", 0), _Taking)


class _Taking(http.server.BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append(request)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - The parent's name.
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    tracing.stop_tracing()


def test_nothing_is_traced_unless_a_collector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)

    assert tracing.configure_tracing("bookings") is False
    assert tracing.begin_span("work", "INTERNAL", PARENT) is None
    with tracing.span("work", "INTERNAL", PARENT) as traceparent:
        assert traceparent == PARENT


def test_spans_reach_the_collector(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    tracing.configure_tracing("bookings")

    with (
        pytest.raises(ZeroDivisionError),
        tracing.span("work", "SERVER", PARENT, {"http.response.status_code": 500}) as traceparent,
    ):
        _ = 1 / 0
    tracing.stop_tracing()

    told = collector.taken[0].resource_spans[0]
    span = told.scope_spans[0].spans[0]
    assert {one.key: one.value.string_value for one in told.resource.attributes}["service.name"] == "bookings"
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("work", "1" * 32, "2" * 16)
    assert traceparent == f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01"
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert span.end_time_unix_nano >= span.start_time_unix_nano


@pytest.mark.parametrize("given", [None, "", "nonsense", "01-xx"])
def test_without_a_usable_parent_a_trace_begins(given: str | None) -> None:
    made = tracing.child_of(given)

    assert len(made) == 55
    assert made.endswith("-01")


def test_only_the_share_that_is_wanted_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        def on_end(self, span: object) -> None: ...
        def shutdown(self) -> None: ...

    tracing.trace_into(Nowhere(), "gateway", ratio=0.25)

    kept = sum(tracing.child_of(None).endswith("1") for _ in range(2000))

    assert 380 < kept < 620


def test_settings_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
    monkeypatch.setenv("TRACES_SAMPLE_RATIO", "2")

    with pytest.raises(BadSettings) as refused:
        tracing.configure_tracing("bookings")

    assert len(refused.value.problems) == 2
