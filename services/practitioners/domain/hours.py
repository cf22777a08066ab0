"""Times of day as minutes after midnight, and what may not overlap."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Final, Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule

DAY_MINUTES: Final = 24 * 60
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9])(?:\.0+)?)?")
PATTERNS: Final = {
    "daily": "FREQ=DAILY",
    "weekly": "FREQ=WEEKLY",
    "biweekly": "FREQ=WEEKLY;INTERVAL=2",
    "monthly": "FREQ=MONTHLY",
}

_FREQUENCIES: Final[dict[str, Literal[1, 2, 3]]] = {"FREQ=MONTHLY": MONTHLY, "FREQ=WEEKLY": WEEKLY, "FREQ=DAILY": DAILY}


def minute_of_day(text: str) -> int:
    """Return the minute that `HH:MM` or `HH:MM:SS` names, 1440 for 24:00. Raises ValueError, also for seconds."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError("Not a time of day (HH:MM).")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if seconds:
        raise ValueError("Times are whole minutes.")
    minute = hours * 60 + minutes
    if minute > DAY_MINUTES:
        raise ValueError("Not a time of day (HH:MM).")
    return minute


def window(start: int, end: int) -> tuple[int, int]:
    """Return the hours of one day; an end of 0 is the day's end. Raises ValueError if they would pass midnight."""
    end = end or DAY_MINUTES
    if start >= end:
        raise ValueError("Must end after it starts; hours over midnight are two slots.")
    return start, end


def time_text(minute: int) -> str:
    """Return `HH:MM:SS`; the day's end is shown as 00:00:00."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}:00"


def overlapping(windows: Iterable[tuple[int, int]]) -> bool:
    """Tell whether any two of these share time; touching is fine."""
    ordered = sorted(windows)
    return any(after[0] < before[1] for before, after in pairwise(ordered))


@dataclass(frozen=True)
class Block:
    """Blocked time: once, or again by the wall clock of `zone` until a last day."""

    start: datetime
    end: datetime
    zone: str
    rrule: str | None
    until: date | None


def occurrences(block: Block, *, until: date) -> list[tuple[datetime, datetime]]:
    """Return each stretch that a block takes, up to those beginning on `until` in its zone.

    A monthly one on the 31st skips short months. A wall-clock time that does not exist moves forward by the gap.
    """
    if block.rrule is None:
        return [(block.start, block.end)]
    zone = ZoneInfo(block.zone)
    first = block.start.astimezone(zone).replace(tzinfo=None)
    last_day = min(until, block.until or until)
    rule = rrule(
        _FREQUENCIES[block.rrule.partition(";")[0]],
        dtstart=first,
        interval=2 if "INTERVAL=2" in block.rrule else 1,
        until=datetime.combine(last_day, datetime.max.time()),
    )
    length = block.end.astimezone(zone).replace(tzinfo=None) - first
    found = []
    for wall in rule:
        start = wall.replace(tzinfo=zone).astimezone(block.start.tzinfo)
        end = (wall + length).replace(tzinfo=zone).astimezone(block.start.tzinfo)
        if end > start:
            found.append((start, end))
    return found
