"""Expanding rules: local times of the wall clock, and the instants that they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from services.streams.domain.calendar import days_of
from services.streams.domain.errors import InvalidRecurrence
from services.streams.domain.recurrence import Rule

SEARCHED = timedelta(days=5 * 366)
SHIFTED, REPEATED = "shifted_by_dst", "repeated_hour_first"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a rule yields: its key on the wall clock, the instant, and what clocks do there."""

    local: datetime
    start: datetime
    note: str | None = None


def place(local: datetime, zone: ZoneInfo) -> Occurrence:
    """Return the instant of a local time.

    One that clocks skip moves forward by the gap: a weekly class must not vanish. (RFC 5545 drops it; so a departure.)
    One that comes twice is its first.
    """
    start = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) != local:
        return Occurrence(local, start, SHIFTED)
    later = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return Occurrence(local, start, REPEATED if later != start else None)


def local_times(rule: Rule, *, until: datetime) -> Iterator[datetime]:
    """Yield every local time of the rule up to `until` (local, inclusive), skipped ones too, in order."""
    last = until if rule.until is None else min(until, rule.until)
    hour = rule.starts_at.hour if rule.hour is None else rule.hour
    minute = rule.starts_at.minute if rule.hour is None else rule.minute or 0
    times = (datetime.combine(day, time(hour, minute)) for day in days_of(rule, until=last.date()))
    fitting = takewhile(lambda local: local <= last, (local for local in times if local >= rule.starts_at))
    return islice(fitting, rule.count)


def between(rule: Rule, after: datetime, until: datetime, *, limit: int | None = None) -> list[Occurrence]:
    """Return the occurrences with `after` < start <= `until`, exceptions among them (`rule.exdates` names these)."""
    zone = rule.tz
    end = until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    placed = (place(local, zone) for local in local_times(rule, until=end))
    wanted = (one for one in takewhile(lambda one: one.start <= until, placed) if one.start > after)
    return list(islice(wanted, limit))


def next_start(rule: Rule, after: datetime) -> datetime | None:
    """Return when it takes place next after `after`, exceptions left out; None when it is over."""
    until = max(after, rule.starts_at.replace(tzinfo=UTC)) + SEARCHED
    zone = rule.tz
    for local in local_times(rule, until=until.replace(tzinfo=None)):
        if local not in rule.exdates and (start := place(local, zone).start) > after:
            return start
    return None


def check_yields(rule: Rule) -> None:
    """Refuse a rule that never takes place in five years. Raises InvalidRecurrence."""
    if next(local_times(rule, until=rule.starts_at + SEARCHED), None) is None:
        raise InvalidRecurrence.because("This rule never takes place.")


def total(rule: Rule) -> int | None:
    """Return how many times it takes place in all; None when it has no end."""
    if rule.count is None and rule.until is None:
        return None
    last = rule.until or rule.starts_at + SEARCHED * 20
    return sum(local not in rule.exdates for local in local_times(rule, until=last))
