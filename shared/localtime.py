"""Instants as people in a zone see them: whole days, wall-clock readings, words for lengths of time.

No arithmetic is done on local times: a day in a zone is the span between two instants, 23 or 25 hours long when the
clocks change.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return the first instant of `day` in `zone` and the first instant of the day after, both UTC."""
    return start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)


def start_of_day(day: date, zone: str) -> datetime:
    """Return the first instant of `day` in `zone`, in UTC.

    Where midnight is skipped by a change of clocks, that is the instant of the change; where it comes twice, the first.
    """
    midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
    first = midnight.astimezone(UTC)
    if first.astimezone(midnight.tzinfo).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return first
    # The wall clock never shows this midnight. Read with the offsets before and after the jump it lies on both sides
    # of the jump, which falls on a whole minute.
    before, after = midnight.replace(fold=1).astimezone(UTC), first
    while after - before > timedelta(minutes=1):
        middle = (before + (after - before) / 2).replace(second=0, microsecond=0)
        if local_day(middle, zone) < day:
            before = middle
        else:
            after = middle
    return after


def local_day(instant: datetime, zone: str) -> date:
    """Return the date that a calendar on the wall in `zone` shows at `instant`."""
    return instant.astimezone(ZoneInfo(zone)).date()


def local_text(instant: datetime, zone: str) -> str:
    """Return `instant` for people: `Tue 3 Nov 2026, 14:30 (Europe/Berlin)`."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone})"


def duration_text(minutes: int) -> str:
    """Return a length of time: `45m`, `2h`, `1h 30m`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours}h" if hours else "", f"{rest}m" if rest or not hours else "") if part)


def ago_text(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was, rounded down: `now`, `5 minutes ago`, `1 year ago`."""
    seconds = max(int((now - then).total_seconds()), 0)
    for unit, length in (
        ("year", 31_536_000),
        ("month", 2_592_000),
        ("week", 604_800),
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
    ):
        count = seconds // length
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "now"
