"""Rules without a database."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain import cancellation, words
from services.catalog.domain.figures import booking_weight, offer
from services.catalog.domain.repeating import occurrences
from services.catalog.domain.session_rules import may_become
from services.catalog.domain.text import duration_display, slug_of
from services.catalog.queries.suggestions import highlight


@pytest.mark.parametrize(("minutes", "told"), [(90, "1h 30m"), (120, "2h"), (45, "45m"), (0, "0m")])
def test_lengths_are_told(minutes: int, told: str) -> None:
    assert duration_display(minutes) == told


@given(st.text(max_size=300))
def test_every_name_makes_an_address_that_is_no_other_thing(name: str) -> None:
    slug = slug_of(name)

    assert slug
    assert len(slug) <= 100
    assert slug.isascii()
    assert not slug.isdigit()
    assert slug not in words.RESERVED_SLUGS


def test_a_bundle_is_compared_with_single_sessions() -> None:
    told = offer(type_id=5, price_cents=25_000, included=5, bonus=1, sessions_count=0, children=[(6_000, 1)])

    assert (told.total_sessions, told.per_session_cents, told.original_cents) == (6, 4_166, 36_000)
    assert (told.savings_cents, told.savings_percentage) == (11_000, 30.6)


def test_a_booking_a_month_later_counts_twice() -> None:
    first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)

    assert booking_weight(later, 1) == pytest.approx(2 * booking_weight(first, 1))
    assert booking_weight(first, 3) == pytest.approx(3 * booking_weight(first, 1))


def test_policies_are_told_and_checked() -> None:
    assert cancellation.sentence(cancellation.PRESETS["moderate"], None) == (
        "Full refund up to 48 hours before the start; 50% refund up to 24 hours before the start; no refund after that."
    )
    assert cancellation.sentence([], None) == "No refund after booking."
    assert cancellation.sentence([], "You may cancel by phone.") == "You may cancel by phone."
    rising = [{"hours_before": 48, "refund_percent": 50}, {"hours_before": 24, "refund_percent": 80}]
    assert cancellation.problem_of("custom", rising) == "Percentages must not rise from tier to tier."
    assert cancellation.problem_of("flexible", []) is None


def test_dates_repeat_by_the_clock_on_the_wall() -> None:
    weekly = occurrences(datetime(2026, 3, 22, 2, 30), "FREQ=WEEKLY;COUNT=3", "Europe/Berlin")

    assert [one.isoformat() for one in weekly] == [
        "2026-03-22T01:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
        "2026-04-05T00:30:00+00:00",
    ]


@pytest.mark.parametrize(
    "rule",
    ["", "FREQ=WEEKLY", "FREQ=SECONDLY;COUNT=2", "FREQ=DAILY;COUNT=105", "FREQ=DAILY;COUNT=1;UNTIL=20300101", "x"],
)
def test_rules_that_do_not_end_soon_are_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        occurrences(datetime(2026, 1, 1), rule, "UTC")


def test_final_statuses_are_final() -> None:
    for final in (words.COMPLETED, words.CANCELED):
        assert not any(may_become(final, wanted, staff=True) for wanted in words.SESSION_STATUSES)
    assert may_become(words.IN_PROGRESS, words.CANCELED, staff=True)
    assert not may_become(words.IN_PROGRESS, words.CANCELED, staff=False)


def test_what_is_highlighted_is_escaped() -> None:
    assert highlight("<b>Reiki</b>", "rei") == "&lt;b&gt;<em>Rei</em>ki&lt;/b&gt;"
