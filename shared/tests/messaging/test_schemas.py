from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging import Unreadable, event, schema_of
from shared.messaging.events import event_type
from shared.messaging.schemas import dump, load

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    name: str
    cents: int


@event("order.placed", version=2)
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    id: int
    uuid: UUID
    kind: Literal["web", "shop"]
    price: Decimal
    placed_at: datetime
    due_on: date
    items: list[Item]
    tags: tuple[str, ...]
    extra: dict[str, Any]
    note: str | None
    first: Item | None = None


ORDER = OrderPlaced(
    id=1,
    uuid=UUID(int=7),
    kind="web",
    price=Decimal("10.00"),
    placed_at=datetime(2026, 6, 1, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
    due_on=date(2026, 6, 2),
    items=[Item(name="a", cents=5)],
    tags=("x", "y"),
    extra={"any": [1, None]},
    note=None,
)


def test_a_payload_is_written_as_json_values_and_read_back_the_same() -> None:
    written = dump(ORDER)

    assert written["placed_at"] == "2026-06-01T12:00:00.000005Z"
    assert written["price"] == "10.00"
    assert written["items"] == [{"name": "a", "cents": 5}]
    assert load(OrderPlaced, written) == ORDER


def test_a_reader_takes_only_what_it_needs_and_ignores_the_rest() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Reads:
        id: int
        absent: str | None = None
        later: int = 3

    assert load(Reads, dump(ORDER)) == Reads(id=1)


def test_an_unknown_word_becomes_the_default_or_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Tolerant:
        kind: Literal["shop", "other"] = "other"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Strict:
        kind: Literal["shop"]

    assert load(Tolerant, {"kind": "phone"}).kind == "other"
    with pytest.raises(Unreadable, match=r"Must be one of: shop\."):
        load(Strict, {"kind": "phone"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("id", "1", id="a string for an integer"),
        pytest.param("id", None, id="null where none is allowed"),
        pytest.param("placed_at", "2026-06-01T12:00:00", id="an instant without offset"),
        pytest.param("items", [{"name": "a"}], id="an inner field missing"),
        pytest.param("price", "ten", id="no number"),
    ],
)
def test_what_does_not_fit_is_unreadable_and_named(field: str, value: Any) -> None:
    with pytest.raises(Unreadable, match=field):
        load(OrderPlaced, {**dump(ORDER), field: value})


def test_a_naive_datetime_is_refused_where_it_is_written() -> None:
    naive = OrderPlaced(
        **{**{name: getattr(ORDER, name) for name in OrderPlaced.__slots__}, "placed_at": datetime(2026, 1, 1)}
    )

    with pytest.raises(ValueError, match="placed_at"):
        dump(naive)


def test_a_second_version_travels_under_a_key_of_its_own() -> None:
    assert event_type(ORDER).key == "order.placed.v2"


def test_an_event_must_be_a_frozen_dataclass() -> None:
    with pytest.raises(TypeError, match="frozen=True"):

        @event("order.lost")
        class OrderLost:
            pass


def test_a_type_that_cannot_travel_is_refused_when_the_schema_is_made() -> None:
    @dataclass(frozen=True)
    class Odd:
        value: complex

    with pytest.raises(TypeError, match="complex"):
        schema_of(Odd)


@given(st.text(), st.integers(-(2**63), 2**63 - 1), st.datetimes(timezones=st.just(UTC)))
def test_any_text_number_and_instant_survives(text: str, number: int, instant: datetime) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Anything:
        text: str
        number: int
        instant: datetime

    payload = Anything(text=text, number=number, instant=instant)
    assert load(Anything, dump(payload)) == payload
