"""What is told about finished requests."""

import os
import time
from typing import Any

import orjson
import pytest

from gateway.access_log import FULL_RATE, AccessLog
from gateway.journal import BATCH, Journal
from gateway.metrics import Finished, Metrics
from gateway.places import Places

DOCUMENT = {
    "paths": {
        "/services/": {},
        "/services/{id}/": {},
        "/services/featured/": {},
        "/services/{id}/agenda/{item_id}/": {},
    }
}


def finished(**changes: Any) -> Finished:
    said = {
        "request_id": "r",
        "method": "GET",
        "route": "/services/{id}/",
        "service": "catalog",
        "status": 200,
        "seconds": 0.003,
        "size": 56,
        "user_id": 7,
        "code": "",
        **changes,
    }
    return Finished(**said)


def test_a_line_says_what_and_how_long_and_never_the_path() -> None:
    read, write = os.pipe()
    log = AccessLog(write)

    log.write_all([finished(code="rate_limited", status=429)])
    log.close()

    line = orjson.loads(os.read(read, 10_000))
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "request",
        "request_id": "r",
        "method": "GET",
        "route": "/services/{id}/",
        "service": "catalog",
        "status": 429,
        "ms": 3.0,
        "size": 56,
        "user_id": 7,
        "code": "rate_limited",
    }
    os.close(read)
    os.close(write)


def test_above_a_thousand_a_second_every_tenth_is_kept_and_every_fault(tmp_path: Any) -> None:
    target = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    log = AccessLog(target, clock=lambda: 1_800_000_000.5)

    for _ in range(20):
        log.write_all([finished()] * 100)
    log.write_all([finished(status=502)])
    log.close()

    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    os.close(target)
    assert len(lines) == FULL_RATE + 100 + 1
    assert lines[FULL_RATE]["sampled"] == 10
    assert lines[-1]["status"] == 502


def test_a_reader_that_stops_reading_stops_nothing() -> None:
    read, write = os.pipe()
    log = AccessLog(write)

    began = time.monotonic()
    for _ in range(200):
        log.write_all([finished(status=500)] * 300)
        log.flush()

    assert time.monotonic() - began < 5
    os.close(read)
    log.close()
    os.close(write)


def test_figures_are_counted_in_batches_and_all_of_them() -> None:
    metrics = Metrics()
    journal = Journal(metrics, AccessLog(os.open(os.devnull, os.O_WRONLY)))

    for number in range(BATCH + 3):
        journal.note(finished(seconds=0.003 if number % 2 else 20.0, code="not_found" if number == 0 else ""))
    journal.close()

    text = metrics.render().decode()
    labels = 'method="GET",route="/services/{id}/",service="catalog",status="200"'
    assert f"gateway_requests_total{{{labels}}} {BATCH + 3}.0" in text
    assert f'gateway_request_seconds_bucket{{le="0.005",service="catalog"}} {(BATCH + 3) // 2}.0' in text
    assert f'gateway_request_seconds_bucket{{le="+Inf",service="catalog"}} {BATCH + 3}.0' in text
    assert f'gateway_request_seconds_count{{service="catalog"}} {BATCH + 3}.0' in text
    assert 'gateway_refusals_total{code="not_found"} 1.0' in text


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/services/", "/services/"),
        ("/services/7", "/services/{id}/"),
        ("/services/featured/", "/services/featured/"),
        ("/services/7/agenda/8/", "/services/{id}/agenda/{item_id}/"),
        ("/services/7/nonsense/8/9/", "/services/…"),
        ("/auth/favorites/7/remove/", "/auth/favorites/…"),
        ("/nope/7/", "unmatched"),
    ],
)
def test_requests_are_told_by_their_pattern(path: str, pattern: str) -> None:
    places = Places()
    assert places.find(f"/api/v1/drf{path}", b"a")[0].pattern != "/services/{id}/"

    places.load("catalog", DOCUMENT)

    assert places.find(f"/api/v1/drf{path}", b"a")[0].pattern == pattern
