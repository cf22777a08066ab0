"""Statements that may not take long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.practitioners.settings import settings
from shared import database
from shared.errors import Unavailable

_CANCELED: Final = "57014"


@contextmanager
def bounded_reading() -> Iterator[Connection]:
    """Yield a connection on which a search's statement is given up after `PRACTITIONERS_SEARCH_TIMEOUT_MS`.

    Raises Unavailable when that happens.
    """
    try:
        with database.bounded_reading(timeout_ms=settings().practitioners_search_timeout_ms) as connection:
            yield connection
    except DBAPIError as slow:
        if getattr(slow.orig, "pgcode", None) == _CANCELED:
            raise Unavailable("This search takes too long. Ask for less.") from slow
        raise
