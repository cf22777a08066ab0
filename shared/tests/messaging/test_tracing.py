"""One trace leads from a request through the outbox and the broker to what was done about it."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared import tracing
from shared.database import Database
from shared.messaging.context import Context, working_for
from shared.tests.messaging.conftest import Running
from tests.chaos import toy
from tests.chaos.servers import eventually

REQUEST = f"00-{'a' * 32}-{'b' * 16}-01"


class Spans:
    """Keeps finished spans in memory."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def on_end(self, span: Any) -> None:
        self.kept.append(span)

    def shutdown(self) -> None:
        """Nothing to send."""

    def named(self, name: str) -> Any:
        return next((span for span in self.kept if span.name == name), None)


@pytest.fixture
def spans() -> Iterator[Spans]:
    sink = Spans()
    tracing.trace_into(sink, "shop")
    yield sink
    tracing.stop_tracing()


def test_an_event_carries_its_trace_to_its_reader(
    shop: Database, mirror: Database, running: Running, spans: Spans
) -> None:
    running.relay()
    running.consumer()

    with working_for(Context(traceparent=REQUEST)), shop.transaction() as session:
        toy.credit(session, 1)

    eventually(lambda: spans.named("process account.credited") is not None)
    sent, processed = spans.named("send account.credited"), spans.named("process account.credited")
    assert f"{sent.context.trace_id:032x}" == "a" * 32
    assert f"{sent.parent.span_id:016x}" == "b" * 16
    assert processed.parent.span_id == sent.context.span_id
    assert processed.context.trace_id == sent.context.trace_id
    assert sent.start_time <= processed.start_time <= processed.end_time


def test_a_trace_that_nobody_wants_is_passed_on_and_not_kept(
    shop: Database, mirror: Database, running: Running, spans: Spans
) -> None:
    running.relay()
    running.consumer()

    with working_for(Context(traceparent=REQUEST[:-1] + "0")), shop.transaction() as session:
        toy.credit(session, 1)

    eventually(lambda: mirror_has_effects(mirror))
    assert spans.kept == []


def mirror_has_effects(mirror: Database) -> bool:
    with mirror.transaction() as session:
        return session.query(toy.Effect).count() > 0
