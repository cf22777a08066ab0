"""Rules without a database."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.practitioners.domain import text
from services.practitioners.domain.counting import Counted, days, totals
from services.practitioners.domain.geo import Circle, kilometres
from services.practitioners.domain.hours import Block, minute_of_day, occurrences, overlapping, time_text, window
from services.practitioners.domain.steps import STEPS, current_step, percentage
from services.practitioners.domain.words import practitioner_status

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Jane Smith", "jane-smith"),
        ("José Müller-Groß", "jose-muller-gross"),
        ("🌸🌸", "practitioner-abc123"),
        ("12345", "12345-s"),
        ("Search", "search-s"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert text.slug_of(name, token="abc123") == slug


@given(st.text(max_size=300))
def test_any_name_has_an_address(name: str) -> None:
    assert text.is_slug(text.slug_of(name, token="abc123"))


@given(st.integers(0, 1439))
def test_times_of_day_go_back_and_forth(minute: int) -> None:
    assert minute_of_day(time_text(minute)) == minute


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda one: (one[0], one[0] + one[1])), max_size=6)
)
def test_overlap_means_shared_minutes(windows: list[tuple[int, int]]) -> None:
    minutes = [minute for start, end in windows for minute in range(start, end)]

    assert overlapping(windows) == (len(minutes) != len(set(minutes)))


def test_midnight_is_the_end_of_a_day() -> None:
    assert window(1020, 0) == (1020, 1440)
    with pytest.raises(ValueError, match="midnight"):
        window(1320, 360)


def test_recurring_blocks_keep_the_wall_clock() -> None:
    start, end = datetime(2026, 10, 20, 7, tzinfo=UTC), datetime(2026, 10, 20, 8, tzinfo=UTC)
    block = Block(start=start, end=end, zone="Europe/Berlin", rrule="FREQ=WEEKLY", until=date(2026, 11, 3))

    assert [first.hour for first, _ in occurrences(block, until=date(2027, 1, 1))] == [7, 8, 8]


def test_the_thirty_first_skips_short_months() -> None:
    start, end = datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 1, 31, 10, tzinfo=UTC)
    block = Block(start=start, end=end, zone="UTC", rrule="FREQ=MONTHLY", until=date(2026, 5, 31))

    assert [first.month for first, _ in occurrences(block, until=date(2027, 1, 1))] == [1, 3, 5]


@pytest.mark.parametrize(("now", "before", "change"), [(3, 2, 50.0), (0, 0, 0.0), (5, 0, 100.0), (1, 3, -66.7)])
def test_changes(now: int, before: int, change: float) -> None:
    assert text.percent_change(now, before) == change


def test_percentages_never_pass_a_hundred() -> None:
    assert percentage(STEPS[:2], STEPS[2:3]) == 50
    assert percentage(STEPS, ()) == 100
    assert current_step(STEPS[:1], STEPS[1:2]) == STEPS[2]


@pytest.mark.parametrize(
    ("verification", "activity", "status"),
    [
        ("draft", "active", "pending"),
        ("under_review", "active", "pending"),
        ("rejected", "active", "rejected"),
        ("suspended", "vacation", "suspended"),
        ("verified", "vacation", "vacation"),
    ],
)
def test_the_word_that_clients_know(verification: str, activity: str, status: str) -> None:
    assert practitioner_status(verification, activity) == status


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [((52.52, 13.405), (48.1372, 11.5755), 504), ((-17.0, 179.95), (-17.0, -179.95), 11), ((90, 0), (89.9, 180), 11)],
)
def test_distances(one: tuple[float, float], other: tuple[float, float], km: int) -> None:
    first, second = (Circle(*place, radius_km=1).point for place in (one, other))
    chord = sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5

    assert round(kilometres(chord)) == km


def counted(**more: object) -> Counted:
    values = {
        "kind": "session",
        "status": "completed",
        "status_detail": None,
        "is_part": False,
        "start_time": NOON,
        "amount_cents": 8000,
        "booked_at": NOON,
        "completed_at": NOON,
        "canceled_at": None,
        "zone": "UTC",
    }
    return Counted(**{**values, **more})  # type: ignore[arg-type]


def test_a_purchase_and_its_parts_count_once() -> None:
    package = counted(kind="package", status="confirmed", start_time=None, completed_at=None)
    part = counted(is_part=True)

    both = totals(package) + totals(part)

    assert (both["bookings_count"], both["completed_count"]) == (1, 1)
    assert days(package)["2026-06-01", "revenue_cents"] == 0
    assert days(part)["2026-06-01", "revenue_cents"] == 8000
    assert days(part)["2026-06-01", "h12"] == 1
