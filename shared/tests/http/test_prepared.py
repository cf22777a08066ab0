"""Prepared statements run by the driver itself, and fail as all statements do."""

from collections.abc import Iterator

import pytest
from sqlalchemy import any_, bindparam, func, literal_column, select, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from shared.database import Database
from shared.listing.statements import compiled, run

ONE = compiled(select(literal_column("1").label("one"), bindparam("told", "x").label("told")), is_preparable=True)
DIVIDED = compiled(select((literal_column("1") / bindparam("by", required=True)).label("part")), is_preparable=True)
SLEEPING = compiled(select(func.pg_sleep(bindparam("seconds", required=True))), is_preparable=True)


@pytest.fixture
def alone(database: Database) -> Iterator[Database]:
    """The database by one connection, which is new."""
    made = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    yield made
    made.close()


def test_rows_come_as_dicts(database: Database) -> None:
    with database.reading() as connection:
        assert [run(connection, ONE, {}) for _ in range(3)] == [[{"one": 1, "told": "x"}]] * 3


def test_a_refusal_is_one_of_sqlalchemys_and_leaves_the_connection_usable(database: Database) -> None:
    with database.reading() as connection:
        assert run(connection, DIVIDED, {"by": 1}) == [{"part": 1}]
        with pytest.raises(DataError) as refused:
            run(connection, DIVIDED, {"by": 0})

        assert refused.value.orig is not None
        assert not refused.value.connection_invalidated
        assert run(connection, ONE, {})[0]["one"] == 1


def test_a_statement_that_takes_too_long_is_not_sent_again(database: Database) -> None:
    with database.reading() as connection:
        run(connection, SLEEPING, {"seconds": 0})
        connection.exec_driver_sql("SET statement_timeout = 50")
        try:
            with pytest.raises(OperationalError) as given_up:
                run(connection, SLEEPING, {"seconds": 60})
        finally:
            connection.exec_driver_sql("SET statement_timeout = 5000")

    assert getattr(given_up.value.orig, "pgcode", None) == "57014"


def test_a_lost_connection_is_told_as_such_and_replaced(database: Database) -> None:
    me = compiled(select(func.pg_backend_pid().label("pid")), is_preparable=True)
    with database.reading() as connection:
        lost = run(connection, me, {})[0]["pid"]
        with database.engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({lost})")
        with pytest.raises(DBAPIError) as gone:
            run(connection, me, {})
    with database.reading() as connection:
        found = run(connection, me, {})[0]["pid"]

    assert gone.value.connection_invalidated
    assert found != lost


def test_lists_of_values_are_taken(database: Database) -> None:
    among = compiled(
        select(literal_column("n")).select_from(func.generate_series(1, 5).alias("n"))
        .where(literal_column("n") == any_(bindparam("wanted", required=True))),
        is_preparable=True,
    )  # fmt: skip
    with database.reading() as connection:
        for wanted in ([1, 2], [4], []):
            assert [row["n"] for row in run(connection, among, {"wanted": wanted})] == wanted


BY = compiled(text("SELECT CAST(12 AS bigint) / CAST(:by AS bigint) AS part"), in_transactions=True)


def kept_plans(session: Session, part: str) -> int:
    found = session.connection().exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars()
    return sum(part in statement for statement in found)


def test_transactions_keep_the_plans_of_what_they_may(alone: Database) -> None:
    for by in (3, 4, 6):
        with alone.transaction() as session:
            assert run(session.connection(), BY, {"by": by}) == [{"part": 12 // by}]
            assert run(session.connection(), ONE, {}) == [{"one": 1, "told": "x"}]

    with alone.transaction() as session:
        assert (kept_plans(session, "12 AS bigint"), kept_plans(session, "told")) == (1, 0)


def test_a_plan_outlives_the_transaction_that_failed(alone: Database) -> None:
    with pytest.raises(DataError), alone.transaction() as session:
        run(session.connection(), BY, {"by": 0})

    with alone.transaction() as session:
        assert run(session.connection(), BY, {"by": 2}) == [{"part": 6}]


def test_a_transaction_ends_with_the_plan_that_a_migration_outdated_and_the_next_one_works(alone: Database) -> None:
    shown = compiled(text("SELECT name FROM outdated_plans"), in_transactions=True)
    with alone.transaction() as session:
        session.execute(text("CREATE TEMPORARY TABLE outdated_plans (name integer)"))
        session.execute(text("INSERT INTO outdated_plans VALUES (7)"))
        assert run(session.connection(), shown, {}) == [{"name": 7}]
    with alone.transaction() as session:
        session.execute(text("ALTER TABLE outdated_plans ALTER name TYPE text"))

    with pytest.raises(DBAPIError), alone.transaction() as session:
        run(session.connection(), shown, {})

    with alone.transaction() as session:
        assert run(session.connection(), shown, {}) == [{"name": "7"}]
