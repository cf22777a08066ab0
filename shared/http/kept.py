"""Answers that are given again while the database is as it was.

What strangers read is asked for again and again. Before such an answer is made once more, one tiny statement asks
PostgreSQL which transactions it sees; if they are the same as before the kept answer was made, nothing at all has
changed since, and the answer is given again, or 304 to those who have it. Nothing needs to be told of changes, so
nothing can be forgotten. Whatever writes to the same cluster ends this; the answer is then made as ever.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, current_app, g, make_response, request
from sqlalchemy import Connection, func, literal_column, select

from shared.database import reading
from shared.http.context import identity, say, set_version
from shared.listing.statements import compiled, run

# Of the whole process, whatever it answers.
BYTES_MAX = 12 << 20
KEYS_MAX = 2_000

# The log's position on a standby: there a snapshot does not name all that is under way. Source: PostgreSQL's manual,
# "Transaction ID and Snapshot Information Functions".
_STATE = compiled(
    select(
        func.coalesce(
            literal_column("CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END"),
            literal_column("pg_current_snapshot()::text"),
        ).label("state")
    ),
    is_preparable=True,
)
# Of the request's headers these are told in the links between pages.
_TOLD = ("HTTP_HOST", "HTTP_X_ESTUARY_BASE", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, the state of the database that it was made from, and the moment until which it may be used."""

    state: str
    until: float
    body: bytes
    headers: list[tuple[str, str]]
    version: str | None
    message: str | None

    def response(self) -> Response:
        """Return the answer once more."""
        if self.version is not None:
            set_version(self.version)
        if self.message is not None:
            say(self.message)
        again: Response = current_app.response_class(self.body, headers=self.headers)
        return again


class Answers:
    """A bounded store; an answer is kept when it is asked for a second time, so that rare ones cost nothing."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Kept | None] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def asked(self, key: Key) -> tuple[bool, Kept | None]:
        """Return whether this was asked for before, and the answer if one is kept."""
        kept = self._kept.get(key)
        if kept is not None:
            return True, kept
        if key in self._kept:
            return True, None
        self._put(key, None)
        return False, None

    def keep(self, key: Key, kept: Kept) -> None:
        """Keep an answer instead of the one before."""
        if len(kept.body) <= BYTES_MAX // 8:
            self._put(key, kept)

    def _put(self, key: Key, kept: Kept | None) -> None:
        with self._lock:
            self._forget(key)
            self._kept[key] = kept
            self._bytes += len(kept.body) if kept else 0
            while self._bytes > BYTES_MAX or len(self._kept) > KEYS_MAX:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        self._bytes -= len(gone.body) if gone else 0


_answers = Answers()


def kept_while_unchanged(
    seconds: Callable[[], float], *, never_with: str = "\n", depends: Callable[[], Hashable] = tuple
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a stranger's answer again while nothing in the database has changed, for up to `seconds()`.

    Stands right below `operation`, so that nothing of the request is read for an answer that is kept. `never_with`
    names a parameter whose answer depends on the moment, `depends` tells what else than the database answers depend on.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            environ = request.environ
            query: str = environ["QUERY_STRING"]
            if identity().is_signed_in or never_with in query:
                return view(*args, **kwargs)
            key = (view, environ["PATH_INFO"], query, depends(), *map(environ.get, _TOLD))
            was_asked, kept = _answers.asked(key)
            if not was_asked:
                return view(*args, **kwargs)
            with reading() as connection:
                state = state_of(connection)
            if kept is not None and kept.state == state and time.monotonic() < kept.until:
                return kept.response()
            until = time.monotonic() + seconds()
            response = make_response(view(*args, **kwargs))
            if response.status_code == 200 and not response.is_streamed:
                until = min(until, g.get("good_until", until))
                told = Kept(
                    state, until, response.get_data(), list(response.headers), g.get("version"), g.get("message")
                )
                _answers.keep(key, told)
            return response

        return answer

    return decorate


def good_until(moment: float) -> None:
    """Say until when, by the monotonic clock, the answer may be given again: parts of it were made before."""
    g.good_until = moment


def state_of(connection: Connection) -> str:
    """Return which transactions' changes are seen now: the same text twice means that nothing changed in between."""
    state: str = run(connection, _STATE, {})[0]["state"]
    return state
