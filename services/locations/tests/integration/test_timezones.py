"""Time zones of places and moments."""

import pytest

from shared.testing.http import Caller

pytestmark = pytest.mark.usefixtures("places")


def test_zones_come_by_offset(http: Caller) -> None:
    found = http.get("/timezones/").json

    offsets = [zone["utc_offset_minutes"] for zone in found]
    assert offsets == sorted(offsets)
    assert 400 < len(found) < 460
    assert len(http.get("/timezones/?common=false").json) > 500
    assert {zone["name"] for zone in http.get("/timezones/?country=DE").json} == {"Europe/Berlin", "Europe/Busingen"}
    assert [zone["name"] for zone in http.get("/timezones/?search=new york").json] == ["America/New_York"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("lat=40.7&lng=-74", "America/New_York"),
        ("zip=10001", "America/New_York"),
        ("city=4671654", "America/Chicago"),
        ("lat=-90&lng=0", "Antarctica/McMurdo"),
        ("lat=40.2&lng=-72.8", "America/New_York"),
    ],
)
def test_a_place_has_a_zone(http: Caller, query: str, name: str) -> None:
    assert http.get(f"/timezones/lookup/?{query}").json["name"] == name


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lat=90&lng=0", 404),
        ("lat=0&lng=-150", 404),
        ("zip=99999", 404),
        ("city=1", 404),
        ("lat=40", 400),
        ("", 400),
        ("zip=10001&at=2026-03-08T02:30:00", 400),
    ],
)
def test_no_zone_is_said_so(http: Caller, query: str, status: int) -> None:
    assert http.get(f"/timezones/lookup/?{query}").status == status


def test_a_moment_has_its_offset(http: Caller) -> None:
    summer = http.get("/timezones/lookup/?zip=10001&at=2026-07-01T12:00:00Z").json
    winter = http.get("/timezones/lookup/?zip=10001&at=2026-01-01T12:00:00%2B01:00").json

    assert (summer["utc_offset"], summer["is_dst"], summer["abbreviation"]) == ("-04:00", True, "EDT")
    assert (winter["utc_offset"], winter["next_transition"]) == ("-05:00", "2026-03-08T07:00:00Z")
