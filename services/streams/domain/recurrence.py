"""Recurrence rules: what is accepted of RFC 5545, read and refused before anything is expanded.

A rule is wall-clock time: it begins at a local time in a zone, and 19:00 stays 19:00 whatever clocks do. Source: RFC
5545, section 3.3.10. Deliberately narrower: at most one occurrence a day, one rule, no RDATE.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.streams.domain.errors import InvalidRecurrence
from shared.errors import Invalid
from shared.scheduling.zones import zone_named

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TEXT_MAX = 500
INTERVAL_MAX, COUNT_MAX = 52, 730

_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_MOMENT = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", re.ASCII)
_LINE = re.compile(r"(RRULE|DTSTART|EXDATE)((?:;[A-Z-]+=[^:;]+)*):(.*)", re.IGNORECASE)
_LISTS = {"BYMONTHDAY": (1, 31, True), "BYMONTH": (1, 12, False), "BYSETPOS": (1, 366, True)}
_KNOWN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYHOUR", "BYMINUTE", "WKST", *_LISTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that can be expanded. `until` and `exdates` are local times of `zone`; `until` is inclusive."""

    freq: str
    starts_at: datetime
    zone: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    hour: int | None = None
    minute: int | None = None
    week_start: int = 0
    text: str = ""
    exdates: frozenset[datetime] = field(default_factory=frozenset)

    @property
    def tz(self) -> ZoneInfo:
        """The zone of the wall clock."""
        return ZoneInfo(self.zone)


def read_rule(
    text: str,
    *,
    starts_at: datetime | None,
    zone: str | None,
    default_zone: str,
    now: datetime,
) -> Rule:
    """Return the rule that `text` says, `RRULE:` or not, with DTSTART and EXDATE lines or not.

    `starts_at` (local) and `zone` win over what the text says. Raises InvalidRecurrence with the reason, Invalid for
    `starts_at` where nothing says when it begins.
    """
    if len(text) > TEXT_MAX:
        raise InvalidRecurrence.because(f"At most {TEXT_MAX} characters.")
    lines = _lines(text)
    parts = _parts(lines["RRULE"][0][1])
    told = lines["DTSTART"][0] if lines["DTSTART"] else None
    told_zone = told[0].get("TZID") if told else None
    if told_zone is not None and zone_named(told_zone) is None:
        raise InvalidRecurrence.because(f"{told_zone[:60]} is no IANA time zone.")
    named = zone or told_zone or default_zone
    numbers = _numbers(parts)
    told_start = _local(told[1], named) if told else None
    starts_at = starts_at or told_start
    if starts_at is None and "BYHOUR" in parts:
        today = now.astimezone(ZoneInfo(named)).date()
        starts_at = datetime.combine(today, time(numbers["hour"] or 0, numbers["minute"] or 0))
    if starts_at is None:
        raise Invalid.field("starts_at", "Needed unless the rule has DTSTART, or BYHOUR.")
    days = _by_day(parts)
    lists = {name: _integers(parts, name) for name in _LISTS}
    until = _until(parts["UNTIL"], named) if "UNTIL" in parts else None
    _refuse_contradictions(parts, days, lists)
    return Rule(
        freq=parts["FREQ"],
        starts_at=starts_at.replace(second=0, microsecond=0),
        zone=named,
        until=until,
        by_day=days,
        by_month_day=lists["BYMONTHDAY"],
        by_month=lists["BYMONTH"],
        by_set_pos=lists["BYSETPOS"],
        week_start=_weekday(parts.get("WKST", "MO")),
        text=";".join(f"{name}={parts[name]}" for name in _KNOWN if name in parts),
        exdates=frozenset(_local(one, named) for _, listed in lines["EXDATE"] for one in listed.split(",")),
        hour=numbers["hour"],
        minute=numbers["minute"],
        interval=numbers["interval"] or 1,
        count=numbers["count"],
    )


def _lines(text: str) -> dict[str, list[tuple[Mapping[str, str], str]]]:
    """Return the properties by name, each as parameters and value. Raises InvalidRecurrence."""
    found: dict[str, list[tuple[Mapping[str, str], str]]] = {"RRULE": [], "DTSTART": [], "EXDATE": []}
    for line in filter(None, (one.strip() for one in text.replace("\r", "\n").split("\n"))):
        property_ = _LINE.fullmatch(line)
        if property_ is not None:
            parameters = dict(one.split("=", 1) for one in property_[2].split(";") if one)
            found[property_[1].upper()].append(({k.upper(): v for k, v in parameters.items()}, property_[3].strip()))
        elif ":" in line:
            raise InvalidRecurrence.because(f"{line.split(':')[0].split(';')[0][:40]} is not supported.")
        else:
            found["RRULE"].append(({}, line))
    if len(found["RRULE"]) != 1:
        raise InvalidRecurrence.because("Exactly one RRULE is needed.")
    if len(found["DTSTART"]) > 1:
        raise InvalidRecurrence.because("At most one DTSTART.")
    return found


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for one in text.upper().rstrip(";").split(";"):
        name, equals, value = (part.strip() for part in one.partition("="))
        if not equals or not value:
            raise InvalidRecurrence.because(f"{one[:40]!r} is not NAME=VALUE.")
        if name not in _KNOWN:
            raise InvalidRecurrence.because(f"{name[:40]} is not supported. Known: {', '.join(_KNOWN)}.")
        if name in parts:
            raise InvalidRecurrence.because(f"{name} is given twice.")
        parts[name] = value
    if "FREQ" not in parts:
        raise InvalidRecurrence.because("FREQ is missing.")
    if parts["FREQ"] not in FREQUENCIES:
        raise InvalidRecurrence.because(f"FREQ must be one of {', '.join(FREQUENCIES)}.")
    return parts


def _numbers(parts: Mapping[str, str]) -> dict[str, int | None]:
    ranges = {"INTERVAL": (1, INTERVAL_MAX), "COUNT": (1, COUNT_MAX), "BYHOUR": (0, 23), "BYMINUTE": (0, 59)}
    found: dict[str, int | None] = {}
    for name, (least, most) in ranges.items():
        value = parts.get(name)
        if value is not None and not (re.fullmatch(r"[0-9]{1,4}", value, re.ASCII) and least <= int(value) <= most):
            raise InvalidRecurrence.because(f"{name} must be one number from {least} to {most}.")
        found[name.removeprefix("BY").lower()] = None if value is None else int(value)
    return found


def _by_day(parts: Mapping[str, str]) -> tuple[tuple[int, int], ...]:
    """Return (which one in the month or year, 0 for every; weekday from Monday 0) of each."""
    found = []
    for one in filter(None, parts.get("BYDAY", "").split(",")):
        read = _DAY.fullmatch(one)
        if read is None or (read[1] is not None and not 1 <= abs(int(read[1])) <= 53):
            raise InvalidRecurrence.because(f"BYDAY: {one[:20]} is no weekday.")
        found.append((int(read[1] or 0), WEEKDAYS.index(read[2])))
    if "BYDAY" in parts and not found:
        raise InvalidRecurrence.because("BYDAY is empty.")
    return tuple(dict.fromkeys(found))


def _integers(parts: Mapping[str, str], name: str) -> tuple[int, ...]:
    least, most, signed = _LISTS[name]
    found = []
    for one in parts.get(name, "").split(",") if name in parts else ():
        read = re.fullmatch(r"([+-]?)([0-9]{1,3})", one, re.ASCII)
        if read is None or not least <= int(read[2]) <= most or (read[1] == "-" and not signed):
            raise InvalidRecurrence.because(f"{name}: {one[:20]} can not be.")
        found.append(int(one))
    return tuple(dict.fromkeys(found))


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise InvalidRecurrence.because(f"WKST: {text[:20]} is no weekday.")
    return WEEKDAYS.index(text)


def _refuse_contradictions(
    parts: Mapping[str, str], days: tuple[tuple[int, int], ...], lists: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse what RFC 5545 forbids, or gives no meaning that two readers share. Raises InvalidRecurrence."""
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidRecurrence.because("COUNT and UNTIL exclude each other.")
    if "BYMINUTE" in parts and "BYHOUR" not in parts:
        raise InvalidRecurrence.because("BYMINUTE needs BYHOUR.")
    if any(ordinal for ordinal, _ in days):
        if parts["FREQ"] not in ("MONTHLY", "YEARLY"):
            raise InvalidRecurrence.because("Numbered weekdays are for MONTHLY and YEARLY.")
        if lists["BYMONTHDAY"]:
            raise InvalidRecurrence.because("Numbered weekdays and BYMONTHDAY exclude each other.")
    if lists["BYMONTHDAY"] and parts["FREQ"] == "WEEKLY":
        raise InvalidRecurrence.because("BYMONTHDAY is not for WEEKLY.")
    if lists["BYSETPOS"] and not (days or lists["BYMONTHDAY"] or lists["BYMONTH"]):
        raise InvalidRecurrence.because("BYSETPOS needs another BY part.")


def _moment(text: str) -> tuple[datetime, bool, bool]:
    """Return a DATE or DATE-TIME, whether it is UTC, and whether it has a time. Raises InvalidRecurrence."""
    read = _MOMENT.fullmatch(text.strip().upper())
    if read is None:
        raise InvalidRecurrence.because(f"{text[:40]} is no date.")
    try:
        stamp = datetime.strptime(read[1] + (read[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - wall clock.
    except ValueError as bad:
        raise InvalidRecurrence.because(f"{text[:40]} is no date.") from bad
    if not 1970 <= stamp.year <= 2200:
        raise InvalidRecurrence.because(f"{text[:40]} lies too far away.")
    return stamp, bool(read[3]), read[2] is not None


def _local(text: str, zone: str) -> datetime:
    """Return an instant or a wall-clock time as the wall clock of `zone` shows it."""
    stamp, is_utc, _timed = _moment(text)
    return stamp.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) if is_utc else stamp


def _until(text: str, zone: str) -> datetime:
    _stamp, _is_utc, timed = _moment(text)
    return _local(text, zone) + (timedelta(0) if timed else timedelta(days=1, seconds=-1))
