"""One look through a range of days: the starts of each, and why there are none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from shared.scheduling.calendar import Calendar
from shared.scheduling.intervals import Interval, clip, covers, merge, overlaps
from shared.scheduling.terms import Bookable, Reason, Terms
from shared.scheduling.windows import Hours
from shared.scheduling.zones import DAY, datetime_of, day_start, days_between, minutes_of, minutes_up_to

Busy: TypeAlias = Iterable[tuple[datetime, datetime]]

# Days further than this outside today and the horizon are answered without a look at their hours: an answer does
# not cost more the more is asked. A week shows every weekday; the rest is the most that two zones' dates differ.
_MARGIN: Final = 10 * DAY


class Slot(NamedTuple):
    """An offered start and its end in UTC, and the start as clocks in the asked zone show it."""

    start: datetime
    end: datetime
    local_start: datetime


@dataclass(frozen=True)
class Search:
    """The days from `day_from` to `day_to` of `zone`, looked at on certain terms.

    `first` to `last` are those among them whose hours matter.
    """

    terms: Terms
    day_from: date
    day_to: date
    zone: ZoneInfo
    first: date
    last: date
    hours: Hours
    busy: list[Interval]

    @classmethod
    def over(
        cls,
        calendar: Calendar,
        service: Bookable,
        busy: Busy,
        *,
        day_from: date,
        day_to: date,
        zone: ZoneInfo,
        now: datetime,
    ) -> "Search":
        """Return the search; its parameters are those of `availability.slots`."""
        terms = Terms.of(calendar, service, now=now)
        first, last = max(day_from, terms.today - _MARGIN), min(day_to, terms.last_day + _MARGIN)
        hours = Hours.none(terms.zone)
        if first <= last and terms.barred is None:
            end = day_start(last + DAY, zone) + service.duration_minutes
            hours = terms.hours_between(day_start(first, zone), end)
        return cls(terms, day_from, day_to, zone, first, last, hours, merged(busy))

    def days(self) -> Iterator[tuple[date, list[range]]]:
        """Give each day with its offered starts."""
        for day in days_between(self.day_from, self.day_to):
            yield day, self._offered(day)

    def slots_at(self, starts: Iterable[range]) -> Iterator[Slot]:
        """Give the slots that begin at these instants."""
        duration = timedelta(minutes=self.terms.service.duration_minutes)
        for minutes in starts:
            for minute in minutes:
                start = datetime_of(minute)
                yield Slot(start, start + duration, start.astimezone(self.zone))

    def reason_on(self, day: date) -> Reason:
        """Return why a day without offered starts has none."""
        return self._reason(day, day)

    def reason(self) -> Reason:
        """Return why a range without offered starts has none."""
        return self._reason(self.day_from, self.day_to)

    def _offered(self, day: date) -> list[range]:
        if self.terms.barred or not self.first <= day <= self.last:
            return []
        start, end = self._span(day, day)
        return self.terms.starts(self.hours, self.busy, max(start, self.terms.earliest), min(end, self.terms.latest))

    def _reason(self, day_from: date, day_to: date) -> Reason:
        if self.terms.barred:
            return self.terms.barred
        if day_from > self.last:
            return Reason.TOO_FAR
        if day_to < self.first:
            return Reason.TOO_SOON
        return self._reason_between(*self._span(max(day_from, self.first), min(day_to, self.last)))

    def _reason_between(self, start: int, end: int) -> Reason:
        earliest, latest = self.terms.earliest, self.terms.latest
        if start >= latest:
            return Reason.TOO_FAR
        if end <= earliest:
            return Reason.TOO_SOON
        if self._fits(max(start, earliest), min(end, latest)):
            return Reason.FULLY_BOOKED
        if self._fits(latest, end):
            return Reason.TOO_FAR
        if self._fits(start, min(end, earliest)):
            return Reason.TOO_SOON
        return reason_closed(self.hours, start, end)

    def _fits(self, start: int, end: int) -> bool:
        return any(self.terms.starts(self.hours, [], start, end))

    def _span(self, first: date, last: date) -> Interval:
        return day_start(first, self.zone), day_start(last + DAY, self.zone)


def merged(busy: Busy) -> list[Interval]:
    """Return busy times as merged intervals.

    They are rounded outwards to whole minutes; starts are whole minutes, so no overlap is gained or lost by that.
    """
    return merge((minutes_of(start), minutes_up_to(end)) for start, end in busy)


def reason_closed(hours: Hours, start: int, end: int) -> Reason:
    """Return why nothing fits the hours of `[start, end)`, whatever is booked.

    Time off or a holiday is the reason if it takes planned hours away, or the whole of it.
    """
    planned = clip(hours.planned, start, end)
    for away, reason in ((hours.time_off, Reason.TIME_OFF), (hours.holidays, Reason.HOLIDAY)):
        if covers(away, start, end) or any(overlaps(away, *window) for window in planned):
            return reason
    return Reason.NOT_WORKING
