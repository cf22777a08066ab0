"""Which starts are on offer, and why there are none.

A start is offered if the appointment lies inside an open window, on the grid of that window (steps of elapsed time from
the window's start), overlaps nothing busy with its buffer added, keeps the notice and lies within the horizon.

`busy` is what takes time already: pairs (start, end) of aware datetimes, the end with that appointment's own buffer on
it. As an offered start keeps its buffer free as well, any two appointments are at least a buffer apart.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from shared.scheduling.calendar import Calendar
from shared.scheduling.intervals import covers, overlaps
from shared.scheduling.search import Busy, Search, Slot, merged, reason_closed
from shared.scheduling.terms import Bookable, Reason, Terms
from shared.scheduling.zones import days_later, minutes_of, minutes_up_to

SEARCH_DAYS: Final = 60


@dataclass(frozen=True)
class DayAvailability:
    """The offered starts of one day of the asked zone; `reason` only if there are none."""

    date: date
    slots: tuple[Slot, ...]
    reason: Reason | None


@dataclass(frozen=True)
class Availability:
    """The offered starts of a range of days; `reason` only if there are none on any of them.

    `schedule_zone` is the zone of the practitioner's hours, `schedule_id` the schedule that serves (None without one).
    """

    days: tuple[DayAvailability, ...]
    reason: Reason | None
    schedule_id: int | None
    schedule_zone: str

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The offered starts of all days, in order."""
        return tuple(slot for day in self.days for slot in day.slots)


@dataclass(frozen=True)
class AvailableDates:
    """How many starts each day offers, days without any left out; `reason` only if there are none at all."""

    counts: dict[date, int]
    reason: Reason | None

    @property
    def total(self) -> int:
        """The number of starts on all days together."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Refusal:
    """Why a start is not offered."""

    reason: Reason

    @property
    def is_overlap(self) -> bool:
        """Whether somebody else has the time (rather than it never having been on offer)."""
        return self.reason is Reason.OVERLAP


def slots(
    calendar: Calendar, service: Bookable, busy: Busy, *, day_from: date, day_to: date, zone: ZoneInfo, now: datetime
) -> Availability:
    """Return the offered starts of the days from `day_from` to `day_to` (included), which are days of `zone`."""
    search = Search.over(calendar, service, busy, day_from=day_from, day_to=day_to, zone=zone, now=now)
    days = tuple(
        DayAvailability(day, tuple(search.slots_at(starts)), None if starts else search.reason_on(day))
        for day, starts in search.days()
    )
    schedule = search.terms.schedule
    return Availability(
        days=days,
        reason=None if any(day.slots for day in days) else search.reason(),
        schedule_id=schedule.id if schedule else None,
        schedule_zone=search.terms.zone.key,
    )


def available_dates(
    calendar: Calendar, service: Bookable, busy: Busy, *, day_from: date, day_to: date, zone: ZoneInfo, now: datetime
) -> AvailableDates:
    """Return how many starts each day of `zone` offers, from `day_from` to `day_to` (included)."""
    search = Search.over(calendar, service, busy, day_from=day_from, day_to=day_to, zone=zone, now=now)
    counts = {day: sum(map(len, starts)) for day, starts in search.days() if starts}
    return AvailableDates(counts, None if counts else search.reason())


def first_slots(
    calendar: Calendar,
    service: Bookable,
    busy: Busy,
    *,
    day_from: date,
    zone: ZoneInfo,
    now: datetime,
    days: int = SEARCH_DAYS,
    count: int = 1,
) -> tuple[Slot, ...]:
    """Return the first `count` offered starts (or fewer) from `day_from`, a day of `zone`, to `days` days later."""
    search = Search.over(
        calendar, service, busy, day_from=day_from, day_to=days_later(day_from, days), zone=zone, now=now
    )
    return tuple(islice((slot for _, starts in search.days() for slot in search.slots_at(starts)), count))


def next_available_date(
    calendar: Calendar,
    service: Bookable,
    busy: Busy,
    *,
    day_from: date,
    zone: ZoneInfo,
    now: datetime,
    days: int = SEARCH_DAYS,
) -> date | None:
    """Return the first day of `zone` with an offered start, from `day_from` to `days` days later, or None."""
    search = Search.over(
        calendar, service, busy, day_from=day_from, day_to=days_later(day_from, days), zone=zone, now=now
    )
    return next((day for day, starts in search.days() if starts), None)


def is_offered(calendar: Calendar, service: Bookable, busy: Busy, start: datetime, *, now: datetime) -> Refusal | None:
    """Return None if `slots` offers this very start, else why not.

    Time that somebody else has is told before a start that is off the grid, so of two people who want overlapping times
    the second always hears `overlap`.
    """
    terms = Terms.of(calendar, service, now=now)
    if terms.barred:
        return Refusal(terms.barred)

    first = minutes_of(start)
    last = first + service.duration_minutes
    if first >= terms.latest:
        return Refusal(Reason.TOO_FAR)
    if first < terms.earliest:
        return Refusal(Reason.TOO_SOON)

    hours = terms.hours_between(first, last)
    if not covers(hours.open, first, last):
        return Refusal(reason_closed(hours, first, last))
    if overlaps(merged(busy), first, last + calendar.buffer_minutes):
        return Refusal(Reason.OVERLAP)
    if minutes_up_to(start) != first or not terms.starts(hours, [], first, first + 1):
        return Refusal(Reason.NOT_ON_GRID)
    return None
