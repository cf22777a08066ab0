"""Free times: when a practitioner can be booked, computed from plain values.

Pure functions: no database, no network, no clock (`now` is an argument). The service that decides about a booking and
the service that shows free times call the same ones, so they can disagree only where one has older data.

    calendar.py        the practitioner's hours, as they travel in `schedule.changed`
    windows.py         hours of local dates → stretches of UTC time
    terms.py           notice, horizon, grid: the rules a start has to keep
    search.py          a range of days looked through by those rules
    availability.py    the questions that callers ask
    public_holidays.py the public holidays of a country; not re-exported here, as only a calendar's publisher needs it
    zones.py           wall-clock time ↔ instants
    intervals.py       arithmetic of half-open intervals

All inner arithmetic is in whole minutes since 1970 UTC: elapsed time, to which no daylight-saving jump can happen.
"""

from shared.scheduling.availability import (
    Availability,
    AvailableDates,
    DayAvailability,
    Refusal,
    available_dates,
    first_slots,
    is_offered,
    next_available_date,
    slots,
)
from shared.scheduling.calendar import Calendar, DateOverride, Schedule, TimeOff, Window
from shared.scheduling.search import Slot
from shared.scheduling.terms import Bookable, Reason
from shared.scheduling.windows import WorkingDay, working_days
from shared.scheduling.zones import zone_named

__all__ = [
    "Availability",
    "AvailableDates",
    "Bookable",
    "Calendar",
    "DateOverride",
    "DayAvailability",
    "Reason",
    "Refusal",
    "Schedule",
    "Slot",
    "TimeOff",
    "Window",
    "WorkingDay",
    "available_dates",
    "first_slots",
    "is_offered",
    "next_available_date",
    "slots",
    "working_days",
    "zone_named",
]
