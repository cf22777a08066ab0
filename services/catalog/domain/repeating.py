"""Dates that repeat, by the wall clock of a place."""

import re
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

MOST = 104
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


def occurrences(start: datetime, rule: str, zone: str) -> list[datetime]:
    """Return the instants at which `rule` (RFC 5545) lets something begin that first begins at the local `start`.

    A local time that does not exist moves forward by the gap; one that comes twice is the first. Raises ValueError.
    """
    parts = dict(part.partition("=")[::2] for part in rule.upper().removeprefix("RRULE:").split(";") if part)
    if set(parts) - _KNOWN or parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError("Days, weeks, months or years, by days of the week, month or year.")
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise ValueError("Needs COUNT or UNTIL.")
    if "UNTIL" in parts:
        until = parts["UNTIL"]
        if not re.fullmatch(r"\d{8}(T\d{6}Z?)?", until, re.ASCII):
            raise ValueError("UNTIL is a date, or a date and time.")
        parts["UNTIL"] = until.rstrip("Z") if "T" in until else f"{until}T235959"
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    found = list(islice(rrulestr(text, dtstart=start, ignoretz=True), MOST + 1))
    if not found or len(found) > MOST:
        raise ValueError(f"1 to {MOST} occurrences.")
    place = ZoneInfo(zone)
    return [local.replace(tzinfo=place, fold=0).astimezone(UTC) for local in found]
