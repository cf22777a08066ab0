"""The worker process of media: relay, consumer, clock, and the benches where files are processed."""

import os
import select
import socket
import threading
import time
from contextlib import closing
from functools import partial

import psycopg2
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.media import jobs
from services.media.events import PUBLISHES, SNAPSHOTS
from services.media.handlers import auth, catalog, claims, practitioners, reviews, streams
from services.media.operations.announcing import JOBS_CHANNEL
from services.media.operations.working import work_once
from services.media.settings import settings
from shared import jobs as shared_jobs
from shared.database import database
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker

LOOK_SECONDS = 2.0


class MediaWorker(Worker):
    """The worker with benches beside: each takes jobs the moment they are committed, one at a time."""

    def run(self) -> None:
        """See `Worker.run`."""
        benches = settings().media_processes
        for number in range(benches):
            # One is kept for what people wait for: variants of a large picture take seconds.
            self._start(f"bench-{number}", partial(self._bench, first_only=benches > 1 and number == 0), self._stop)
        super().run()

    def _bench(self, stop: threading.Event, *, first_only: bool) -> None:
        """Wait for a notification, then work until nothing is left. Jobs are claimed one by one."""
        while not _database_named():
            if stop.wait(0.1):
                return
        name = f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"
        with closing(psycopg2.connect(self.settings.database_url, connect_timeout=3)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {JOBS_CHANNEL}")
            while not stop.is_set():
                try:
                    while not stop.is_set() and work_once(name, first_only=first_only):
                        pass
                except PoolTimeout:
                    time.sleep(0.1)
                    continue
                select.select([connection], [], [], LOOK_SECONDS)
                connection.poll()
                connection.notifies.clear()


def _database_named() -> bool:
    try:
        database()
    except RuntimeError:
        return False
    return True


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return MediaWorker(
        "media",
        settings=settings(),
        handlers=[identity_handlers, auth, practitioners, catalog, reviews, streams, claims],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
