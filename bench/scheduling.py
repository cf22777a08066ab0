"""How long free times take to compute: `python -m bench.scheduling`.

Prints the CPU time of one call for a practitioner with weekly hours, an override, time off, holidays and 300
appointments. It is the best of several rounds, so that whatever else the machine does counts little.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

from shared.scheduling import (
    Bookable,
    Calendar,
    DateOverride,
    Schedule,
    TimeOff,
    Window,
    available_dates,
    first_slots,
    is_offered,
    next_available_date,
    slots,
)

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 21), date(2026, 4, 20)
ZONE = ZoneInfo("America/New_York")
WINDOWS = (Window.between("08:00", "12:00"), Window.between("13:00", "20:00"))

CALENDAR = Calendar(
    practitioner_id=1,
    timezone="Europe/Berlin",
    advance_booking_max_days=60,
    holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}),
    schedules=(
        Schedule(
            id=1,
            is_default=True,
            weekly=tuple((day, window) for day in range(7) for window in WINDOWS),
            date_overrides=(DateOverride(date(2026, 4, 1), (Window.between("10:00", "14:00"),)),),
        ),
    ),
    time_off=(TimeOff(date(2026, 4, 13), date(2026, 4, 14)),),
)
SERVICE = Bookable(service_id=1, duration_minutes=60)
# Ten appointments of half an hour a day, in two blocks of five, each with its quarter of an hour of buffer.
BUSY = [
    (start, start + timedelta(minutes=45))
    for day in range(30)
    for block in (0, 360)
    for number in range(5)
    for start in [datetime(2026, 3, 21, 6, 10, tzinfo=UTC) + timedelta(days=day, minutes=block + 45 * number)]
]
SPARSE = BUSY[::10]


def month_of_slots() -> object:
    """Compute every start of 31 days beside 300 appointments."""
    return slots(CALENDAR, SERVICE, BUSY, day_from=FIRST, day_to=LAST, zone=ZONE, now=NOW)


def month_mostly_free() -> object:
    """Compute every start of 31 days beside 30 appointments: many more slots."""
    return slots(CALENDAR, SERVICE, SPARSE, day_from=FIRST, day_to=LAST, zone=ZONE, now=NOW)


def month_of_counts() -> object:
    """Count the starts of 31 days."""
    return available_dates(CALENDAR, SERVICE, BUSY, day_from=FIRST, day_to=LAST, zone=ZONE, now=NOW)


def one_day() -> object:
    """Compute the starts of one day."""
    return slots(CALENDAR, SERVICE, BUSY[:10], day_from=LAST, day_to=LAST, zone=ZONE, now=NOW)


def next_five() -> object:
    """Find the first five starts."""
    return first_slots(CALENDAR, SERVICE, BUSY, day_from=FIRST, zone=ZONE, now=NOW, count=5)


def next_date() -> object:
    """Find the next free date."""
    return next_available_date(CALENDAR, SERVICE, BUSY, day_from=FIRST, zone=ZONE, now=NOW)


def one_start() -> object:
    """Judge one start."""
    return is_offered(CALENDAR, SERVICE, BUSY[:10], datetime(2026, 4, 8, 6, tzinfo=UTC), now=NOW)


def from_event() -> object:
    """Read the calendar from its event."""
    return Calendar.from_event(EVENT)


EVENT = CALENDAR.to_event()
MEASURED = (month_of_slots, month_mostly_free, month_of_counts, one_day, next_five, next_date, one_start, from_event)


def best_milliseconds(work: Callable[[], object], *, rounds: int = 7, seconds: float = 0.05) -> float:
    """Return the CPU time of one call, in milliseconds."""
    best = float("inf")
    for _ in range(rounds):
        calls, started = 0, process_time()
        while (elapsed := process_time() - started) < seconds:
            work()
            calls += 1
        best = min(best, elapsed / calls)
    return best * 1000


def main() -> None:
    """Measure and print."""
    found = slots(CALENDAR, SERVICE, BUSY, day_from=FIRST, day_to=LAST, zone=ZONE, now=NOW).slots
    free = slots(CALENDAR, SERVICE, SPARSE, day_from=FIRST, day_to=LAST, zone=ZONE, now=NOW).slots
    print(f"{len(BUSY)} appointments: {len(found)} slots in 31 days; {len(SPARSE)} appointments: {len(free)} slots")
    for work in MEASURED:
        print(f"{work.__name__:<18} {best_milliseconds(work):7.3f} ms")


if __name__ == "__main__":
    main()
