"""Log lines say which request, or which chain of events, they belong to."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from uuid import UUID

import pytest

from shared.messaging.context import Context, working_for
from shared.observability import configure_logging

CHAIN = UUID(int=7)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging("bookings")
    yield stream
    root.handlers[:], root.level = before


def test_a_line_names_its_chain_and_its_trace(written: io.StringIO) -> None:
    with working_for(Context(correlation_id=CHAIN, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")):
        logging.getLogger("handlers").error("it went wrong")
    logging.getLogger("handlers").error("nobody asked for this")

    first, second = map(json.loads, written.getvalue().splitlines())
    assert first["correlation_id"] == str(CHAIN)
    assert first["trace_id"] == "a" * 32
    assert first["service"] == "bookings"
    assert "correlation_id" not in second
