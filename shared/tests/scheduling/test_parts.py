"""The parts below: intervals, zones, and how long an answer takes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.scheduling import intervals, slots, zone_named
from shared.scheduling.zones import resolve
from shared.tests.scheduling.factories import BERLIN, calendar, service

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)
quick = settings(max_examples=200, deadline=None, database=None)


def points(of: list[tuple[int, int]]) -> set[int]:
    return {point for start, end in of for point in range(start, end)}


@quick
@given(spans)
def test_merged_intervals_hold_the_same_time_apart_and_in_order(some: list[tuple[int, int]]) -> None:
    merged = intervals.merge(some)

    assert points(merged) == points(some)
    assert all(one[1] < other[0] for one, other in pairwise(merged))


@quick
@given(spans, spans, st.integers(0, 40), st.integers(1, 20))
def test_intervals_are_sets_of_time(some: list, away: list, start: int, length: int) -> None:
    some, away, end = intervals.merge(some), intervals.merge(away), start + length
    asked = set(range(start, end))

    assert points(intervals.subtract(some, away)) == points(some) - points(away)
    assert points(intervals.clip(some, start, end)) == points(some) & asked
    assert intervals.overlaps(some, start, end) == bool(points(some) & asked)
    assert intervals.covers(some, start, end) == (asked <= points(some))


@pytest.mark.parametrize("name", ["Europe/Berlin", "US/Eastern", "UTC", "Asia/Kathmandu"])
def test_zones_have_their_names(name: str) -> None:
    assert zone_named(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    [None, "", "EST5EDT4", "Foo/Bar", "Europe", "../../etc/passwd", "/etc/localtime", "x" * 300, "Europe/Berlin\0"],
)
def test_other_text_is_no_zone(name: str | None) -> None:
    assert zone_named(name) is None


@pytest.mark.parametrize(
    ("day", "minute", "utc"),
    [
        pytest.param(date(2026, 3, 29), 90, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), id="before the gap"),
        pytest.param(date(2026, 3, 29), 150, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), id="in the gap: 03:30"),
        pytest.param(
            date(2026, 3, 28), 1440 + 150, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), id="counted from Saturday"
        ),
        pytest.param(date(2026, 10, 25), 150, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), id="twice: the first"),
        pytest.param(date(2026, 10, 25), 180, datetime(2026, 10, 25, 2, tzinfo=UTC), id="after both"),
    ],
)
def test_wall_clock_time_becomes_an_instant(day: date, minute: int, utc: datetime) -> None:
    assert resolve(day, minute, BERLIN) * 60 == utc.timestamp()


def test_a_month_beside_three_hundred_appointments_takes_under_five_milliseconds() -> None:
    """The fastest of many, in CPU time: a busy machine makes some of them slow, but hardly all."""
    of = calendar("08:00-12:00", "13:00-20:00", slot_interval_minutes=15, buffer_minutes=15)
    first, now = date(2026, 3, 21), datetime(2026, 3, 20, tzinfo=UTC)
    morning = datetime(2026, 3, 21, 7, tzinfo=UTC)
    busy = [
        (start, start + timedelta(minutes=30)) for n in range(300) for start in [morning + n * timedelta(hours=2.4)]
    ]
    new_york = ZoneInfo("America/New_York")

    taken = []
    for _ in range(40):
        started = process_time()
        found = slots(of, service(), busy, day_from=first, day_to=date(2026, 4, 20), zone=new_york, now=now)
        taken.append(process_time() - started)

    assert len(found.slots) > 300
    assert min(taken) < 0.005
