"""Connections with limits, transactions that join, work that is done again after a deadlock."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.audit import audit, audit_log, keep_partitions
from shared.clock import frozen_at, utc_now
from shared.database import Database, joined, reading, transaction
from shared.identity import Identity


def test_a_statement_may_not_run_for_ever(database: Database) -> None:
    with database.reading() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"
        assert connection.scalar(text("SHOW lock_timeout")) == "2s"
        assert connection.scalar(text("SHOW TimeZone")) == "UTC"


def test_a_failed_block_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        audit(session, "test", by=Identity(), subject=("thing", 1))
        raise ZeroDivisionError

    with database.transaction() as session:
        assert session.execute(select(audit_log)).all() == []


def test_a_joined_transaction_is_the_callers(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as outer, joined(outer):
        with transaction() as inner:
            assert inner is outer
            audit(inner, "test", by=Identity(), subject=("thing", 1))
        raise ZeroDivisionError

    with database.transaction() as session:
        assert session.execute(select(audit_log)).all() == []


def test_a_deadlocks_victim_is_done_again(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("CREATE TABLE toy_locks (id int PRIMARY KEY, n int)"))
        session.execute(text("INSERT INTO toy_locks VALUES (1, 0), (2, 0)"))
    met = threading.Barrier(2)
    tries: list[int] = []

    def add(first: int, second: int) -> None:
        def work(session) -> None:
            tries.append(first)
            session.execute(text("UPDATE toy_locks SET n = n + 1 WHERE id = :id"), {"id": first})
            if len(tries) <= 2:
                met.wait(5)
            session.execute(text("UPDATE toy_locks SET n = n + 1 WHERE id = :id"), {"id": second})

        database.retrying(work)

    threads = [threading.Thread(target=add, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with database.transaction() as session:
        counted = session.execute(text("SELECT n FROM toy_locks ORDER BY id")).scalars().all()
        session.execute(text("DROP TABLE toy_locks"))
    assert counted == [2, 2]
    assert len(tries) == 3


def test_other_failures_are_not_repeated(database: Database) -> None:
    tries: list[int] = []

    def work(session) -> None:
        tries.append(1)
        session.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        database.retrying(work)
    assert len(tries) == 1


def test_a_pool_that_is_used_up_says_so_soon(database: Database) -> None:
    small = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    with small.reading(), pytest.raises(PoolTimeout), small.reading():
        pass
    small.close()


def test_connections_that_died_while_idle_are_replaced(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.database.engine.PING_AFTER_IDLE_SECONDS", 0.0)
    one = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    with one.reading() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    with database.reading() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    with one.reading() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != pid
    one.close()


def test_reads_see_every_commit(database: Database) -> None:
    with reading() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        before = connection.scalar(text("SELECT count(*) FROM audit_log"))
        with database.transaction() as session:
            audit(session, "test", by=Identity(), subject=("thing", 1))
        assert connection.scalar(text("SELECT count(*) FROM audit_log")) == before + 1


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"])
def test_the_audit_trail_is_append_only(database: Database, statement: str) -> None:
    with database.transaction() as session:
        audit(session, "test", by=Identity(user_id=7, roles=frozenset({"user"})), subject=("thing", 1))

    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(statement))


def test_the_audit_trail_gets_its_months(database: Database) -> None:
    now = utc_now()
    with database.transaction() as session:
        keep_partitions(session, "audit_log", now=now, keep_months=3)
        keep_partitions(session, "audit_log", now=now, keep_months=3)
        audit(session, "test", by=Identity(), subject=("thing", 1))
        where = session.scalar(text("SELECT tableoid::regclass::text FROM audit_log"))
    assert where == f"partition_audit_log_{now:%Y%m}"


def test_a_month_with_rows_in_the_default_partition_stays_there_and_the_next_are_made(database: Database) -> None:
    now = utc_now() + timedelta(days=3_650)
    with database.transaction() as session, frozen_at(now):
        audit(session, "early", by=Identity(), subject=("thing", 1))
    with database.transaction() as session:
        keep_partitions(session, "audit_log", now=now)
        audit(session, "late", by=Identity(), subject=("thing", 1))

    with database.transaction() as session:
        made = session.scalars(text("SELECT relname FROM pg_class WHERE relname LIKE 'partition_audit_log_203%'")).all()
        for name in made:
            session.execute(text(f"DROP TABLE {name}")) if name[-6:].isdigit() else None
    assert f"partition_audit_log_{now:%Y%m}" not in made
    assert len([name for name in made if name[-6:].isdigit()]) == 3


def test_a_database_that_is_away_fails_fast() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(OperationalError), nowhere.transaction() as session:
        session.execute(text("SELECT 1"))
