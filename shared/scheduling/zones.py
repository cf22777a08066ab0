"""Wall-clock time and instants.

An instant is a whole number of minutes since 1970-01-01 00:00 UTC. Going from wall clock to instant, a time that does
not exist (the hour skipped in spring) is read with the offset before the jump, so 02:30 becomes 03:30; a time that
exists twice (autumn) is its first occurrence.
"""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
DAY_MINUTES: Final = 24 * 60
UTC_ZONE: Final = ZoneInfo("UTC")

# Names that a zone directory may hold, but that say nothing about a place.
_NOT_PLACES: Final = frozenset({"Factory", "localtime", "posixrules"})


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - _NOT_PLACES


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the IANA zone of that name, or None if there is none (any text may be asked about)."""
    return _zone(name) if name is not None and name in _zone_names() else None


@cache
def _zone(name: str) -> ZoneInfo:
    # Kept for good, as there are some six hundred; ZoneInfo itself keeps eight and reads the file of a ninth again.
    return ZoneInfo(name)


def minutes_of(instant: datetime) -> int:
    """Return the minute an aware datetime lies in."""
    return (instant - EPOCH) // MINUTE


def minutes_up_to(instant: datetime) -> int:
    """Return the first whole minute at or after an aware datetime."""
    return -((EPOCH - instant) // MINUTE)


def datetime_of(minutes: int) -> datetime:
    """Return the UTC datetime of an instant."""
    return EPOCH + timedelta(minutes=minutes)


def resolve(day: date, minute_of_day: int, zone: ZoneInfo) -> int:
    """Return the instant at which clocks in `zone` show that minute of `day`; 1440 and more reach into the next day."""
    days, minute = divmod(minute_of_day, DAY_MINUTES)
    ordinal = day.toordinal() + days
    midnight = _midnight(ordinal, zone)
    if _midnight(ordinal + 1, zone) - midnight == DAY_MINUTES:
        return midnight + minute
    return _instant(datetime.fromordinal(ordinal) + timedelta(minutes=minute), zone)


def day_start(day: date, zone: ZoneInfo) -> int:
    """Return the instant at which a local day begins, which in some zones is not shown as 00:00."""
    return _midnight(day.toordinal(), zone)


# A year and a half of days in a dozen zones: calendars ask for the same few midnights again and again.
@lru_cache(maxsize=8192)
def _midnight(ordinal: int, zone: ZoneInfo) -> int:
    return _instant(datetime.fromordinal(ordinal), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> int:
    return minutes_of(wall.replace(tzinfo=zone))


def local_date(minutes: int, zone: ZoneInfo) -> date:
    """Return the date that clocks in `zone` show at an instant."""
    return datetime_of(minutes).astimezone(zone).date()


def days_later(day: date, days: int) -> date:
    """Return the date so many days on, or the last date there is."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def days_between(first: date, last: date) -> Iterator[date]:
    """Give each date from `first` to `last`, both included."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def day_exists(day: date, zone: ZoneInfo) -> bool:
    """Tell whether the zone has that date: a move across the date line leaves one out (Samoa, 30 December 2011)."""
    ordinal = day.toordinal()
    return _midnight(ordinal + 1, zone) > _midnight(ordinal, zone)
