"""Web pages: who may call, and what they are told not to do."""

from collections.abc import Callable

import pytest
import requests

from gateway.settings import GatewaySettings
from gateway.tests.running import EDGE_KEY, RunningGateway

Call = Callable[..., requests.Response]
ORIGIN = "https://app.example.com"


def test_our_page_may_call(running: RunningGateway, call: Call) -> None:
    answer = call("GET", "/services/", headers={"Origin": ORIGIN})

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com.evil.com",
        "https://evil.com",
        "null",
        "http://app.example.com",
        "https://APP.example.com",
    ],
)
def test_no_other_page_may(running: RunningGateway, call: Call, origin: str) -> None:
    preflight = call("OPTIONS", "/services/", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    answer = call("GET", "/services/", headers={"Origin": origin})

    assert preflight.status_code == 403
    assert not [name for name in (*preflight.headers, *answer.headers) if name.startswith("Access-Control")]


def test_a_preflight_is_answered_here(running: RunningGateway, call: Call) -> None:
    answer = call("OPTIONS", "/bookings/", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert running.service.seen == []
    assert len(answer.raw.headers.getlist("Access-Control-Allow-Origin")) == 1


def test_options_without_an_origin_tells_the_methods(call: Call) -> None:
    answer = call("OPTIONS", "/bookings/")

    assert answer.status_code == 204
    assert "POST" in answer.headers["Allow"]
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_errors_carry_the_headers_too(call: Call) -> None:
    answer = call("GET", "/nope/", headers={"Origin": ORIGIN})

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"edge_key": "short"}, "EDGE_KEY"),
        ({"cors_allowed_origins": ("*",)}, "CORS_ALLOWED_ORIGINS"),
        ({"estuary_env": "production", "cors_allowed_origins": ("http://a.example",)}, "CORS_ALLOWED_ORIGINS"),
        ({"estuary_env": "production", "jwt_legacy_secret": "short"}, "JWT_LEGACY_SECRET"),
        ({"api_v1_sunset": "soon"}, "API_V1_SUNSET"),
    ],
)
def test_dangerous_settings_refuse_to_start(changes: dict, named: str) -> None:
    problems = GatewaySettings(**{"edge_key": EDGE_KEY, **changes}).problems()

    assert len(problems) == 1
    assert problems[0].startswith(named)


def test_behind_https_and_past_the_sunset() -> None:
    sunset = RunningGateway(public_url="https://api.example.com", api_v1_sunset="2026-01-01").start()
    try:
        base = f"http://127.0.0.1:{sunset.port}"
        old = requests.get(f"{base}/api/v1/services/", timeout=5)
        new = requests.get(f"{base}/api/v1/drf/services/", timeout=5)
    finally:
        sunset.stop()

    assert (old.status_code, old.json()["code"]) == (410, "gone")
    assert new.headers["Strict-Transport-Security"].startswith("max-age=")
