from uuid import uuid4

import pytest

from shared.database import Database
from shared.messaging import Actor, AlreadyRecorded, EventTooLarge, record, record_all, set_context
from shared.messaging.context import reset_context
from shared.messaging.messages import Subject
from shared.messaging.testing import announced
from tests.chaos import toy


def test_event_is_recorded_with_the_change_and_its_version(shop: Database) -> None:
    with shop.transaction() as session:
        toy.credit(session, 1)

    with shop.transaction() as session:
        changed, credited = announced(session)
        account = session.get(toy.Account, 1)
    assert account is not None
    assert account.version == 2
    assert (changed.type, changed.subject_id, changed.sequence) == ("account.changed", "1", 2)
    assert (credited.type, credited.sequence) == ("account.credited", 2)


def test_rolled_back_change_announces_nothing(shop: Database) -> None:
    def change_and_fail() -> None:
        with shop.transaction() as session:
            toy.credit(session, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()

    with shop.transaction() as session:
        assert announced(session) == []


def test_announcing_twice_without_a_change_fails_loudly(shop: Database) -> None:
    with shop.transaction() as session:
        account = session.get_one(toy.Account, 1)
        record(session, toy.AccountChanged.of(account), subject=account)

        with pytest.raises(AlreadyRecorded, match=r"account\.changed was already recorded"):
            record(session, toy.AccountChanged.of(account), subject=account)


def test_fact_about_something_uncounted_may_be_told_often(shop: Database) -> None:
    with shop.transaction() as session:
        for _ in range(2):
            record(session, toy.AccountCredited(account_id=1, number=1), about=("user", 12))

    with shop.transaction() as session:
        assert [(one.subject_id, one.sequence) for one in announced(session)] == [("12", 0), ("12", 0)]


def test_several_are_told_at_once_in_their_order(shop: Database) -> None:
    with shop.transaction() as session:
        account = session.get_one(toy.Account, 1)
        account.balance += 1
        credited = [(toy.AccountCredited(account_id=1, number=n), Subject(type="user", id=f"{n}")) for n in range(20)]
        record_all(session, [(toy.AccountChanged.of(account), account), *credited])
        record_all(session, [])

    with shop.transaction() as session:
        first, *others = announced(session)
    assert (first.type, first.subject_id, first.sequence) == ("account.changed", "1", 2)
    assert [(one.subject_id, one.data["number"]) for one in others] == [(f"{n}", n) for n in range(20)]


def test_one_that_was_told_before_refuses_them_all(shop: Database) -> None:
    with shop.transaction() as session:
        account = session.get_one(toy.Account, 1)
        told = (toy.AccountChanged.of(account), account)

        with pytest.raises(AlreadyRecorded, match=r"account\.changed was already recorded for account 1"):
            record_all(session, [told, (toy.AccountCredited(account_id=1, number=1), account), told])


def test_origin_travels_with_the_event(shop: Database) -> None:
    correlation, causation = uuid4(), uuid4()
    token = set_context(
        correlation_id=correlation,
        causation_id=causation,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        actor=Actor(user_id=7, role="staff"),
    )
    with shop.transaction() as session:
        toy.credit(session, 1)
    reset_context(token)

    with shop.transaction() as session:
        found = announced(session)[0]
    assert (found.correlation_id, found.causation_id) == (correlation, causation)
    assert found.actor == Actor(user_id=7, role="staff")
    assert found.traceparent is not None


def test_payload_above_the_limit_is_refused_where_it_is_made(shop: Database) -> None:
    with pytest.raises(EventTooLarge), shop.transaction() as session:
        record(session, toy.AccountChanged(id=1, balance=1, name="x" * 64 * 1024), about=("account", 1, 9))
