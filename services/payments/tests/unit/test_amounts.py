"""Money is never lost or made in rounding."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain import amounts
from services.payments.domain.calendar import next_payout_date
from services.payments.domain.cards import is_expired
from services.payments.domain.orders import Part, Share, split

CENTS = st.integers(0, 99_999_999)


@pytest.mark.parametrize(
    ("cents", "bps", "commission"),
    [(1, 1250, 0), (4, 1250, 1), (3_333, 1_500, 500), (10_000, 1_500, 1_500), (10_000, 0, 0), (99, 10_000, 99)],
)
def test_commission_rounds_half_up(cents: int, bps: int, commission: int) -> None:
    assert amounts.share(cents, bps=bps) == commission


@pytest.mark.parametrize(("base", "change", "rate"), [(1500, -500, 1000), (300, -500, 0), (9_800, 500, 10_000)])
def test_a_rate_stays_between_nothing_and_all(base: int, change: int, rate: int) -> None:
    assert amounts.rate(base, change) == rate


@pytest.mark.parametrize(
    ("balance", "due", "applied"),
    [
        pytest.param(10_000, 10_000, 10_000, id="all of it"),
        pytest.param(0, 10_000, 0, id="nothing there"),
        pytest.param(9_980, 10_000, 9_950, id="fewer, so that the card can be charged"),
        pytest.param(10, 40, 0, id="too small for a card anyway"),
        pytest.param(9_950, 10_000, 9_950, id="just enough left"),
    ],
)
def test_credits_leave_a_chargeable_rest(balance: int, due: int, applied: int) -> None:
    assert amounts.credits_to_apply(balance_cents=balance, due_cents=due, asked=True) == applied
    assert amounts.credits_to_apply(balance_cents=balance, due_cents=due, asked=False) == 0


@given(cents=CENTS, weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=6))
def test_a_split_sums_to_the_whole(cents: int, weights: list[int]) -> None:
    assert sum(amounts.spread(cents, weights)) == cents


@given(cents=CENTS, room=st.lists(CENTS, max_size=6))
def test_a_filling_never_exceeds_its_room(cents: int, room: list[int]) -> None:
    parts = amounts.fill(cents, room)

    assert sum(parts) == min(cents, sum(room))
    assert all(0 <= part <= space for part, space in zip(parts, room, strict=True))


@given(card=CENTS, credits_=CENTS, data=st.data())
def test_a_refund_fits_both_parts(card: int, credits_: int, data: st.DataObject) -> None:
    cents = data.draw(st.integers(0, card + credits_))

    to_card = amounts.card_part(cents, card_left_cents=card, credits_left_cents=credits_)

    assert 0 <= to_card <= card
    assert 0 <= cents - to_card <= credits_


@given(gross=st.integers(1, 10_000_000), bps=st.integers(0, 10_000), cuts=st.lists(st.integers(1, 100), max_size=8))
def test_refunds_in_any_parts_give_back_the_whole_commission(gross: int, bps: int, cuts: list[int]) -> None:
    commission, refunded, back = amounts.share(gross, bps=bps), 0, 0
    for cut in [*cuts, 100]:
        before, refunded = refunded, min(gross, refunded + (gross - refunded) * cut // 100)
        step = amounts.commission_back(
            refund_cents=refunded - before,
            refunded_cents=refunded,
            delivered_cents=gross,
            commission_cents=commission,
            already_cents=back,
        )
        assert step >= 0
        back += step

    assert back == commission


@given(gross=CENTS, shares=st.lists(st.integers(1, 5_000), min_size=2, max_size=4))
def test_practitioners_share_to_the_cent(gross: int, shares: list[int]) -> None:
    part = Part(
        practitioner_id=1, service_id=5, service_type="session", description="", gross_cents=gross, sessions_total=1
    )
    given_ = [Share(practitioner_id=i, is_primary=i == 1, bps=bps) for i, bps in enumerate(shares)]

    parts = split(part, given_)

    assert sum(one.gross_cents for one in parts) == gross
    if sum(shares) != 10_000:
        assert parts == [part]


@pytest.mark.parametrize(
    ("now", "expired"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2027, 1, 1, 11, 59, tzinfo=UTC), False),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), True),
    ],
)
def test_a_card_expires_when_its_month_is_over_everywhere(now: datetime, expired: bool) -> None:
    assert is_expired(2026, 12, now) is expired


@pytest.mark.parametrize(
    ("today", "monday"),
    [(date(2026, 11, 22), date(2026, 11, 23)), (date(2026, 11, 23), date(2026, 11, 30))],
)
def test_the_next_payout_is_on_a_monday(today: date, monday: date) -> None:
    assert next_payout_date(datetime(today.year, today.month, today.day, 12, tzinfo=UTC)) == monday


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), min_size=1, max_size=30), st.integers(0, 10_000))
def test_what_goes_back_of_the_commission_is_never_more_than_the_refund(
    parts: list[tuple[int, bool]], bps: int
) -> None:
    """Also where much was delivered, each part with a commission of its own, after some was given back."""
    delivered = commission = refunded = back = 0
    for cents, is_refunded in parts:
        delivered, commission = delivered + cents, commission + amounts.share(cents, bps=bps)
        if not is_refunded:
            continue
        refunded += cents
        more = amounts.commission_back(
            refund_cents=cents,
            refunded_cents=refunded,
            delivered_cents=delivered,
            commission_cents=commission,
            already_cents=back,
        )
        assert 0 <= more <= cents
        back += more
    assert back <= commission
