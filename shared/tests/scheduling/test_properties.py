"""What holds for every calendar in every zone, and agreement with the slow oracle."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.scheduling import (
    Bookable,
    Calendar,
    DateOverride,
    Reason,
    Schedule,
    TimeOff,
    Window,
    available_dates,
    first_slots,
    is_offered,
    next_available_date,
    slots,
    working_days,
)
from shared.testing.proof import proof, sized
from shared.tests.scheduling.factories import calendar, days_of, schedule, service
from shared.tests.scheduling.oracle import offered_starts

pytestmark = proof

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "Europe/London",
        "Europe/Dublin",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Atlantic/Azores",
        "America/New_York",
        "America/St_Johns",
        "America/Vancouver",
        "America/Santiago",
        "America/Havana",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Asia/Kolkata",
        "Asia/Beirut",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Auckland",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "UTC",
    )
]
thorough = settings(
    max_examples=sized(20, full=400), deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@cache
def jump_dates(zone: ZoneInfo) -> tuple[date, ...]:
    """The dates of 2026 on which the zone changes its clocks."""
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=zone) for day in days_of(2026)]
    return tuple(noon.date() for noon in noons if noon.utcoffset() != (noon - DAY).utcoffset())


@st.composite
def days(draw: st.DrawFn, zone: ZoneInfo) -> date:
    """A day of 2026, mostly one on which something happens to the zone's clocks, or one beside it."""
    near = [day + n * DAY for day in jump_dates(zone) for n in (-1, 0, 1)]
    anywhere = st.dates(date(2026, 1, 15), date(2026, 12, 15))
    return draw(st.one_of(st.sampled_from(near), anywhere) if near else anywhere)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Hours that often begin or end in the night, when clocks change."""
    start = draw(st.one_of(st.sampled_from([0, 60, 90, 120, 150, 180]), st.integers(0, 287).map(lambda n: n * 5)))
    length = draw(st.sampled_from([25, 30, 60, 90, 180, 240, 480, 780, 1440]))
    return Window(start, start + length)


@st.composite
def overrides(draw: st.DrawFn, day: date) -> tuple[DateOverride, ...]:
    dates = draw(st.lists(st.integers(-2, 2), max_size=2, unique=True))
    return tuple(DateOverride(day + n * DAY, tuple(draw(st.lists(windows(), max_size=2)))) for n in dates)


@st.composite
def intervals_around(draw: st.DrawFn, day: date, count: int) -> list[tuple[datetime, datetime]]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = []
    for _ in range(draw(st.integers(0, count))):
        start = (
            noon + draw(st.integers(-2160, 2160)) * MINUTE + draw(st.sampled_from([0, 0, 0, 30])) * timedelta(seconds=1)
        )
        found.append((start, start + draw(st.integers(1, 200)) * MINUTE))
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, Bookable, list[tuple[datetime, datetime]], date, ZoneInfo, datetime]:
    """A calendar with all it can have, a service, busy times, and a day asked about from anywhere."""
    own, general, asked = draw(st.sampled_from(ZONES)), draw(st.sampled_from(ZONES)), draw(st.sampled_from(ZONES))
    day = draw(days(own))
    weekly = draw(st.lists(st.tuples(st.integers(0, 6), windows()), min_size=1, max_size=12))
    every = draw(st.lists(windows(), max_size=2))
    of = Calendar(
        practitioner_id=1,
        timezone=general.key,
        buffer_minutes=draw(st.sampled_from([0, 5, 15, 40])),
        advance_booking_min_hours=draw(st.sampled_from([0, 2, 24, 48])),
        advance_booking_max_days=draw(st.sampled_from([1, 2, 3, 30])),
        slot_interval_minutes=draw(st.sampled_from([5, 10, 15, 20, 30, 60])),
        respect_holidays=draw(st.booleans()),
        holidays=frozenset(draw(st.sampled_from([[], [], [], [day], [day + DAY]]))),
        schedules=(
            Schedule(
                id=1,
                timezone=own.key,
                weekly=(*weekly, *((weekday, window) for weekday in range(7) for window in every)),
                date_overrides=draw(overrides(day)),
            ),
        ),
        date_overrides=draw(overrides(day)),
        time_off=tuple(
            TimeOff(day + n * DAY, day + n * DAY) for n in draw(st.sampled_from([[], [], [], [0], [1], [-1]]))
        ),
        blocked=tuple(draw(intervals_around(day, 2))),
    )
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - draw(st.integers(-1200, 5000)) * MINUTE
    until = draw(st.sampled_from([None, None, None, now + 2 * DAY]))
    wanted = Bookable(1, draw(st.sampled_from([15, 45, 60, 90, 120, 300])), valid_until=until)
    return of, wanted, draw(intervals_around(day, 6)), day, asked, now


@thorough
@given(cases())
def test_the_slow_oracle_finds_the_same_starts(case: tuple) -> None:
    of, wanted, busy, day, zone, now = case

    answer = slots(of, wanted, busy, day_from=day, day_to=day, zone=zone, now=now)

    assert [slot.start for slot in answer.slots] == offered_starts(of, wanted, busy, day, zone, now)
    assert (answer.reason is None) == bool(answer.slots)


@settings(thorough, max_examples=sized(8, full=200))
@given(st.sampled_from(ZONES), st.data())
def test_the_oracle_agrees_round_the_clock(zone: ZoneInfo, data: st.DataObject) -> None:
    day = data.draw(days(zone))
    opened_late = DateOverride(day - data.draw(st.integers(0, 10)) * DAY, (Window(10, 1440),))
    of = calendar(
        timezone=zone.key,
        slot_interval_minutes=data.draw(st.sampled_from([15, 60])),
        schedules=(schedule("00:00-24:00", date_overrides=(opened_late,)),),
    )
    now = datetime(2025, 12, 31, tzinfo=UTC)

    answer = slots(of, service(), [], day_from=day, day_to=day, zone=zone, now=now)

    assert [slot.start for slot in answer.slots] == offered_starts(of, service(), [], day, zone, now)


@thorough
@given(cases())
def test_exactly_the_slots_are_offered(case: tuple) -> None:
    of, wanted, busy, day, _, now = case
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = {
        slot.start
        for slot in slots(of, wanted, busy, day_from=day - DAY, day_to=day + DAY, zone=ZoneInfo("UTC"), now=now).slots
    }

    for start in (midnight + n * 5 * MINUTE for n in range(-288, 576)):
        assert (is_offered(of, wanted, busy, start, now=now) is None) == (start in found), start
        assert is_offered(of, wanted, busy, start + timedelta(seconds=1), now=now) is not None


@thorough
@given(cases())
def test_a_slot_lies_in_a_window_and_overlaps_nothing(case: tuple) -> None:
    of, wanted, busy, day, zone, now = case
    first, last = day - 2 * DAY, day + 2 * DAY
    hours = [window for one in working_days(of, day_from=first, day_to=last + DAY) for window in one.windows]
    buffer = timedelta(minutes=of.buffer_minutes)

    for slot in slots(of, wanted, busy, day_from=day, day_to=day, zone=zone, now=now).slots:
        inside = sum(
            (
                min(end, slot.end) - max(start, slot.start)
                for start, end in hours
                if start < slot.end and slot.start < end
            ),
            timedelta(),
        )
        assert inside == slot.end - slot.start == timedelta(minutes=wanted.duration_minutes)
        assert not any(start < slot.end + buffer and slot.start < end for start, end in busy)
        assert not any(start < slot.end and slot.start < end for start, end in of.blocked)
        assert slot.start > now
        assert slot.local_start == slot.start
        assert slot.local_start.date() == day


@thorough
@given(cases(), st.data())
def test_bookings_made_from_offers_are_a_buffer_apart(case: tuple, data: st.DataObject) -> None:
    of, wanted, busy, day, zone, now = case
    buffer = timedelta(minutes=of.buffer_minutes)
    made: list[tuple[datetime, datetime]] = []

    for _ in range(6):
        taken = [*busy, *((start, end + buffer) for start, end in made)]
        shorter = Bookable(1, data.draw(st.sampled_from([15, 30, wanted.duration_minutes])))
        free = slots(of, shorter, taken, day_from=day, day_to=day, zone=zone, now=now).slots
        if not free:
            break
        chosen = data.draw(st.sampled_from(free))
        made.append((chosen.start, chosen.end))

    made.sort()
    for (_, end), (start, _) in pairwise(made):
        assert start - end >= buffer


@thorough
@given(cases(), st.integers(0, 12))
def test_a_range_is_its_days_and_the_other_questions_agree(case: tuple, length: int) -> None:
    of, wanted, busy, day, zone, now = case
    span = {"day_from": day - DAY, "day_to": day + (length - 1) * DAY, "zone": zone, "now": now}

    answer = slots(of, wanted, busy, **span)
    singly = [
        slots(of, wanted, busy, day_from=one.date, day_to=one.date, zone=zone, now=now).days[0] for one in answer.days
    ]
    counted = available_dates(of, wanted, busy, **span)
    ahead = {"day_from": day - DAY, "zone": zone, "now": now, "days": length}

    assert list(answer.days) == singly
    assert counted.counts == {one.date: len(one.slots) for one in answer.days if one.slots}
    assert (counted.total, counted.reason) == (len(answer.slots), answer.reason)
    assert next_available_date(of, wanted, busy, **ahead) == next(iter(counted.counts), None)
    assert first_slots(of, wanted, busy, **ahead, count=7) == answer.slots[:7]


@thorough
@given(cases())
def test_a_calendar_survives_its_event(case: tuple) -> None:
    of = case[0]

    assert Calendar.from_event(of.to_event()) == of


@thorough
@given(cases(), st.integers(-40, 400), st.integers(0, 40))
def test_an_empty_answer_says_why(case: tuple, ahead: int, length: int) -> None:
    of, wanted, busy, day, zone, now = case
    first = day + ahead * DAY

    answer = slots(of, wanted, busy, day_from=first, day_to=first + length * DAY, zone=zone, now=now)

    assert len(answer.days) == length + 1
    assert (answer.reason is None) == bool(answer.slots)
    assert answer.reason not in (Reason.OVERLAP, Reason.NOT_ON_GRID)
    assert all((one.reason is None) == bool(one.slots) for one in answer.days)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key)
@settings(max_examples=10, deadline=None, database=None)
@given(hour=st.integers(4, 21))
@example(hour=9)
def test_weekly_hours_keep_their_wall_clock_time_all_year(zone: ZoneInfo, hour: int) -> None:
    """Away from the night, in which clocks change: in Cairo it is 23:00 twice, in most zones two or three o'clock."""
    weekly = calendar(f"{hour:02}:00-22:00", timezone=zone.key, slot_interval_minutes=60)
    now = datetime(2025, 12, 30, tzinfo=UTC)

    found = slots(weekly, service(), [], day_from=date(2026, 1, 1), day_to=date(2026, 12, 31), zone=zone, now=now)

    for one in found.days:
        assert [slot.local_start.strftime("%H:%M") for slot in one.slots] == [f"{h:02}:00" for h in range(hour, 22)]
