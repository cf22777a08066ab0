"""Calendars and services with everything filled in that a case does not care about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.scheduling import Bookable, Calendar, Schedule, Window, slots

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")

# A Thursday long before the dates that the cases are about, which so lie inside the horizon of `calendar`.
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = date(2026, 6, 15)


def hours(*spans: str) -> tuple[Window, ...]:
    """Return the windows of spans such as "09:00-17:00"."""
    return tuple(Window.between(*span.split("-")) for span in spans)


def every_day(*spans: str, days: Sequence[int] = range(7)) -> tuple[tuple[int, Window], ...]:
    """Return weekly hours that are the same on each of the weekdays."""
    return tuple((day, window) for day in days for window in hours(*spans))


def schedule(*spans: str, **values: Any) -> Schedule:
    """Return an active default schedule with the same hours every day."""
    return Schedule(**{"id": 1, "is_default": True, "weekly": every_day(*spans)} | values)


def calendar(*spans: str, **values: Any) -> Calendar:
    """Return a calendar in Berlin without buffer and notice, with one schedule."""
    defaults = {
        "practitioner_id": 1,
        "timezone": "Europe/Berlin",
        "buffer_minutes": 0,
        "advance_booking_min_hours": 0,
        "advance_booking_max_days": 400,
        "slot_interval_minutes": 60,
        "schedules": (schedule(*spans),),
    }
    return Calendar(**defaults | values)


def service(minutes: int = 60, **values: Any) -> Bookable:
    """Return a service of that length."""
    return Bookable(**{"service_id": 1, "duration_minutes": minutes} | values)


def at(day: date, clock: str, zone: ZoneInfo = BERLIN) -> datetime:
    """Return the UTC instant of a time of day (its first occurrence)."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def span(day: date, start: str, end: str, zone: ZoneInfo = BERLIN) -> tuple[datetime, datetime]:
    """Return a busy interval."""
    return at(day, start, zone), at(day, end, zone)


def local_starts(
    of: Calendar,
    day: date,
    *,
    minutes: int = 60,
    busy: Sequence[tuple[datetime, datetime]] = (),
    zone: ZoneInfo = BERLIN,
    now: datetime = NOW,
    **values: Any,
) -> list[str]:
    """Return the offered starts of a day as clocks show them, such as "09:00"."""
    found = slots(of, service(minutes, **values), busy, day_from=day, day_to=day, zone=zone, now=now)
    return [slot.local_start.strftime("%H:%M") for slot in found.slots]


def days_of(year: int) -> list[date]:
    """Return every date of a year."""
    return [
        date(year, 1, 1) + timedelta(days=n) for n in range(366) if (date(year, 1, 1) + timedelta(days=n)).year == year
    ]
