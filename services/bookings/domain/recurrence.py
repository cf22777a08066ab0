"""When a series of appointments takes place: rules in wall-clock time, so 18:00 stays 18:00 all year.

Source: RFC 5545, section 3.3.10. Only a small part of it is taken, and checked before anything is expanded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

OCCURRENCES_MAX: Final = 26
OCCURRENCES_MIN: Final = 2
DAYS_MAX: Final = 366
FREQUENCIES: Final = {"weekly": "FREQ=WEEKLY", "biweekly": "FREQ=WEEKLY;INTERVAL=2", "monthly": "FREQ=MONTHLY"}

_PARTS: Final = {
    "FREQ": re.compile(r"WEEKLY|MONTHLY"),
    "INTERVAL": re.compile(r"[1-9]|1[0-2]"),
    "COUNT": re.compile(r"[1-9][0-9]?"),
    "UNTIL": re.compile(r"\d{8}(T\d{6}Z?)?"),
    "BYDAY": re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)){0,6}"),
    "BYMONTHDAY": re.compile(r"([1-9]|[12]\d|3[01])(,([1-9]|[12]\d|3[01])){0,4}"),
    "WKST": re.compile(r"MO|TU|WE|TH|FR|SA|SU"),
}


class BadRule(ValueError):
    """The rule can not be; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked RRULE in a zone."""

    rrule: str
    zone: ZoneInfo

    @classmethod
    def of(
        cls, *, frequency: str | None, count: int | None, until: date | None, rrule: str | None, zone: ZoneInfo
    ) -> "Rule":
        """Return the rule that is meant. Raises BadRule."""
        if rrule is not None:
            return cls(_checked(rrule), zone)
        if frequency is None:
            raise BadRule("Say how often: frequency or rrule.")
        if count is None and until is None:
            raise BadRule("Say how long: count or until.")
        parts = [FREQUENCIES[frequency]]
        if count is not None:
            parts.append(f"COUNT={count}")
        else:
            assert until is not None
            parts.append(f"UNTIL={until:%Y%m%d}T235959")
        return cls(";".join(parts), zone)

    def occurrences(self, first: datetime) -> list[datetime]:
        """Return the starts in UTC, `first` among them. A date that a month does not have is left out.

        Raises BadRule for fewer than 2, more than 26, or more than 366 days.
        """
        local = first.astimezone(self.zone).replace(tzinfo=None)
        found = list(islice(self._local(local), OCCURRENCES_MAX + 1))
        if len(found) > OCCURRENCES_MAX:
            raise BadRule(f"At most {OCCURRENCES_MAX} appointments at once.")
        if len(found) < OCCURRENCES_MIN:
            raise BadRule(f"A series has {OCCURRENCES_MIN} appointments at least.")
        if found[-1] - found[0] > timedelta(days=DAYS_MAX):
            raise BadRule(f"A series ends within {DAYS_MAX} days.")
        return [moment.replace(tzinfo=self.zone).astimezone(UTC) for moment in found]

    def _local(self, first: datetime) -> Iterator[datetime]:
        # UNTIL is compared in wall-clock time, as the start is given in it.
        rule = rrulestr(self.rrule.replace("Z", ""), dtstart=first)
        yield from rule


def _checked(text: str) -> str:
    parts = dict(part.partition("=")[::2] for part in text.upper().removeprefix("RRULE:").split(";") if part)
    for name, value in parts.items():
        if name not in _PARTS or not _PARTS[name].fullmatch(value):
            raise BadRule(f"{name} can not be used, or not so.")
    if "FREQ" not in parts:
        raise BadRule("FREQ must be WEEKLY or MONTHLY.")
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise BadRule("Give exactly one of COUNT and UNTIL.")
    if "UNTIL" in parts and len(parts["UNTIL"]) == 8:
        parts["UNTIL"] += f"T{time(23, 59, 59):%H%M%S}"
    if int(parts.get("COUNT", "2")) > OCCURRENCES_MAX:
        raise BadRule(f"At most {OCCURRENCES_MAX} appointments at once.")
    return ";".join(f"{name}={value}" for name, value in parts.items())
