"""The worker process of streams: relay, consumer, clock, and the desk that talks to LiveKit."""

import select
import threading
import time
from contextlib import closing

import psycopg2
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.streams import jobs
from services.streams.events import PUBLISHES, SNAPSHOTS
from services.streams.handlers import auth, bookings, media, payments, practitioners
from services.streams.operations.desk import clear_desk
from services.streams.operations.log import DESK
from services.streams.settings import settings
from shared import jobs as shared_jobs
from shared.database import database
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker

DESKS = 2
LOOK_SECONDS = 5.0


class StreamsWorker(Worker):
    """The worker with two desks beside: what is noted is done the moment it is committed."""

    def run(self) -> None:
        """See `Worker.run`."""
        for number in range(DESKS):
            self._start(f"desk-{number}", self._desk, self._stop)
        super().run()

    def _desk(self, stop: threading.Event) -> None:
        """Wait for a notification, then clear the desk. Rooms and rows are claimed one by one, so desks share."""
        while not _database_named():
            if stop.wait(0.1):
                return
        with closing(psycopg2.connect(self.settings.database_url, connect_timeout=3)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {DESK}")
            while not stop.is_set():
                try:
                    while clear_desk(jobs.video()) and not stop.is_set():
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
    return StreamsWorker(
        "streams",
        settings=settings(),
        handlers=[identity_handlers, auth, practitioners, payments, bookings, media],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
