"""R11: what a wall clock promises holds in twenty zones, on the days before, at and after each change of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.bookings.tests.world import World
from shared.clock import frozen_at
from shared.database import Database
from shared.testing.http import Caller

ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Chisinau", "Africa/Cairo", "Asia/Beirut"),
    *("Asia/Jerusalem", "America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Havana"),
    *("America/Santiago", "Atlantic/Azores", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland"),
    *("Pacific/Chatham", "Asia/Kathmandu", "Pacific/Apia", "Asia/Kolkata"),
)
VIEWERS = ("Pacific/Pago_Pago", "Pacific/Kiritimati")
STEP = timedelta(minutes=30)


def length_of(day: date, zone: ZoneInfo) -> timedelta:
    """Return how long a day lasts."""
    first, last = (datetime.combine(each, time(0), tzinfo=zone) for each in (day, day + timedelta(days=1)))
    return last.astimezone(UTC) - first.astimezone(UTC)


def changes(zone: ZoneInfo) -> list[date]:
    """Return the days of 2026 on which the clock changes; where it never does, any day."""
    days = [date(2026, 1, 8) + timedelta(days=number) for number in range(350)]
    return [day for day in days if length_of(day, zone) != timedelta(days=1)] or [date(2026, 6, 10)]


CASES = [pytest.param(zone, day, id=f"{zone} {day}") for zone in ZONES for day in changes(ZoneInfo(zone))]


class Practice:
    """A practitioner who works in a zone, asked for free times and series by people in others."""

    def __init__(self, world: World, http: Caller) -> None:
        self.world, self.http = world, http
        world.basics()
        world.service(duration_minutes=30)

    def open(self, zone: str, start: str, end: str) -> None:
        """Work every day from `start` to `end`."""
        slots = [{"day": day, "start": start, "end": end} for day in range(7)]
        schedules = [{"id": 1, "is_default": True, "is_active": True, "slots": slots}]
        self.world.calendar(timezone=zone, schedules=schedules, slot_interval_minutes=30)

    def starts(self, day: date, zone: str) -> list[dict[str, Any]]:
        """Return a day's free times, as somebody in `zone` sees them."""
        body = {"service_id": 50, "date": day.isoformat(), "timezone": zone}
        answer = self.http.post("/bookings/check_availability/", body)
        assert answer.status == 200, answer
        found: list[dict[str, Any]] = answer.json["available_slots"]
        return found


@pytest.fixture
def practice(database: Database, http: Caller) -> Practice:
    return Practice(World(database), http)


def morning_before(day: date) -> datetime:
    """Return an instant well before, and within what can be booked."""
    return datetime.combine(day - timedelta(days=12), time(3), tzinfo=UTC)


@pytest.mark.parametrize(("zone", "day"), CASES)
def test_the_clock_changes(practice: Practice, client: Caller, zone: str, day: date) -> None:
    place = ZoneInfo(zone)
    around = [day - timedelta(days=1), day, day + timedelta(days=1)]
    with frozen_at(morning_before(day)):
        practice.open(zone, "09:00", "10:00")
        for each in around:
            local = [slot["local_start"][:16] for slot in practice.starts(each, zone)]
            assert local == [f"{each}T09:00", f"{each}T09:30"]

        practice.open(zone, "00:00", "00:00")
        offered = practice.starts(day, zone)
        assert len(offered) == length_of(day, place) // STEP
        instants = [slot["start_time"] for slot in offered]
        assert len(set(instants)) == len(instants)
        for viewer in VIEWERS:
            # Their day may begin a day and more earlier or later.
            days = [day + timedelta(days=number) for number in (-2, -1, 0, 1)]
            seen = {slot["start_time"] for each in days for slot in practice.starts(each, viewer)}
            assert set(instants) <= seen

        practice.open(zone, "17:00", "19:00")
        first = datetime.combine(day - timedelta(days=8), time(18), tzinfo=place)
        series = client.post(
            "/bookings/create_recurring/",
            {
                "service_id": 50,
                "start_time": first.astimezone(UTC).isoformat(),
                "timezone": zone,
                "frequency": "weekly",
                "count": 3,
            },
        )
        assert series.status == 201, series
        hours = [
            datetime.fromisoformat(one["start_time"]).astimezone(place).strftime("%H:%M")
            for one in series.json["occurrences"]
        ]
        assert hours == ["18:00"] * 3


@pytest.mark.parametrize(
    ("zone", "day", "clock"),
    [("Europe/Berlin", "2026-03-29", "02:30"), ("America/New_York", "2026-03-08", "02:30")],
)
def test_an_hour_that_does_not_exist_can_not_be_asked_for(
    practice: Practice, client: Caller, zone: str, day: str, clock: str
) -> None:
    """Times come with their offset, so nobody has to guess; the instant after the gap is offered under its name."""
    with frozen_at(morning_before(date.fromisoformat(day))):
        practice.open(zone, "00:00", "06:00")
        wall = client.post("/bookings/", {"service_id": 50, "start_time": f"{day}T{clock}:00", "timezone": zone})
        local = [slot["local_start"][11:16] for slot in practice.starts(date.fromisoformat(day), zone)]

    assert (wall.status, list(wall.errors)) == (400, ["start_time"])
    assert clock not in local
    assert "03:30" in local
