"""Days and words as people in a zone see them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.localtime import ago_text, day_bounds, duration_text, local_day, local_text

ZONES = ["Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), 23, id="clocks go forward"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), 25, id="clocks go back"),
        pytest.param("Europe/Berlin", date(2026, 6, 1), 24, id="any other day"),
        pytest.param("America/Sao_Paulo", date(2018, 11, 4), 23, id="midnight is skipped"),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: date, hours: int) -> None:
    start, end = day_bounds(day, zone)

    assert end - start == timedelta(hours=hours)


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_the_bounds_of_a_day_hold_exactly_that_day(zone: str, day: date) -> None:
    start, end = day_bounds(day, zone)
    if start == end:  # A day that the zone skipped as a whole (Apia, 2011-12-30).
        return

    assert local_day(start, zone) == day
    assert local_day(start - timedelta(microseconds=1), zone) < day
    assert local_day(end - timedelta(microseconds=1), zone) == day


def test_words() -> None:
    instant = datetime(2026, 11, 3, 13, 30, tzinfo=UTC)

    assert local_text(instant, "Europe/Berlin") == "Tue 3 Nov 2026, 14:30 (Europe/Berlin)"
    assert [duration_text(m) for m in (0, 45, 60, 90)] == ["0m", "45m", "1h", "1h 30m"]
    assert instant.astimezone(ZoneInfo("Europe/Berlin")).hour == 14


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (59, "now"),
        (60, "1 minute ago"),
        (7_199, "1 hour ago"),
        (3 * 86_400, "3 days ago"),
        (15 * 86_400, "2 weeks ago"),
        (130 * 86_400, "4 months ago"),
        (400 * 86_400, "1 year ago"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    now = datetime(2026, 11, 3, tzinfo=UTC)

    assert ago_text(now - timedelta(seconds=seconds), now) == words
