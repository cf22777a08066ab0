"""When a person's mail may come: quiet hours, pause and digest, by the clock on their wall.

All rules are local times in the person's zone; what comes out is an instant in UTC. A wall-clock time that a change of
clocks skips is the first minute after the gap; one that comes twice is the first.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DIGESTS = ("off", "hourly", "daily", "weekly")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What a person chose. `quiet_days` are the weekdays (0 Monday) on which a quiet window begins; none: every day."""

    quiet_hours_enabled: bool = False
    quiet_start: time = time(22)
    quiet_end: time = time(7)
    quiet_days: list[int] | tuple[int, ...] = ()
    digest: str = "off"
    digest_time: time = time(8)
    digest_weekday: int = 0
    paused_until: datetime | None = None


ALWAYS = Hours()


def quiet_until(hours: Hours, *, zone: str, now: datetime) -> datetime | None:
    """Return the end of the quiet window that `now` lies in, or None; its start is inclusive, its end is not.

    A window whose start is its end is off.
    """
    if not hours.quiet_hours_enabled or hours.quiet_start == hours.quiet_end:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    over_midnight = timedelta(days=1 if hours.quiet_end < hours.quiet_start else 0)
    for day in (today, today - timedelta(days=1)):
        if hours.quiet_days and day.weekday() not in hours.quiet_days:
            continue
        end = instant_of(day + over_midnight, hours.quiet_end, zone)
        if instant_of(day, hours.quiet_start, zone) <= now < end:
            return end
    return None


def waits_until(
    hours: Hours, *, zone: str, now: datetime, is_quiet: bool, before: datetime | None = None
) -> datetime | None:
    """Return until when a mail waits, None for not at all: a pause, or where `is_quiet` the quiet window.

    What has to be known `before` the wait is over does not wait.
    """
    ends = [hours.paused_until] if hours.paused_until is not None and hours.paused_until > now else []
    quiet = quiet_until(hours, zone=zone, now=now) if is_quiet else None
    until = max([*ends, *([quiet] if quiet else [])], default=None)
    return None if until is not None and before is not None and before <= until else until


def next_digest(hours: Hours, *, zone: str, after: datetime) -> datetime | None:
    """Return the first time after `after` at which the digest goes out; None if it is off."""
    if hours.digest == "off":
        return None
    local = after.astimezone(ZoneInfo(zone))
    if hours.digest == "hourly":
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return after - past + timedelta(hours=1)
    for ahead in range(9):
        day = local.date() + timedelta(days=ahead)
        if hours.digest == "weekly" and day.weekday() != hours.digest_weekday:
            continue
        at = instant_of(day, hours.digest_time, zone)
        if at > after:
            return at
    raise AssertionError("every weekday comes within nine days")


def instant_of(day: date, wall: time, zone: str) -> datetime:
    """Return the instant at which the clock in `zone` first shows `wall` on `day`, or has just skipped it."""
    local = datetime.combine(day, wall, tzinfo=ZoneInfo(zone))
    first = local.astimezone(UTC)
    if _wall(first, zone) == local.replace(tzinfo=None):
        return first
    # A gap: read with the offsets after and before it, the time lies on both sides of the jump.
    before, after = local.replace(fold=1).astimezone(UTC), first
    while after - before > _MINUTE:
        middle = (before + (after - before) / 2).replace(second=0, microsecond=0)
        if _wall(middle, zone) < local.replace(tzinfo=None):
            before = middle
        else:
            after = middle
    return after


def _wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
