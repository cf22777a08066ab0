"""Working hours of local dates as stretches of UTC time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from shared.scheduling.calendar import Calendar, Schedule, Window
from shared.scheduling.intervals import Interval, clip, merge, overlaps, subtract
from shared.scheduling.zones import DAY, datetime_of, day_exists, day_start, days_between, local_date, resolve

# Hours that go on for longer than this (round the clock, in practice) have no beginning worth counting from: after so
# many days starts are counted from each midnight. This bounds how far back hours must be known to answer about a day.
LONGEST_RUN_DAYS: Final = 7


@dataclass(frozen=True)
class Hours:
    """A schedule's hours around some stretch of time, all as merged intervals.

    `planned` is what the schedule says, `open` what is left of it after time off, holidays and blocked time.
    """

    zone: ZoneInfo
    planned: list[Interval]
    time_off: list[Interval]
    holidays: list[Interval]
    open: list[Interval]

    @classmethod
    def none(cls, zone: ZoneInfo) -> "Hours":
        """Return no hours at all."""
        return cls(zone, [], [], [], [])

    @cached_property
    def grids(self) -> list[tuple[int, int, int, int]]:
        """Where starts are counted from: (anchor, start, end, the open window's end), in order of time.

        A start in `[start, end)` lies a whole number of steps of elapsed time after the anchor.
        """
        return [grid for window in self.open for grid in _grids(window, self.zone)]


def hours_between(calendar: Calendar, schedule: Schedule, *, start: int, end: int) -> Hours:
    """Return the hours that matter for appointments lying in `[start, end)`."""
    zone = calendar.zone_of(schedule)
    first = local_date(start, zone) - (LONGEST_RUN_DAYS + 2) * DAY
    last = local_date(end, zone)

    planned = merge(
        (resolve(day, window.start, zone), resolve(day, window.end, zone))
        for day in days_between(first, last)
        if day_exists(day, zone)
        for window in _windows_on(day, calendar, schedule)
    )
    # The calendar's days may be shifted against the schedule's by up to a day either way, and windows end a day later.
    time_off = _time_off(calendar, first - DAY, last + 2 * DAY)
    holidays = _holidays(calendar, first - DAY, last + 2 * DAY)
    left = subtract(subtract(subtract(planned, time_off), holidays), calendar.blocked_minutes)
    return Hours(zone, planned, time_off, holidays, left)


@dataclass(frozen=True)
class WorkingDay:
    """One local date of a schedule: the stretches open on it (UTC), and what else it is."""

    date: date
    windows: tuple[tuple[datetime, datetime], ...]
    is_time_off: bool
    is_holiday: bool


def working_days(
    calendar: Calendar, *, day_from: date, day_to: date, service_id: int | None = None, schedule_id: int | None = None
) -> tuple[WorkingDay, ...]:
    """Return each date from `day_from` to `day_to` (included) in the schedule's zone with its hours, also past ones.

    Without a schedule no day has hours. Bookings, notice and horizon play no part.
    """
    schedule = calendar.schedule_for(service_id=service_id, schedule_id=schedule_id) or Schedule(id=0)
    zone = calendar.zone_of(schedule)
    hours = hours_between(calendar, schedule, start=day_start(day_from, zone), end=day_start(day_to + DAY, zone))
    return tuple(_working_day(day, hours) for day in days_between(day_from, day_to))


def _working_day(day: date, hours: Hours) -> WorkingDay:
    start, end = day_start(day, hours.zone), day_start(day + DAY, hours.zone)
    return WorkingDay(
        date=day,
        windows=tuple((datetime_of(first), datetime_of(last)) for first, last in clip(hours.open, start, end)),
        is_time_off=overlaps(hours.time_off, start, end),
        is_holiday=overlaps(hours.holidays, start, end),
    )


def _windows_on(day: date, calendar: Calendar, schedule: Schedule) -> tuple[Window, ...]:
    for windows_by_date in (schedule.windows_by_date, calendar.windows_by_date):
        if day in windows_by_date:
            return windows_by_date[day]
    return schedule.windows_by_weekday[day.weekday()]


def _time_off(calendar: Calendar, first: date, last: date) -> list[Interval]:
    return merge(
        (day_start(max(away.from_date, first), calendar.zone), day_start(min(away.to_date, last) + DAY, calendar.zone))
        for away in calendar.time_off
        if away.from_date <= last and away.to_date >= first
    )


def _holidays(calendar: Calendar, first: date, last: date) -> list[Interval]:
    if not calendar.respect_holidays:
        return []
    return merge(
        (day_start(day, calendar.zone), day_start(day + DAY, calendar.zone))
        for day in calendar.holidays
        if first <= day <= last
    )


def _grids(window: Interval, zone: ZoneInfo) -> Iterator[tuple[int, int, int, int]]:
    start, end = window
    day = local_date(start, zone) + (LONGEST_RUN_DAYS + 1) * DAY
    midnight = day_start(day, zone)
    yield (start, start, min(midnight, end), end)
    while midnight < end:
        day += DAY
        following = day_start(day, zone)
        yield (midnight, midnight, min(following, end), end)
        midnight = following
