"""Free times worked out the slow way: minute by minute, from what clocks show, with no function of `shared.scheduling`.

It reads the rules anew: it never asks for the instant of a wall-clock time, but looks for it in a table of what clocks
in the zone showed at each minute.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.scheduling import Bookable, Calendar, Schedule

MINUTE = timedelta(minutes=1)
LOOK_BACK, LOOK_AHEAD = 12, 4


def offered_starts(
    calendar: Calendar,
    service: Bookable,
    busy: Sequence[tuple[datetime, datetime]],
    day: date,
    zone: ZoneInfo,
    now: datetime,
) -> list[datetime]:
    """Return the starts (UTC) that are on offer on a day of `zone`."""
    schedule = _schedule(calendar, service)
    if schedule is None or not calendar.is_active or not service.is_active:
        return []

    own_zone = ZoneInfo(schedule.timezone or calendar.timezone)
    walls = _clock(own_zone, day)
    is_open = _open_minutes(calendar, schedule, own_zone, day)
    beginnings = _run_beginnings(is_open, walls)
    taken = _minutes_within(busy)
    earliest = now + timedelta(hours=calendar.advance_booking_min_hours)
    last_date = now.astimezone(own_zone).date() + timedelta(days=calendar.advance_booking_max_days)

    found = []
    for start in walls:
        if start.astimezone(zone).date() != day or start not in is_open:
            continue
        appointment = [start + n * MINUTE for n in range(service.duration_minutes)]
        with_buffer = [start + n * MINUTE for n in range(service.duration_minutes + calendar.buffer_minutes)]
        if (
            start > earliest
            and walls[start].date() <= last_date
            and _is_before(start, service.available_until)
            and _is_before(start, service.valid_until)
            and all(minute in is_open for minute in appointment)
            and not any(minute in taken for minute in with_buffer)
            and (start - beginnings[start]) // MINUTE % calendar.slot_interval_minutes == 0
        ):
            found.append(start)
    return found


def _is_before(start: datetime, bound: datetime | None) -> bool:
    return bound is None or start < bound


def _schedule(calendar: Calendar, service: Bookable) -> Schedule | None:
    active = sorted((s for s in calendar.schedules if s.is_active), key=lambda s: s.id)
    for fits in (
        lambda s: s.service_id is not None and s.service_id == service.service_id,
        lambda s: s.id == service.schedule_id,
        lambda s: s.is_default,
        lambda s: True,
    ):
        if chosen := [s for s in active if fits(s)]:
            return chosen[-1]
    return None


@lru_cache(maxsize=64)
def _clock(zone: ZoneInfo, day: date) -> dict[datetime, datetime]:
    """What clocks in the zone show (naive) at each minute (UTC) around the day."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=LOOK_BACK)
    minutes = (first + n * MINUTE for n in range((LOOK_BACK + LOOK_AHEAD) * 24 * 60))
    return {minute: minute.astimezone(zone).replace(tzinfo=None) for minute in minutes}


@lru_cache(maxsize=64)
def _first_shown(zone: ZoneInfo, day: date) -> dict[datetime, datetime]:
    """The first minute (UTC) at which clocks in the zone show a time."""
    shown: dict[datetime, datetime] = {}
    for minute, wall in _clock(zone, day).items():
        shown.setdefault(wall, minute)
    return shown


def _instant(wall: datetime, zone: ZoneInfo, day: date) -> datetime:
    """The first minute that clocks show `wall`; if they never do, as long after the last time they do show."""
    shown = _first_shown(zone, day)
    missing = 0
    while wall - missing * MINUTE not in shown:
        missing += 1
    return shown[wall - missing * MINUTE] + missing * MINUTE


def _open_minutes(calendar: Calendar, schedule: Schedule, zone: ZoneInfo, day: date) -> set[datetime]:
    minutes: set[datetime] = set()
    for distance in range(-LOOK_BACK + 2, LOOK_AHEAD - 2):
        local = day + timedelta(days=distance)
        midnight = datetime(local.year, local.month, local.day)
        own = {override.date: override.windows for override in schedule.date_overrides}
        general = {override.date: override.windows for override in calendar.date_overrides}
        weekly = tuple(window for weekday, window in schedule.weekly if weekday == local.weekday())
        for window in own.get(local, general.get(local, weekly)):
            minute = _instant(midnight + window.start * MINUTE, zone, day)
            end = _instant(midnight + window.end * MINUTE, zone, day)
            while minute < end:
                minutes.add(minute)
                minute += MINUTE

    blocked = _minutes_within(calendar.blocked)
    closed_on = set(calendar.holidays) if calendar.respect_holidays else set()
    for away in calendar.time_off:
        closed_on |= {away.from_date + timedelta(days=n) for n in range((away.to_date - away.from_date).days + 1)}
    if closed_on or blocked:
        walls = _clock(ZoneInfo(calendar.timezone), day)
        minutes = {m for m in minutes if m not in blocked and walls[m].date() not in closed_on}
    return minutes


def _run_beginnings(is_open: set[datetime], walls: dict[datetime, datetime]) -> dict[datetime, datetime]:
    """From when each open minute's steps count: since when it is open without a break; if too long ago, midnight."""
    beginnings: dict[datetime, datetime] = {}
    opened, midnight = None, None
    for minute, wall in walls.items():
        opened = (opened or minute) if minute in is_open else None
        if midnight is None or walls[midnight].date() != wall.date():
            midnight = minute
        if opened is not None:
            too_long = (wall.date() - walls[opened].date()).days > 7
            beginnings[minute] = midnight if too_long else opened
    return beginnings


def _minutes_within(intervals: Sequence[tuple[datetime, datetime]]) -> set[datetime]:
    minutes: set[datetime] = set()
    for start, end in intervals:
        minute = start.replace(second=0, microsecond=0)
        while minute < end:
            minutes.add(minute)
            minute += MINUTE
    return minutes
