"""Every path lands at the service that documents it."""

import pytest

from gateway.openapi import read_descriptions
from gateway.routes import EXACT, SEGMENTS, Route, RouteTable

TABLE = RouteTable()


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/auth/login/", "auth"),
        ("/users/7/", "auth"),
        ("/auth/stats/", "bookings"),
        ("/auth/favorites/", "practitioners"),
        ("/auth/favorites/7/remove/", "practitioners"),
        ("/auth/favorite-services/add/", "catalog"),
        ("/auth/modality-preferences/7/remove/", "catalog"),
        ("/auth/recommendations/", "catalog"),
        ("/services/7/waitlist/", "bookings"),
        ("/services/7/", "catalog"),
        ("/services/waitlist/", "catalog"),
        ("/practitioners/balance/", "payments"),
        ("/practitioners/request_payout/", "payments"),
        ("/practitioners/balances/", "practitioners"),
        ("/webhooks/stripe/", "payments"),
        ("/webhooks/livekit/", "streams"),
        ("/rooms/webhooks/livekit/", "streams"),
        ("/rooms/r1/", "streams"),
        ("/notifications/ws/", "realtime"),
        ("/notifications/ws-ticket/", "notifications"),
        ("/bookings/7/calendar.ics", "bookings"),
        ("/bookings/calendar/t.ics", "bookings"),
        ("/health/", "gateway"),
        ("/docs/assets/x.js", "gateway"),
    ],
)
def test_a_path_leads_to_its_service(path: str, service: str) -> None:
    route = TABLE.find(path)

    assert route is not None
    assert route.service == service


@pytest.mark.parametrize(
    "path", ["/", "/internal/identity/", "/metrics/", "/openapi.json/", "/nope/", "/webhooks/other/"]
)
def test_what_is_private_leads_nowhere(path: str) -> None:
    assert TABLE.find(path) is None


def test_two_owners_of_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="two owners"):
        RouteTable([Route(service="auth", pattern="/a/b/"), Route(service="media", pattern="/a/b/")])


@pytest.mark.parametrize(("service", "document"), read_descriptions().items())
def test_every_documented_path_lands_at_its_own_service(service: str, document: dict) -> None:
    strays = {
        path: found.service if (found := TABLE.find(path)) else None
        for path in document["paths"]
        if not path.startswith("/internal/")
        and ((found := TABLE.find(path)) is None or found.service not in {service, "realtime"})
    }

    assert strays == {}


def test_raw_feeds_take_no_token_and_writes_to_auth_are_small() -> None:
    feed = TABLE.find("/bookings/calendar/t.ics")
    login = TABLE.find("/auth/login/")

    assert feed is not None
    assert login is not None
    assert (feed.raw, feed.ignore_token) == (True, True)
    assert (login.body_bytes, login.flat, login.compress) == (16 * 1024, "body", False)


@pytest.mark.parametrize(
    ("path", "method", "wait", "seconds"),
    [
        ("/bookings/", "POST", 0, 10),
        ("/bookings/", "POST", 20, 25),
        ("/bookings/", "POST", 2, 10),
        ("/bookings/", "POST", 900, 35),
        ("/reviews/", "POST", 20, 10),
        ("/payment-methods/", "POST", 0, 25),
        ("/payment-methods/", "GET", 0, 10),
        ("/media/upload/", "POST", 0, 600),
        ("/media/", "POST", 0, 600),
        ("/media/", "GET", 0, 10),
        ("/media/7/confirm_upload/", "POST", 0, 20),
    ],
)
def test_time_to_answer(path: str, method: str, wait: float, seconds: float) -> None:
    route = TABLE.find(path)

    assert route is not None
    assert route.answer_seconds(method, wait) == seconds


def test_exact_paths_never_hide_a_whole_segment() -> None:
    assert all(route.pattern.count("/") > 1 for route in EXACT if route.service != "gateway")
    assert len(SEGMENTS) > 40
