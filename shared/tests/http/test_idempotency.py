"""A key sent twice has one effect and one answer."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.testing.http import Caller
from shared.tests.http.conftest import Book


def test_a_repetition_has_one_effect_and_the_same_answer(http: Caller, database: Database) -> None:
    caller = http.as_user(7).having(Idempotency_Key="k1")
    first, second = (caller.post("/books/", {"title": "x", "price": "1"}) for _ in range(2))

    assert first.raw.get_data() == second.raw.get_data()
    assert (first.status, second.status) == (201, 201)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Estuary-Message"] == first.headers["Estuary-Message"]
    with database.transaction() as session:
        assert len(session.scalars(select(Book)).all()) == 1


def test_another_body_is_a_conflict_another_user_is_not(http: Caller) -> None:
    keyed = http.having(Idempotency_Key="k1")
    assert keyed.as_user(7).post("/books/", {"title": "x", "price": "1"}).status == 201
    assert keyed.as_user(7).post("/books/", {"title": "y", "price": "1"}).code == "idempotency_conflict"
    assert keyed.as_user(8).post("/books/", {"title": "y", "price": "1"}).status == 201


def test_a_refusal_is_not_kept(http: Caller) -> None:
    keyed = http.as_user(7).having(Idempotency_Key="k1")
    assert keyed.post("/books/", {"title": "taken", "price": "1"}).status == 409
    assert "Idempotent-Replayed" not in keyed.post("/books/", {"title": "taken", "price": "1"}).headers


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256])
def test_a_malformed_key_is_refused(http: Caller, key: str) -> None:
    answer = http.as_user(7).having(Idempotency_Key=key).post("/books/", {"title": "x", "price": "1"})

    assert answer.status == 400


def test_twenty_at_once_have_one_effect(http: Caller, database: Database) -> None:
    keyed = http.as_user(7).having(Idempotency_Key="k1")
    barrier = threading.Barrier(20)

    def post(_: int) -> Any:
        barrier.wait()
        return keyed.post("/books/", {"title": "x", "price": "1"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {201, 409, 503}
    assert len({answer.raw.get_data() for answer in answers if answer.status == 201}) == 1
    with database.transaction() as session:
        assert len(session.scalars(select(Book)).all()) == 1
