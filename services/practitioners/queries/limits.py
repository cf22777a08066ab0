"""Statements that may not take long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.practitioners.settings import settings
from shared.database import transaction
from shared.errors import Unavailable

_CANCELED: Final = "57014"


@contextmanager
def bounded_reading() -> Iterator[Connection]:
    """Yield a connection on which a search's statement is given up after `PRACTITIONERS_SEARCH_TIMEOUT_MS`.

    Raises Unavailable when that happens.
    """
    with transaction() as session:
        limit = str(settings().practitioners_search_timeout_ms)
        session.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": limit})
        try:
            yield session.connection()
        except DBAPIError as slow:
            if getattr(slow.orig, "pgcode", None) == _CANCELED:
                raise Unavailable("This search takes too long. Ask for less.") from slow
            raise
