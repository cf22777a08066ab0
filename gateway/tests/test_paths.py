"""A path has one spelling, or it is refused."""

import pytest

from gateway.errors import Refusal
from gateway.places import Places

HOST = "api.example.com"


@pytest.mark.parametrize(
    ("raw", "base", "path", "encoded", "query"),
    [
        pytest.param("/api/v1/drf/bookings/7/", "/api/v1/drf", "/bookings/7/", "/bookings/7/", "", id="plain"),
        pytest.param("/api/v1/drf/bookings", "/api/v1/drf", "/bookings/", "/bookings/", "", id="final slash added"),
        pytest.param(
            "/api/v1/bookings/?a=%2e%2e", "/api/v1", "/bookings/", "/bookings/", "a=%2e%2e", id="query untouched"
        ),
        pytest.param(
            "/api/v1/drf/bookings/7/calendar.ics",
            "/api/v1/drf",
            "/bookings/7/calendar.ics",
            "/bookings/7/calendar.ics",
            "",
            id="a file keeps its name",
        ),
        pytest.param(
            "/api/v1/drf/services/s%C3%BC%C3%9F/",
            "/api/v1/drf",
            "/services/süß/",
            "/services/s%C3%BC%C3%9F/",
            "",
            id="decoded once, encoded the same",
        ),
        pytest.param(
            "/api/v1/drf/services/%61b/",
            "/api/v1/drf",
            "/services/ab/",
            "/services/ab/",
            "",
            id="needless encoding undone",
        ),
        pytest.param(
            "/api/v1/drf/services/a%20b/", "/api/v1/drf", "/services/a b/", "/services/a%20b/", "", id="blank"
        ),
        pytest.param(
            "http://api.example.com/api/v1/drf/x/", "/api/v1/drf", "/x/", "/x/", "", id="absolute form of our host"
        ),
        pytest.param("/api/v2/", "", "/api/v2/", "/api/v2/", "", id="no base"),
        pytest.param("/API/v1/drf/x/", "", "/API/v1/drf/x/", "/API/v1/drf/x/", "", id="case counts"),
    ],
)
def test_a_canonical_target_is_read(raw: str, base: str, path: str, encoded: str, query: str) -> None:
    place, asked = Places().find(raw, HOST.encode())

    assert (place.base, place.path, place.encoded, asked) == (base, path, encoded, query)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        *(
            pytest.param(f"/api/v1/drf/{part}", "bad_path", id=part)
            for part in (
                "/health/",
                "x/../users/",
                "x/./users/",
                "..",
                "..%2f",
                "%2e%2e/",
                "%252e%252e/",
                "a;b/",
                "a%3Bb/",
                "a\\b/",
                "a%5cb/",
                "%00/",
                "a%0d%0ab/",
                "a%2Fb/",
                "a%3Fb/",
                "a%23b/",
                "a%25/",
                "%zz/",
                "%ff/",
                "ü/",
                "a\tb/",
                "a//b/",
            )
        ),
        pytest.param("//api/v1/drf/health/", "bad_path", id="two slashes first"),
        pytest.param("/" + "a" * 2100, "uri_too_long", id="path over 2,048"),
        pytest.param("/x/?" + "a" * 8200, "uri_too_long", id="query over 8 KiB"),
        pytest.param("http://evil/admin", "bad_request", id="absolute form of another host"),
        pytest.param("ftp://api.example.com/x", "bad_request", id="another scheme"),
        pytest.param("*", "bad_request", id="asterisk form"),
        pytest.param("evil:443", "bad_request", id="authority form"),
    ],
)
def test_anything_ambiguous_is_refused(raw: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Places().find(raw, HOST.encode())

    assert refused.value.code == code
