"""The process's way to its database: pooled connections with time limits, transactions, and plain reads.

Nothing connects at import or at start: the first statement does, so a forked worker never shares a socket
with its parent. Time limits stand on every connection, so that one stuck statement can not hold locks or a
pool slot for long.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from shared.database.standby import Standby, reads_may_lag

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 3
POOL_TIMEOUT_SECONDS = 2
STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 2_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000
PING_AFTER_IDLE_SECONDS = 5.0

# A deadlock's victim and a serialization failure: nothing was done, so the whole unit of work may run again.
RETRYABLE_SQLSTATES = frozenset({"40P01", "40001"})
RETRY_PAUSE_SECONDS = 0.01

_here = threading.local()


def is_retryable(refused: DBAPIError) -> bool:
    """Whether PostgreSQL gave a transaction up only because others ran beside it."""
    return getattr(refused.orig, "pgcode", None) in RETRYABLE_SQLSTATES


def commits() -> int:
    """Return how many transactions this thread has committed so far."""
    made: int = getattr(_here, "commits", 0)
    return made


class Database:
    """One service's database.

    `pool_size` connections at most, no overflow: it equals the threads of the process, so that the sum over
    all processes can be planned. A caller that finds none free for 2 s gets `sqlalchemy.exc.TimeoutError`.
    """

    def __init__(self, url: str, *, pool_size: int = 8, application_name: str = "estuary") -> None:
        self.url = make_url(url).set(drivername="postgresql+psycopg2")
        self.pool_size = pool_size
        self.application_name = application_name

    @cached_property
    def engine(self) -> Engine:
        """The pool, made at first use."""
        limits = {
            "statement_timeout": STATEMENT_TIMEOUT_MS,
            "lock_timeout": LOCK_TIMEOUT_MS,
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_MS,
            "timezone": "UTC",
            "jit": "off",
        }
        engine = create_engine(
            self.url,
            pool_size=self.pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            # Values may be personal: they have no place in logged tracebacks.
            hide_parameters=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                "application_name": self.application_name,
                "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            },
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        _ping_after_idle(engine)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session whose work is committed at the end of the block, or rolled back if it raises.

        Objects stay readable afterwards. No network call belongs inside.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
        _here.commits = commits() + 1

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection in autocommit: each statement sees the newest committed state, none holds a snapshot."""
        with self.engine.connect() as connection, _autocommitting(connection):
            yield connection

    def retrying(self, work: Callable[[Session], T], *, attempts: int = 3) -> T:
        """Run `work` in a transaction of its own, again if PostgreSQL chose it as a deadlock's victim.

        `work` must have no effect outside the transaction. Raises what the last attempt raised.
        """
        for attempt in range(1, attempts + 1):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as refused:
                if attempt == attempts or not is_retryable(refused):
                    raise
                time.sleep(RETRY_PAUSE_SECONDS * attempt)
        raise AssertionError("the loop returns or raises")

    def forget_connections(self) -> None:
        """Drop inherited connections without closing them: called in a child right after a fork."""
        if "engine" in self.__dict__:
            self.engine.dispose(close=False)

    def close(self) -> None:
        """Close every pooled connection."""
        if "engine" in self.__dict__:
            self.engine.dispose()


_database: Database | None = None
_standby: Standby | None = None


def connect(
    url: str, *, pool_size: int = 8, application_name: str = "estuary", replica_url: str | None = None
) -> Database:
    """Name the database of this process, and its read replica if it has one. Nothing is opened yet."""
    global _database, _standby
    disconnect()
    _database = Database(url, pool_size=pool_size, application_name=application_name)
    if replica_url:
        replica = Database(replica_url, pool_size=pool_size, application_name=application_name)
        _standby = Standby(replica, _database)
    return _database


def disconnect() -> None:
    """Close the process's database, if one is named."""
    global _database, _standby
    if _database is not None:
        _database.close()
    if _standby is not None:
        _standby.replica.close()
    _database = _standby = None


def database() -> Database:
    """Return the database of this process. Raises RuntimeError before `connect`."""
    if _database is None:
        raise RuntimeError("no database: a composition root calls shared.database.connect() first")
    return _database


_joined: ContextVar[Session | None] = ContextVar("joined_session", default=None)


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session of the process's database; see `Database.transaction`.

    Inside `joined(session)` it is that session, and the block neither commits nor rolls back.
    """
    outer = _joined.get()
    if outer is not None:
        yield outer
        return
    with database().transaction() as session:
        yield session


def retrying(work: Callable[[Session], T]) -> T:
    """Run `work` in a transaction of the process's database, again after a deadlock; see `Database.retrying`.

    Inside `joined(session)` it runs once, as part of that transaction.
    """
    outer = _joined.get()
    return work(outer) if outer is not None else database().retrying(work)


@contextmanager
def joined(session: Session) -> Iterator[None]:
    """Let every `transaction()` in the block be part of the caller's transaction.

    So an edge can put something of its own (an idempotency key, a test's rollback) into the operation's transaction.
    """
    token = _joined.set(session)
    try:
        yield
    finally:
        _joined.reset(token)


def reading() -> AbstractContextManager[Connection]:
    """Yield a connection for reads of the process's database; see `Database.reading`.

    Where reads may lag it is the read replica's.
    """
    if _standby is not None and reads_may_lag():
        return _reading_from(_standby)
    return database().reading()


@contextmanager
def _reading_from(standby: Standby) -> Iterator[Connection]:
    with standby.connected() as connection, _autocommitting(connection):
        yield connection


@contextmanager
def bounded_reading(*, timeout_ms: int, memory: str | None = None) -> Iterator[Connection]:
    """Yield a connection for reads that are each given up after `timeout_ms`; see `reading`.

    `memory` (such as "32MB") is what each step of a statement may use instead of the server's `work_mem`. A statement
    that takes longer raises OperationalError with SQLSTATE 57014; nothing more can be read then.
    """
    may_lag = _standby if reads_may_lag() else None
    with may_lag.connected() if may_lag else database().engine.connect() as connection, connection.begin():
        connection.execute(_BOUNDED, {"limit": str(timeout_ms), "memory": memory})
        yield connection


_BOUNDED = text(
    "SELECT set_config('statement_timeout', :limit, true),"
    " set_config('work_mem', coalesce(:memory, current_setting('work_mem')), true)"
)


@contextmanager
def _autocommitting(connection: Connection) -> Iterator[None]:
    # Set on the driver's connection: the pool's own way costs two round trips, there and back.
    driver: Any = connection.connection.dbapi_connection
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


def _ping_after_idle(engine: Engine) -> None:
    """Check a connection that lay idle before handing it out.

    SQLAlchemy's own pre-ping asks at every checkout, a round trip each; one that was used a moment ago is
    nearly always alive, and when it is not, the pool is dropped at the first failing statement.
    """

    @event.listens_for(engine, "checkin")
    def note_use(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - entry.info.get("used_at", time.monotonic()) < PING_AFTER_IDLE_SECONDS:
            return
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            cursor.close()
            connection.rollback()
        except engine.dialect.loaded_dbapi.Error as dead:
            raise DisconnectionError from dead
