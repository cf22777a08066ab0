"""Rules are refused before they are expanded, and expanded as others expand them."""

import time as clock
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from services.streams.domain.errors import InvalidRecurrence
from services.streams.domain.occurrences import between, check_yields, local_times, next_start, place, total
from services.streams.domain.recurrence import Rule, read_rule
from services.streams.domain.rule_words import in_words
from shared.errors import Invalid
from shared.testing.proof import proof, sized

pytestmark = proof

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (
    *("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC"),
    *("Africa/Casablanca", "Pacific/Apia", "Pacific/Chatham", "America/Santiago", "Asia/Tehran", "Europe/Dublin"),
    *("Africa/Cairo", "America/Asuncion", "Asia/Beirut", "Atlantic/Azores", "Antarctica/Troll", "America/Havana"),
    *("Europe/London", "Asia/Kolkata"),
)


def rule(text: str, starts_at: datetime | None = datetime(2026, 1, 5, 19), zone: str = "Europe/Berlin") -> Rule:
    return read_rule(text, starts_at=starts_at, zone=zone, default_zone="UTC", now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        *("FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "INTERVAL=2", "FREQ=", "", "FREQ=DAILY;INTERVAL=0"),
        *("FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;INTERVAL=53", "FREQ=DAILY;COUNT=731", "FREQ=DAILY;COUNT=0"),
        *("FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;BYHOUR=1,2", "FREQ=DAILY;BYSECOND=1", "FREQ=DAILY;X=1"),
        *("FREQ=DAILY;FREQ=DAILY", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=DAILY;BYSETPOS=1"),
        *("FREQ=DAILY\nRDATE:20260101", "FREQ=DAILY\nFREQ=DAILY", "EXRULE:FREQ=DAILY", "FREQ=DAILY;UNTIL=2026"),
        *("FREQ=DAILY;UNTIL=99990101", "FREQ=DAILY;BYMONTHDAY=32", "FREQ=DAILY;BYMONTH=-1", "FREQ=DAILY;BYMINUTE=5"),
        *("DTSTART;TZID=Mars/Base:20260101T100000\nFREQ=DAILY", "DTSTART:20261301\nFREQ=DAILY", "x" * 600),
        *("FREQ=MONTHLY;BYDAY=54MO", "FREQ=DAILY;WKST=XX", "FREQ=DAILY;BYDAY=,", "FREQ=DAILY;INTERVAL=²"),
    ],
)
def test_hostile_rules_are_refused_before_they_are_expanded(text: str) -> None:
    with pytest.raises(InvalidRecurrence):
        rule(text)


@pytest.mark.parametrize(
    "text",
    [
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=6MO"),
        *(
            "FREQ=DAILY;INTERVAL=52;BYMONTH=2;BYMONTHDAY=31",
            "FREQ=DAILY;UNTIL=20250101",
            "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=9",
        ),
    ],
)
def test_a_rule_that_never_takes_place_is_refused_at_once(text: str) -> None:
    began = clock.thread_time()

    with pytest.raises(InvalidRecurrence):
        check_yields(rule(text))

    assert clock.thread_time() - began < 0.5


def test_where_it_begins() -> None:
    assert rule("DTSTART;TZID=Asia/Kolkata:20260301T180000\nRRULE:FREQ=DAILY", None).starts_at.hour == 18
    told = read_rule(
        "DTSTART:20260301T180000Z\nFREQ=DAILY", starts_at=None, zone=None, default_zone="Asia/Tokyo", now=NOW
    )
    assert (told.starts_at, told.zone) == (datetime(2026, 3, 2, 3), "Asia/Tokyo")
    assert rule("FREQ=DAILY;BYHOUR=7;BYMINUTE=30", None).starts_at == datetime(2026, 1, 1, 7, 30)
    with pytest.raises(Invalid) as refused:
        rule("FREQ=DAILY", None)
    assert "starts_at" in refused.value.errors


@pytest.mark.parametrize(
    ("text", "starts_at", "zone", "expected"),
    [
        pytest.param(
            "FREQ=WEEKLY", datetime(2026, 3, 1, 2, 30), "America/New_York",
            [(7, 30, None), (7, 30, "shifted_by_dst"), (6, 30, None)], id="a skipped hour moves forward: 03:30 EDT",
        ),
        pytest.param(
            "FREQ=WEEKLY", datetime(2026, 10, 25, 1, 30), "America/New_York",
            [(5, 30, None), (5, 30, "repeated_hour_first"), (6, 30, None)], id="a doubled hour is its first",
        ),
        pytest.param(
            "FREQ=WEEKLY", datetime(2026, 3, 24, 19), "Europe/Berlin",
            [(18, 0, None), (17, 0, None), (17, 0, None)], id="19:00 stays 19:00",
        ),
    ],
)  # fmt: skip
def test_clocks_change(text: str, starts_at: datetime, zone: str, expected: list[tuple[int, int, str | None]]) -> None:
    found = between(rule(text, starts_at, zone), NOW, NOW + timedelta(days=330), limit=3)

    assert [(one.start.hour, one.start.minute, one.note) for one in found] == expected


def test_the_last_day_of_months_that_have_one() -> None:
    found = islice(local_times(rule("FREQ=MONTHLY;BYMONTHDAY=31"), until=datetime(2026, 12, 31)), 4)

    assert [one.month for one in found] == [1, 3, 5, 7]


def test_exceptions_are_removed_after_counting() -> None:
    four = rule("FREQ=DAILY;COUNT=4\nEXDATE:20260106T190000")

    assert total(four) == 3
    assert next_start(four, datetime(2026, 1, 5, 20, tzinfo=UTC)) == datetime(2026, 1, 7, 18, tzinfo=UTC)
    assert next_start(four, datetime(2026, 1, 9, tzinfo=UTC)) is None


def test_until_is_read_as_the_wall_clock_shows_it() -> None:
    assert total(rule("FREQ=DAILY;UNTIL=20260107T180000Z")) == 3
    assert total(rule("FREQ=DAILY;UNTIL=20260107T175959Z")) == 2
    assert total(rule("FREQ=DAILY;UNTIL=20260107")) == 3
    assert total(rule("FREQ=DAILY")) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "Every 2 weeks on Monday and Wednesday at 19:00 (Europe/Berlin)"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "Every month on the last Friday at 19:00 (Europe/Berlin), 3 times"),
        ("FREQ=YEARLY", "Every year on the 5th of January at 19:00 (Europe/Berlin)"),
        ("FREQ=DAILY;BYHOUR=7;UNTIL=20260301", "Every day at 07:00 (Europe/Berlin), until 1 March 2026"),
    ],
)
def test_a_rule_in_words(text: str, words: str) -> None:
    assert in_words(rule(text)) == words


_WEEKDAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
_NUMBERED = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, 5, -1, -2]), st.sampled_from(["MO", "WE", "SU"])).map(
        lambda d: f"{d[0]}{d[1]}"
    ),
    min_size=1,
    max_size=3,
    unique=True,
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Rules of every kind that is accepted."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 5))}"]
    numbered = freq in ("MONTHLY", "YEARLY") and draw(st.booleans())
    if draw(st.booleans()):
        parts.append("BYDAY=" + ",".join(draw(_NUMBERED if numbered else _WEEKDAYS)))
    elif freq != "WEEKLY" and draw(st.booleans()):
        days = draw(st.lists(st.sampled_from([1, 15, 28, 29, 30, 31, -1, -31]), min_size=1, max_size=3, unique=True))
        parts.append("BYMONTHDAY=" + ",".join(map(str, days)))
    if draw(st.integers(0, 3)) == 0:
        parts.append(
            "BYMONTH=" + ",".join(map(str, draw(st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))))
        )
    # In a weekly rule's first week dateutil counts the places from the first day on, not from the week's.
    if len(parts) > 2 and freq != "WEEKLY" and draw(st.integers(0, 2)) == 0:
        parts.append(f"BYSETPOS={draw(st.sampled_from([1, 2, -1]))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(['MO', 'SU']))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 20))}")
    return ";".join(parts)


@given(
    text=texts(),
    day=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    hour=st.integers(0, 23),
    half=st.sampled_from([0, 30]),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=sized(40, full=400), deadline=None)
def test_expansion_equals_dateutils(text: str, day: date, hour: int, half: int, zone: str) -> None:
    starts_at = datetime(day.year, day.month, day.day, hour, half)
    until = starts_at + timedelta(days=1500)

    found = list(islice(local_times(rule(text, starts_at, zone), until=until), 25))

    # A rule that has no day makes dateutil search for seconds; such ones are told apart by ours having found none.
    if found:
        expected = []
        for one in rrulestr(text, dtstart=starts_at):
            if one > until or len(expected) == min(len(found), 25):
                break
            expected.append(one)
        assert found == expected, text
    assert all(one >= starts_at for one in found)


@given(
    day=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=sized(50, full=400), deadline=None)
def test_instants_equal_those_of_dateutils_zones(day: date, minute: int, zone: str) -> None:
    local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)

    placed = place(local, ZoneInfo(zone))

    there = tz.gettz(zone)
    expected = tz.resolve_imaginary(local.replace(tzinfo=there, fold=0)).astimezone(UTC)
    assert placed.start == expected
    assert (placed.note == "shifted_by_dst") == (not tz.datetime_exists(local, there))
    assert (placed.note == "repeated_hour_first") == tz.datetime_ambiguous(local, there)
