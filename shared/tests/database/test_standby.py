"""Reads that may lag come from the replica, others and writes from the primary, which steps in for a lost replica."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from shared.database import Database, bounded_reading, connect, engine, let_reads_lag, reading, transaction
from shared.database.standby import Standby

NAME = text("SELECT current_setting('application_name')")


@pytest.fixture
def replica(database: Database) -> Iterator[None]:
    """Name the same server as a replica under another name, and give the process back afterwards."""
    url = database.url.render_as_string(hide_password=False)
    connect(url, application_name="primary", replica_url=url)
    assert engine._standby is not None
    engine._standby.replica.application_name = "replica"
    yield
    let_reads_lag(allowed=False)
    connect(url, pool_size=16, application_name=database.application_name)


def _named(connection: Connection) -> str:
    found: str = connection.scalar(NAME)
    return found


def test_only_what_may_lag_comes_from_the_replica(replica: None) -> None:
    for allowed, name in ((False, "primary"), (True, "replica")):
        let_reads_lag(allowed=allowed)
        with reading() as connection:
            assert _named(connection) == name
        with bounded_reading(timeout_ms=900) as connection:
            assert _named(connection) == name
            assert connection.scalar(text("SHOW statement_timeout")) == "900ms"
        with transaction() as session:
            assert _named(session.connection()) == "primary"


def test_a_slow_read_is_given_up_and_the_connection_is_as_before(replica: None) -> None:
    with pytest.raises(OperationalError), bounded_reading(timeout_ms=20) as connection:
        connection.execute(text("SELECT pg_sleep(1)"))
    with reading() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"


def test_the_primary_steps_in_for_a_lost_replica(database: Database) -> None:
    gone = Database("postgresql://nobody@127.0.0.1:9/nowhere", application_name="gone")
    standby = Standby(gone, engine.database())

    for _ in range(2):
        with standby.connected() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
