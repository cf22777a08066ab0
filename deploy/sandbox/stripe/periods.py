"""Billing periods, counted from their anchor, so that the 31st comes back after a short month."""

import calendar
from datetime import UTC, datetime, timedelta

from .errors import Body


def period_end(anchor: int, recurring: Body, *, after: int) -> int:
    """Return the first end of a period, in Unix seconds, that is later than `after`."""
    count = 1
    while (end := _add(anchor, recurring["interval"], recurring["interval_count"] * count)) <= after:
        count += 1
    return end


def _add(anchor: int, interval: str, count: int) -> int:
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in {"day", "week"}:
        days = count * (7 if interval == "week" else 1)
        return int((start + timedelta(days=days)).timestamp())
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())
