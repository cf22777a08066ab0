"""Writing reviews of one service: one after the other, and from several processes at once."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg2
from sqlalchemy import event, text

from bench.servers import FORKING, cpu_seconds
from shared.database import database

PROCESSES, THREADS, ALONE = 2, 4, 60
WRITES = ALONE + 800


@dataclass(frozen=True)
class Written:
    """Reviews of one service, written by several processes at once: how many a second, and the CPU time of each.

    `held_ms` is how long one alone holds the numbers of its service, for which all others have to wait.
    """

    a_second: float
    app_ms: float
    database_ms: float
    held_ms: float


def write(booking: UUID, user_id: int) -> None:
    """Review a completed booking as the web process does."""
    from services.reviews.models.eligibility import About
    from services.reviews.operations.creating import Wish, create_review
    from shared.clock import utc_now
    from shared.database import retrying
    from shared.identity import Identity

    wish = Wish(about=About(booking=booking), rating=450, comment=f"Number {user_id}")
    by = Identity(user_id=user_id, roles=frozenset({"user"}))
    retrying(lambda session: create_review(session, wish, by=by, now=utc_now()))


def work(waiting: list[Any], begin: Any, done: Any) -> None:
    """Write these reviews with a few threads, after the others have got ready too; tell the CPU time it took."""
    database().forget_connections()
    for one in waiting[:THREADS]:
        write(*one)
    begin.wait()
    used = time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        for written in [pool.submit(write, *one) for one in waiting[THREADS:]]:
            written.result()
    done.put(time.process_time() - used)
    begin.wait()


def server_seconds(url: str) -> float:
    """Return the CPU time of the server's processes that serve now."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'estuary'")
        return sum(cpu_seconds(pid) for (pid,) in cursor.fetchall())


def held_ms(waiting: list[Any]) -> float:
    """Return how long the numbers are held by one review after the other, in the middle."""
    began: list[float] = []

    def note(_connection: Any, _cursor: Any, _statement: str, given: Any, *_: Any) -> None:
        # The statement that moves the numbers is prepared, so that its text tells nothing.
        if isinstance(given, dict) and "rows" in given:
            began.append(time.perf_counter())

    event.listen(database().engine, "before_cursor_execute", note)
    took = []
    for one in waiting:
        write(*one)
        took.append(1000 * (time.perf_counter() - began[-1]))
    event.remove(database().engine, "before_cursor_execute", note)
    return statistics.median(took[10:])


def written(url: str) -> Written:
    """Review one service from several processes at once."""
    with database().reading() as connection:
        waiting: list[Any] = list(
            connection.execute(text("SELECT public_uuid, user_id FROM bookings ORDER BY booking_id"))
        )
    held, waiting = held_ms(waiting[:ALONE]), waiting[ALONE:]
    database().close()
    begin, done = FORKING.Barrier(PROCESSES + 1), FORKING.Queue()
    workers = [FORKING.Process(target=work, args=(waiting[n::PROCESSES], begin, done)) for n in range(PROCESSES)]
    for worker in workers:
        worker.start()
    begin.wait()
    used, began = server_seconds(url), time.perf_counter()
    app = sum(done.get() for _ in workers)
    took, used = time.perf_counter() - began, server_seconds(url) - used
    begin.wait()
    for worker in workers:
        worker.join()
    count = len(waiting) - PROCESSES * THREADS
    return Written(count / took, 1000 * app / count, 1000 * used / count, held)
