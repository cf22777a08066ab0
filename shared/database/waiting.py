"""Waiting until another transaction says that something happened, without holding a pooled connection.

One thread a process listens on one connection of its own and wakes whoever waits for a channel. A lost notification or
connection costs at most the poll interval, because the waiter looks again by itself.
"""

import select as io_select
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, TypeVar

import psycopg2
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database.engine import database
from shared.observability import logger

T = TypeVar("T")
POLL_SECONDS = 0.5
log = logger(__name__)


def notify(session: Session, channel: str) -> None:
    """Wake whoever waits for `channel`, when this transaction commits."""
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


class Waiting:
    """Lets at most `places` threads of this process wait at once; the others are told at once to go on."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(max(places, 1))
        self._lock = threading.Lock()
        self._waiters: dict[str, list[threading.Event]] = defaultdict(list)
        self._thread: threading.Thread | None = None
        self._wake_listener: threading.Event = threading.Event()

    def until(self, channel: str, look: Callable[[], T | None], *, seconds: float) -> T | None:
        """Return what `look()` finds, looking again whenever `channel` is notified; None after `seconds`.

        `look` opens and closes its own reads. Returns after one look when every place is taken.
        """
        found = look()
        if found is not None or seconds <= 0 or not self._places.acquire(blocking=False):
            return found
        event = threading.Event()
        try:
            self._enter(channel, event)
            deadline = time.monotonic() + seconds
            while (found := look()) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                event.wait(min(left, POLL_SECONDS))
                event.clear()
            return found
        finally:
            self._leave(channel, event)
            self._places.release()

    def _enter(self, channel: str, event: threading.Event) -> None:
        with self._lock:
            self._waiters[channel].append(event)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._listen, name="waiting", daemon=True)
                self._thread.start()
        self._wake_listener.set()

    def _leave(self, channel: str, event: threading.Event) -> None:
        with self._lock:
            self._waiters[channel].remove(event)
            if not self._waiters[channel]:
                del self._waiters[channel]

    def _listen(self) -> None:
        """Keep LISTEN in step with the channels that are waited for, and pass notifications on."""
        while True:
            try:
                self._listen_on(
                    psycopg2.connect(database().url.set(drivername="postgresql").render_as_string(hide_password=False))
                )
            except (psycopg2.Error, RuntimeError) as lost:
                log.warning("listening_interrupted", reason=type(lost).__name__)
                time.sleep(POLL_SECONDS)

    def _listen_on(self, connection: Any) -> None:
        connection.set_session(autocommit=True)
        listening: set[str] = set()
        # Not `with connection`: that would begin a transaction, and LISTEN counts from the commit.
        with suppress(psycopg2.InterfaceError), closing(connection), connection.cursor() as cursor:
            while True:
                with self._lock:
                    wanted = set(self._waiters)
                for channel in wanted - listening:
                    cursor.execute(f'LISTEN "{channel}"')
                    self._wake(channel)
                for channel in listening - wanted:
                    cursor.execute(f'UNLISTEN "{channel}"')
                listening = wanted
                if not wanted:
                    self._wake_listener.wait(30)
                self._wake_listener.clear()
                io_select.select([connection], [], [], 0.02)
                connection.poll()
                while connection.notifies:
                    self._wake(connection.notifies.pop(0).channel)

    def _wake(self, channel: str) -> None:
        with self._lock:
            for event in self._waiters.get(channel, ()):
                event.set()
