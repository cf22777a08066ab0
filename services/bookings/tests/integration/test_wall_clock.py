"""Wall-clock hours across daylight-saving changes and zones, through the API."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.bookings.tests.world import World
from shared.clock import frozen_at
from shared.database import Database
from shared.testing.http import Answer, Caller


@pytest.fixture
def told(database: Database) -> World:
    return World(database)


def prepare(world: World, zone: str, start: str = "00:00", end: str = "06:00", **calendar: Any) -> None:
    slots = [{"day": day, "start": start, "end": end} for day in range(7)]
    schedules = [{"id": 1, "is_default": True, "is_active": True, "slots": slots}]
    world.basics(timezone=zone, schedules=schedules, **calendar)
    world.service(duration_minutes=30)


def starts(http: Caller, day: str, zone: str) -> list[str]:
    body = {"service_id": 50, "date": day, "timezone": zone}
    found = http.post("/bookings/check_availability/", body)
    assert found.status == 200, found
    return [slot["local_start"] for slot in found.json["available_slots"]]


def test_the_spring_gap_is_never_offered(told: World, http: Caller) -> None:
    with frozen_at(datetime(2026, 3, 20, tzinfo=UTC)):
        prepare(told, "Europe/Berlin")
        found = starts(http, "2026-03-29", "Europe/Berlin")

    assert not [one for one in found if "T02:" in one]
    assert len(found) == len(set(found)) == 19


def test_both_passes_of_the_autumn_hour_can_be_booked(told: World, http: Caller) -> None:
    with frozen_at(datetime(2026, 10, 20, tzinfo=UTC)):
        prepare(told, "America/New_York", slot_interval_minutes=30)
        found = starts(http, "2026-11-01", "America/New_York")
        twice = [one for one in found if one.startswith("2026-11-01T01:30")]
        answers = [
            http.as_user(user).post("/bookings/", {"service_id": 50, "start_time": start})
            for user, start in enumerate(twice, start=1)
        ]

    assert twice == ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"]
    assert [answer.status for answer in answers] == [201, 201]


def test_nine_stays_nine(told: World, http: Caller) -> None:
    with frozen_at(datetime(2026, 3, 20, tzinfo=UTC)):
        prepare(told, "Europe/Berlin", "09:00", "10:00")
        before, after = (starts(http, day, "Europe/Berlin") for day in ("2026-03-27", "2026-03-30"))

    assert before[0] == "2026-03-27T09:00:00+01:00"
    assert after[0] == "2026-03-30T09:00:00+02:00"


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe"])
def test_days_are_those_of_the_asked_zone(told: World, http: Caller, zone: str) -> None:
    with frozen_at(datetime(2030, 6, 3, tzinfo=UTC)):
        prepare(told, "America/St_Johns", "08:00", "20:00")
        found = starts(http, "2030-06-10", zone)

    assert found
    assert all(one.startswith("2030-06-10T") for one in found)


def test_bookings_keep_their_instant_when_the_calendar_moves(
    told: World, http: Caller, book: Callable[..., Answer]
) -> None:
    with frozen_at(datetime(2030, 6, 3, 9, tzinfo=UTC)):
        prepare(told, "America/New_York", "09:00", "17:00")
        booking = book(start_time="2030-06-04T13:00:00Z").json
        prepare(told, "Europe/Berlin", "09:00", "17:00")

        assert http.as_user(1).get(f"/bookings/{booking['id']}/").json["start_time"] == "2030-06-04T13:00:00Z"
        assert starts(http, "2030-06-04", "Europe/Berlin")[0] == "2030-06-04T09:00:00+02:00"
        assert book(start_time="2030-06-04T15:30:00Z").code == "slot_unavailable"


@pytest.mark.parametrize("zone", ["Foo/Bar", "EST5EDT4", "x" * 300, ""])
def test_zones_that_are_none(told: World, http: Caller, zone: str) -> None:
    body = {"service_id": 50, "date": "2030-06-04", "timezone": zone}

    assert http.post("/bookings/check_availability/", body).status == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("start_date=2030-06-04&end_date=2030-06-03", 400),
        ("start_date=2030-06-04&end_date=2030-07-06", 400),
        ("start_date=9999-12-31", 400),
        ("start_date=nonsense", 400),
        ("start_date=2030-06-04&end_date=2030-07-05", 200),
        ("start_date=2030-06-04&practitioner_id=77", 404),
        ("start_date=2030-06-04&practitioner_id=practitioner-10", 200),
        ("start_date=2030-06-04&foo=1", 400),
    ],
)
def test_ranges(told: World, http: Caller, query: str, status: int) -> None:
    with frozen_at(datetime(2030, 6, 3, tzinfo=UTC)):
        prepare(told, "UTC")
        answer = http.get(f"/bookings/available_slots/?service_id=50&{query}")

    assert answer.status == status
    if status == 200:
        again = http.get(f"/bookings/available_slots/?service_id=50&{query}")
        assert again.status == 200


def test_free_times_have_a_version(told: World, http: Caller, book: Callable[..., Answer]) -> None:
    path = "/bookings/available_slots/?service_id=50&start_date=2030-06-04"
    with frozen_at(datetime(2030, 6, 3, 9, tzinfo=UTC)):
        prepare(told, "UTC", "08:00", "20:00")
        etag = http.get(path).headers["ETag"]
        same = http.get(path, headers={"If-None-Match": etag})
        book(start_time="2030-06-04T10:00:00Z")
        other = http.get(path, headers={"If-None-Match": etag})

    assert (same.status, other.status) == (304, 200)


def test_why_nothing_is_free(told: World, http: Caller) -> None:
    with frozen_at(datetime(2030, 6, 3, 9, tzinfo=UTC)):
        away = [{"id": 1, "from_date": "2030-06-04", "to_date": "2030-06-06", "title": "Away"}]
        prepare(told, "UTC", "08:00", "20:00", time_off=away)
        body = {"service_id": 50, "date": "2030-06-04"}
        off = http.post("/bookings/check_availability/", body).json
        far = http.post("/bookings/check_availability/", {**body, "date": "2031-06-04"}).json
        dates = http.post("/bookings/available_dates/", {"service_id": 50, "days_ahead": 7}).json

    assert (off["reason"], off["next_available_date"]) == ("time_off", "2030-06-07")
    assert far["reason"] == "too_far"
    assert [one["date"] for one in dates["available_dates"]] == ["2030-06-03", "2030-06-07", "2030-06-08", "2030-06-09"]
