"""The calendar's event: the shape that is published, and what is read from it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.scheduling import Calendar, DateOverride, Schedule, TimeOff, Window

EVENT: dict[str, Any] = {
    "practitioner_id": 7,
    "timezone": "America/New_York",
    "country_code": "US",
    "is_active": True,
    "buffer_minutes": 10,
    "advance_booking_min_hours": 12,
    "advance_booking_max_days": 60,
    "slot_interval_minutes": 30,
    "auto_accept_bookings": False,
    "respect_holidays": True,
    "holidays": ["2026-07-03", "2026-12-25"],
    "schedules": [
        {
            "id": 3,
            "name": "Studio",
            "description": "",
            "timezone": None,
            "is_default": True,
            "is_active": True,
            "service_id": None,
            "slots": [
                {"day": 0, "start": "09:00", "end": "17:00"},
                {"day": 4, "start": "18:00", "end": "24:00"},
                {"day": 5, "start": "22:00", "end": "02:00"},
            ],
            "date_overrides": [{"date": "2026-12-24", "windows": [{"start": "09:00", "end": "12:00"}]}],
        }
    ],
    "date_overrides": [{"date": "2026-12-31", "windows": []}],
    "time_off": [{"id": 1, "from_date": "2026-07-01", "to_date": "2026-07-14", "title": "Summer"}],
    "blocked": [{"start": "2026-06-01T09:00:00Z", "end": "2026-06-01T10:30:00Z"}],
}
CALENDAR = Calendar(
    practitioner_id=7,
    timezone="America/New_York",
    country_code="US",
    buffer_minutes=10,
    advance_booking_min_hours=12,
    advance_booking_max_days=60,
    slot_interval_minutes=30,
    holidays=frozenset({date(2026, 7, 3), date(2026, 12, 25)}),
    schedules=(
        Schedule(
            id=3,
            name="Studio",
            is_default=True,
            weekly=((0, Window(540, 1020)), (4, Window(1080, 1440)), (5, Window(1320, 1560))),
            date_overrides=(DateOverride(date(2026, 12, 24), (Window(540, 720),)),),
        ),
    ),
    date_overrides=(DateOverride(date(2026, 12, 31)),),
    time_off=(TimeOff(date(2026, 7, 1), date(2026, 7, 14), title="Summer", id=1),),
    blocked=((datetime(2026, 6, 1, 9, tzinfo=UTC), datetime(2026, 6, 1, 10, 30, tzinfo=UTC)),),
)


def test_the_event_is_read() -> None:
    assert Calendar.from_event(EVENT) == CALENDAR


def test_the_event_is_written_as_json_values() -> None:
    assert json.loads(json.dumps(CALENDAR.to_event())) == EVENT


def test_instants_are_written_in_utc() -> None:
    start = datetime(2026, 6, 1, 11, tzinfo=timezone(timedelta(hours=2)))
    end = datetime(2026, 6, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))

    assert replace(CALENDAR, blocked=((start, end),)).to_event()["blocked"] == EVENT["blocked"]


def test_unknown_keys_are_ignored_and_absent_ones_take_defaults() -> None:
    assert Calendar.from_event({"practitioner_id": 7, "mood": "sunny"}) == Calendar(practitioner_id=7)
    assert Calendar.from_event({"practitioner_id": 7, "schedules": [{"id": 1}]}).schedules == (Schedule(id=1),)


def test_times_with_seconds_and_null_lists_of_text_are_read() -> None:
    slot = {"day": 0, "start": "09:00:00", "end": "00:00:00"}

    [schedule] = Calendar.from_event(
        {"practitioner_id": 7, "schedules": [{"id": 1, "description": None, "slots": [slot]}]}
    ).schedules

    assert schedule.weekly == ((0, Window(540, 1440)),)
    assert schedule.description == ""


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"holidays": ["2025-02-30"]}, "day is out of range"),
        ({"blocked": [{"start": "2026-06-01T09:00:00", "end": "2026-06-01T10:00:00Z"}]}, "needs its offset"),
        ({"date_overrides": [{"date": "2026-06-01", "windows": [{"start": "25:00", "end": "26:00"}]}]}, "time of day"),
        ({"slot_interval_minutes": 0}, "slot interval"),
    ],
)
def test_what_has_not_that_shape_is_refused(broken: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Calendar.from_event({**EVENT, **broken})


def test_a_calendar_names_its_practitioner() -> None:
    with pytest.raises(KeyError):
        Calendar.from_event({"timezone": "UTC"})
