"""What is booked, on which terms, and why it may not be."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from zoneinfo import ZoneInfo

from shared.scheduling.calendar import Calendar, Schedule
from shared.scheduling.intervals import Interval
from shared.scheduling.windows import Hours, hours_between
from shared.scheduling.zones import DAY, day_start, local_date, minutes_of, minutes_up_to

_end = itemgetter(1)
_grid_end = itemgetter(2)


class Reason(StrEnum):
    """Why a time is not on offer.

    The first eight also explain an empty answer: the first of them that applies.
    """

    NOT_BOOKABLE = "not_bookable"
    NO_SCHEDULE = "no_schedule"
    TOO_FAR = "too_far"
    TOO_SOON = "too_soon"
    TIME_OFF = "time_off"
    HOLIDAY = "holiday"
    NOT_WORKING = "not_working"
    FULLY_BOOKED = "fully_booked"
    NOT_ON_GRID = "not_on_grid"
    OVERLAP = "overlap"


@dataclass(frozen=True)
class Bookable:
    """What is to be booked.

    `is_active` is False if the service or its practitioner cannot be booked at all. Sale runs from `available_from` to
    before `available_until`: outside it nothing is on offer, and no start lies after it. Starts lie before
    `valid_until`, a session credit's last moment. A credit is bought already: leave the bounds of sale out for it.
    """

    service_id: int | None
    duration_minutes: int
    schedule_id: int | None = None
    available_from: datetime | None = None
    available_until: datetime | None = None
    valid_until: datetime | None = None
    is_active: bool = True

    def __post_init__(self) -> None:
        """Refuse what takes no time."""
        if self.duration_minutes < 1:
            raise ValueError("What is booked takes at least one minute.")

    def is_on_sale(self, now: datetime) -> bool:
        """Tell whether it can be bought at this moment."""
        return (
            self.is_active
            and (self.available_from is None or self.available_from <= now)
            and (self.available_until is None or now < self.available_until)
        )


@dataclass(frozen=True)
class Terms:
    """The terms on which one service of one calendar is on offer at one moment.

    Starts lie in `[earliest, latest)`; `today` and `last_day` are those of the schedule's zone. `barred` says that
    nothing is on offer whatever the day.
    """

    calendar: Calendar
    service: Bookable
    schedule: Schedule | None
    zone: ZoneInfo
    earliest: int
    latest: int
    today: date
    last_day: date
    barred: Reason | None

    @classmethod
    def of(cls, calendar: Calendar, service: Bookable, *, now: datetime) -> "Terms":
        """Return the terms at `now`."""
        schedule = calendar.schedule_for(service_id=service.service_id, schedule_id=service.schedule_id)
        zone = calendar.zone_of(schedule)
        today = local_date(minutes_of(now), zone)
        last_day = today + calendar.advance_booking_max_days * DAY
        ends = [end for end in (service.available_until, service.valid_until) if end is not None]

        barred = Reason.NO_SCHEDULE if schedule is None else None
        if not (calendar.is_active and service.is_on_sale(now)):
            barred = Reason.NOT_BOOKABLE

        return cls(
            calendar=calendar,
            service=service,
            schedule=schedule,
            zone=zone,
            # The notice is exclusive: a start exactly that far ahead is too soon.
            earliest=minutes_of(now + timedelta(hours=calendar.advance_booking_min_hours)) + 1,
            latest=min([day_start(last_day + DAY, zone), *map(minutes_up_to, ends)]),
            today=today,
            last_day=last_day,
            barred=barred,
        )

    def hours_between(self, start: int, end: int) -> Hours:
        """Return the schedule's hours that matter for appointments lying in `[start, end)`."""
        if self.schedule is None:
            return Hours.none(self.zone)
        return hours_between(self.calendar, self.schedule, start=start, end=end)

    def starts(self, hours: Hours, busy: Sequence[Interval], start: int, end: int) -> list[range]:
        """Return every start in `[start, end)` that fits the hours and leaves what is busy (merged) alone.

        Notice and horizon are not applied.
        """
        step, duration = self.calendar.slot_interval_minutes, self.service.duration_minutes
        footprint = duration + self.calendar.buffer_minutes

        found: list[range] = []
        for index in range(bisect_right(hours.grids, start, key=_grid_end), len(hours.grids)):
            anchor, grid_start, grid_end, window_end = hours.grids[index]
            if grid_start >= end:
                break
            first = _on_grid(max(grid_start, start), anchor, step)
            stop = min(grid_end, end, window_end - duration + 1)
            found += _free(first, stop, busy, anchor=anchor, step=step, footprint=footprint)
        return found


def _free(start: int, stop: int, busy: Sequence[Interval], *, anchor: int, step: int, footprint: int) -> list[range]:
    found: list[range] = []
    index = bisect_right(busy, start, key=_end)
    while start < stop:
        while index < len(busy) and busy[index][1] <= start:
            index += 1
        if index == len(busy):
            found.append(range(start, stop, step))
            break
        busy_start, busy_end = busy[index]
        free_until = min(stop, busy_start - footprint + 1)
        if start < free_until:
            found.append(range(start, free_until, step))
        start = _on_grid(max(start, busy_end), anchor, step)
    return found


def _on_grid(minute: int, anchor: int, step: int) -> int:
    return minute + (anchor - minute) % step
