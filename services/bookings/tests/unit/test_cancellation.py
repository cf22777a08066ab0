"""What is given back, to the microsecond and to the cent."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bookings.domain import words
from services.bookings.domain.cancellation import Claim, Policy, Tier, outcome, refund_cents
from services.bookings.domain.credits import valid_until
from services.bookings.domain.shares import shares, spread
from services.bookings.domain.text import folded

NOON = datetime(2030, 6, 3, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FLEXIBLE = Policy("flexible", (Tier(24, 100),), 14)
MODERATE = Policy("moderate", (Tier(48, 100), Tier(24, 50)), 14)


def claim(**more: object) -> Claim:
    start = more.pop("start", NOON + timedelta(days=2))
    end = start + timedelta(hours=1) if isinstance(start, datetime) else None
    values = {
        "id": 1,
        "kind": "session",
        "status": "confirmed",
        "status_detail": None,
        "start": start,
        "end": end,
        "base_cents": 10_000,
        "final_cents": 10_000,
        "policy": FLEXIBLE,
        **more,
    }
    return Claim(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "notice", "percent"),
    [
        pytest.param(FLEXIBLE, timedelta(hours=24), 100, id="24 h exactly is free"),
        pytest.param(FLEXIBLE, timedelta(hours=24) - MICROSECOND, 0, id="a microsecond late is not"),
        pytest.param(MODERATE, timedelta(hours=48), 100, id="48 h"),
        pytest.param(MODERATE, timedelta(hours=48) - MICROSECOND, 50, id="half below 48 h"),
        pytest.param(MODERATE, timedelta(hours=24), 50, id="half until 24 h"),
        pytest.param(MODERATE, timedelta(hours=24) - MICROSECOND, 0, id="nothing below"),
        pytest.param(Policy("non_refundable", (), 14), timedelta(days=90), 0, id="never"),
    ],
)
def test_the_notice_decides(policy: Policy, notice: timedelta, percent: int) -> None:
    assert policy.percent(start=NOON + notice, now=NOON) == percent


def test_unscheduled_is_always_free() -> None:
    assert FLEXIBLE.percent(start=None, now=NOON) == 100


@pytest.mark.parametrize("role", ["practitioner", "staff", "system"])
def test_others_give_everything_back(role: str) -> None:
    late = claim(start=NOON + timedelta(hours=1))

    assert outcome(late, role=role, now=NOON).refund_cents == 10_000
    assert outcome(late, role="client", now=NOON).refund_cents == 0


def test_a_client_can_not_cancel_what_has_started() -> None:
    assert outcome(claim(start=NOON), role="client", now=NOON).refusal is not None
    assert outcome(claim(start=NOON), role="practitioner", now=NOON).refusal is None


def test_unpaid_gives_back_whatever_arrives() -> None:
    unpaid = claim(status="pending_payment", base_cents=0, final_cents=5_000)

    assert outcome(unpaid, role="client", now=NOON).refund_cents == 5_000


def test_a_package_by_number() -> None:
    """$100 for three: one held, one in two hours, one open: the open one's share comes back."""
    parts = shares(10_000, 3)
    children = [
        claim(id=2, status="completed", parent_kind="package", base_cents=parts[0]),
        claim(id=3, start=NOON + timedelta(hours=2), parent_kind="package", base_cents=parts[1]),
        claim(id=4, status="draft", start=None, parent_kind="package", base_cents=parts[2]),
    ]

    what = outcome(claim(kind="package", start=None), children, role="client", now=NOON)

    assert parts == [3333, 3333, 3334]
    assert what.refund_cents == 3334
    assert [(part.id, part.refund_cents, part.retained_cents) for part in what.children] == [(3, 0, 3333), (4, 3334, 0)]


@pytest.mark.parametrize(
    ("since_first_class", "refund"),
    [
        pytest.param(-timedelta(hours=24), 9_000, id="before: the tiers, on the whole"),
        pytest.param(-timedelta(hours=24) + MICROSECOND, 0, id="before, but late"),
        pytest.param(timedelta(days=7, hours=1), 3_000, id="running: classes to come"),
        pytest.param(timedelta(days=14), 3_000, id="14 days exactly"),
        pytest.param(timedelta(days=14) + MICROSECOND, None, id="later: no more"),
    ],
)
def test_leaving_a_course(since_first_class: timedelta, refund: int | None) -> None:
    first = NOON - since_first_class
    classes = [
        claim(
            id=number,
            start=first + timedelta(days=days),
            parent_kind="course",
            base_cents=3_000,
            kind="course",
            status="confirmed" if first + timedelta(days=days) > NOON else "completed",
        )
        for number, days in enumerate((0, 7, 15), start=2)
    ]

    what = outcome(claim(kind="course", start=first), classes, role="client", now=NOON)

    assert (None if what.refusal else what.refund_cents) == refund


def test_one_session_of_a_package_comes_back_as_a_credit() -> None:
    early = outcome(claim(parent_kind="package"), role="client", now=NOON)
    late = outcome(claim(parent_kind="package", start=NOON + timedelta(hours=1)), role="client", now=NOON)

    assert (early.restores_credit, early.refund_cents, early.retained_cents) == (True, 0, 0)
    assert (late.restores_credit, late.refund_cents, late.retained_cents) == (False, 0, 10_000)


@given(st.integers(0, 10**9), st.integers(1, 500))
def test_shares_are_exact(total: int, count: int) -> None:
    parts = shares(total, count)

    assert sum(parts) == total
    assert len(parts) == count
    assert max(parts) - min(parts) <= 1


def test_a_cent_for_three() -> None:
    assert shares(1, 3) == [0, 0, 1]
    assert shares(0, 3) == [0, 0, 0]


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**6), max_size=12))
def test_spreading_never_exceeds_a_capacity(total: int, capacities: list[int]) -> None:
    parts = spread(total, capacities)

    assert sum(parts) == min(total, sum(capacities))
    assert all(0 <= part <= capacity for part, capacity in zip(parts, capacities, strict=True))


@given(st.integers(0, 10**9), st.integers(0, 100))
def test_nothing_is_lost_between_refund_and_what_is_kept(base: int, percent: int) -> None:
    refund = refund_cents(base, percent)

    assert 0 <= refund <= base
    assert abs(refund * 100 - base * percent) <= 50


def test_credits_lapse_at_the_end_of_a_day_of_the_client() -> None:
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    # 23:30 in Berlin on 2 June; two days on is 4 June, which ends at 22:00 UTC.
    lapses = valid_until(confirmed_at=datetime(2030, 6, 2, 21, 30, tzinfo=UTC), validity_days=2, zone=berlin)

    assert lapses == datetime(2030, 6, 4, 22, tzinfo=UTC)


def test_words_are_found_without_accents() -> None:
    assert folded("José  ÉLAN", None, "Straße") == "jose elan strasse"


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=12), st.integers(0, 100))
def test_a_course_is_given_back_as_a_whole(bases: list[int], percent: int) -> None:
    """Before its first class the percentage is of the whole price, whatever the parts round to."""
    policy = Policy("custom", (Tier(24, percent),), 14)
    parts = [claim(id=number, base_cents=base, parent_kind=words.COURSE) for number, base in enumerate(bases)]

    what = outcome(claim(kind=words.COURSE, policy=policy, base_cents=sum(bases)), parts, role=words.CLIENT, now=NOON)

    assert what.refund_cents == refund_cents(sum(bases), percent)
    assert all(0 <= part.refund_cents <= base for part, base in zip(what.children, bases, strict=True))
    kept = sum(part.retained_cents for part in what.children)
    assert what.refund_cents + kept == sum(bases)
