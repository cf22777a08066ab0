"""Prepared statements run by the driver itself, and fail as all statements do."""

import pytest
from sqlalchemy import any_, bindparam, func, literal_column, select
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from shared.database import Database
from shared.listing.statements import compiled, run

ONE = compiled(select(literal_column("1").label("one"), bindparam("told", "x").label("told")), is_preparable=True)
DIVIDED = compiled(select((literal_column("1") / bindparam("by", required=True)).label("part")), is_preparable=True)
SLEEPING = compiled(select(func.pg_sleep(bindparam("seconds", required=True))), is_preparable=True)


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
