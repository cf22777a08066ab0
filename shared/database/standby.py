"""Reads that may lag: from a read replica, where one is named.

Answers to strangers are cached for half a minute anyway, so they may show what was committed a moment ago. The HTTP
edge says which requests these are (`let_reads_lag`); `shared.database.reading` then goes to the replica, and to the
primary while that can not be reached.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

if TYPE_CHECKING:
    from shared.database.engine import Database

RESTS_SECONDS = 10.0

_may_lag: ContextVar[bool] = ContextVar("reads_may_lag", default=False)


def let_reads_lag(*, allowed: bool) -> None:
    """Say whether reads in this context may come from the replica."""
    _may_lag.set(allowed)


def reads_may_lag() -> bool:
    """Whether reads in this context may come from the replica."""
    return _may_lag.get()


class Standby:
    """A read replica beside its primary. After a failure it is left alone for a while, and the primary steps in."""

    def __init__(self, replica: "Database", primary: "Database") -> None:
        self.replica = replica
        self.primary = primary
        self._rests_until = 0.0

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Yield a connection for reads: of the replica, or of the primary while it can not be reached."""
        connection = self._reached()
        if connection is None:
            with self.primary.engine.connect() as instead:
                yield instead
            return
        try:
            with connection:
                yield connection
        except DBAPIError as lost:
            if lost.connection_invalidated:
                self._rest()
            raise

    def _reached(self) -> Connection | None:
        if time.monotonic() < self._rests_until:
            return None
        try:
            return self.replica.engine.connect()
        except (DBAPIError, PoolTimeout):
            self._rest()
            return None

    def _rest(self) -> None:
        self._rests_until = time.monotonic() + RESTS_SECONDS
