"""The rules, without anything around them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reviews.domain import figures, screening, weights
from services.reviews.domain.display import display_name
from services.reviews.domain.tally import HOURS, hour_group

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "anonymous", "shown"),
    [
        ("Anna", "Meyer", False, "Anna M."),
        ("Anna", "meyer", False, "Anna M."),
        ("Anna", " ", False, "Anna"),
        ("", "Meyer", False, "Community member"),
        ("Anna", "Meyer", True, "Anonymous"),
    ],
)
def test_names(first: str, last: str, anonymous: bool, shown: str) -> None:
    assert display_name(first_name=first, last_name=last, is_anonymous=anonymous) == shown


@pytest.mark.parametrize(
    ("total", "count", "shown"),
    [(0, 0, "0.00"), (500, 1, "5.00"), (1_001, 3, "3.34"), (825, 2, "4.13"), (835, 2, "4.18")],
)
def test_averages_are_rounded_half_up(total: int, count: int, shown: str) -> None:
    assert figures.average(sum_hundredths=total, count=count) == shown


@given(st.lists(st.integers(0, 10_000), min_size=5, max_size=5))
def test_percentages_sum_to_a_hundred(counts: list[int]) -> None:
    found = figures.percentages({str(stars): count for stars, count in enumerate(counts, start=1)})

    assert sum(found.values()) == (100 if any(counts) else 0)
    for stars, count in enumerate(counts, start=1):
        exact = 100 * count / sum(counts) if any(counts) else 0
        assert abs(found[str(stars)] - exact) < 1


@given(st.integers(0, 500), st.integers(0, 500))
def test_helpfulness_is_a_cautious_share(helpful: int, unhelpful: int) -> None:
    score = figures.helpfulness(helpful=helpful, unhelpful=unhelpful)

    assert 0 <= score <= (helpful / (helpful + unhelpful) if helpful else 0)
    assert score <= figures.helpfulness(helpful=helpful + 1, unhelpful=unhelpful)
    assert score >= figures.helpfulness(helpful=helpful, unhelpful=unhelpful + 1)


def test_many_votes_outrank_few() -> None:
    assert figures.helpfulness(helpful=40, unhelpful=10) > figures.helpfulness(helpful=1, unhelpful=0)


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("It cost 120.00 and took 90 minutes", []),
        ("We met on 2026-06-01 at 10:30 and on 03/07/2026", []),
        ("10/10, would go again!!! 100%", []),
        ("Since 2019 I have been 12 times, 3 of them in 2024.", []),
        ("Dr. Smith is great. No complaints.", []),
        ("+49 170 1234567", ["phone"]),
        ("(555) 123-4567", ["phone"]),
        ("call 555 1234", ["phone"]),
        ("a.b+c@mail.example.org", ["email"]),
        ("anna [at] mail [dot] com", ["email"]),
        ("https://spam.example", ["web_address"]),
        ("visit spam.shop now", ["web_address"]),
        ("What a Scam!", ["blocked_word"]),
        ("scampi were served", []),
    ],
)
def test_screening(comment: str, found: list[str]) -> None:
    assert screening.reasons(comment, blocked={"scam"}, is_duplicate=False, in_last_hour=0) == found


def test_screening_by_history() -> None:
    assert screening.reasons("Fine", blocked=(), is_duplicate=True, in_last_hour=5) == ["duplicate", "too_many"]
    assert screening.reasons("Fine", blocked=(), is_duplicate=False, in_last_hour=4) == []


@pytest.mark.parametrize(
    ("reason", "outcomes", "reviewed", "weight"),
    [
        ("harassment", "", False, "2.00"),
        ("harassment", "", True, "1.00"),
        ("spam", "1" * 100, False, "2.24"),
        ("spam", "0" * 100, False, "0.76"),
        ("other", "10", False, "0.50"),
    ],
)
def test_weights(reason: str, outcomes: str, reviewed: bool, weight: str) -> None:
    assert weights.weight(reason, outcomes=outcomes, by_the_reviewed=reviewed) == Decimal(weight)


def test_a_hundred_decisions_are_remembered() -> None:
    assert weights.remembered("0" * 100, upheld=True) == "0" * 99 + "1"
    assert weights.accuracy("0" * 75 + "1" * 25) == 25
    assert weights.accuracy("") is None


@pytest.mark.parametrize(
    ("hours", "group"), [(-1, 0), (0, 0), (0.9, 0), (1, 1), (23.9, 5), (24, 6), (720, 11), (10**5, 11)]
)
def test_groups_of_hours(hours: float, group: int) -> None:
    assert hour_group(NOON + timedelta(hours=hours), since=NOON) == group


def test_the_middle_response() -> None:
    row = dict.fromkeys(HOURS, 0)
    assert figures.median_hours(row) is None
    assert figures.median_hours({**row, "h0": 2, "h5": 1}) == 1
    assert figures.median_hours({**row, "h0": 1, "h5": 2}) == 24
    assert figures.median_hours({**row, "h11": 1}) == 720
