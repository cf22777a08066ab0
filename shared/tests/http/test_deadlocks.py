"""A transaction that was given up for another's sake is done again, if nothing of the request is done yet."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.testing.http import Caller
from shared.tests.http.conftest import Book, Deadlocks


@pytest.fixture(autouse=True)
def nobody_else() -> Iterator[None]:
    yield
    Deadlocks.left = 0


def titles(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(select(Book.title).order_by(Book.id)))


@pytest.mark.parametrize("key", [None, "k1"])
@pytest.mark.parametrize(("times", "status"), [(1, 201), (2, 201), (3, 503)])
def test_a_victim_is_tried_three_times(
    http: Caller, database: Database, times: int, status: int, key: str | None
) -> None:
    caller = http.as_user(7) if key is None else http.as_user(7).having(Idempotency_Key=key)
    Deadlocks.left = times

    answer = caller.post("/crowded/first/")

    assert answer.status == status
    assert titles(database) == (["first", "second"] if status == 201 else [])


def test_what_is_partly_done_is_not_done_twice(http: Caller, database: Database) -> None:
    Deadlocks.left = 1

    assert http.as_user(7).post("/crowded/second/").status == 503
    assert titles(database) == ["first"]


def test_a_form_that_was_read_is_not_read_again(http: Caller, database: Database) -> None:
    Deadlocks.left = 1

    assert http.as_user(7).post("/crowded/first/", data={"a": "b"}).status == 503
    assert titles(database) == []
