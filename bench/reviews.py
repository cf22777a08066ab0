"""How fast reviews answers, and that its cost does not grow with them: `python -m bench.reviews`.

A server of our own is filled twice, with ten thousand reviews and with twenty times as many; most are of one service.
The web process answers in this one, so that a request's time is the service's and PostgreSQL's alone.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
from flask import Flask
from sqlalchemy import event, text

from bench.servers import EDGE_KEY, FORKING, cpu_seconds, postgresql
from shared.database import connect, database
from shared.database.migrate import migrate
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.ids import uuid7

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "reviews.md"
SIZES = (10_000, 200_000)
REQUESTS = 200
PROCESSES, THREADS, ALONE = 2, 4, 60
WRITES = ALONE + 800

_FILL = """
    INSERT INTO practitioners (id, public_uuid, user_id, slug, display_name, status, epoch, sequence)
    SELECT n, gen_random_uuid(), n + 1000000, 'practitioner-' || n, 'Practitioner ' || n, 'active', 1, 1
    FROM generate_series(1, 500) n;
    INSERT INTO services (id, public_uuid, slug, name, practitioner_id, practitioner_ids, epoch, sequence)
    SELECT n, gen_random_uuid(), 'service-' || n, 'Service ' || n, n, ARRAY[n], 1, 1 FROM generate_series(1, 500) n;
    INSERT INTO reviews (public_uuid, booking_id, practitioner_id, service_id, author_id, rating, comment, is_anonymous,
        is_verified, status, visible_at, was_restored, response_text, helpful, unhelpful, helpful_score, reports_open,
        report_score, staff_reported, held_reasons, display_name, photos, version, created_at, updated_at)
    SELECT gen_random_uuid(), n, k, k, n, 100 + (n * 7919) % 401, repeat('It was warm, calm and quiet. ', 5), false,
        true, 'published', at, false, '', n % 9, n % 4, (n % 97) / 97.0, 0, 0, false,
        ARRAY[]::text[], 'Anna M.', '[]', 1, at, at
    FROM (SELECT n, CASE WHEN n % 5 < 4 THEN 1 ELSE 1 + n % 500 END AS k, now() - n * interval '2 minutes' AS at
          FROM generate_series(1, {size}) n) made;
    INSERT INTO ratings_daily (target, practitioner_id, service_id, day, count, sum_hundredths)
    SELECT kind, CASE WHEN kind = 'service' THEN 0 ELSE practitioner_id END,
           CASE WHEN kind = 'practitioner' THEN 0 ELSE service_id END,
           (created_at AT TIME ZONE 'UTC')::date, count(*), sum(rating)
    FROM reviews, unnest(ARRAY['practitioner', 'service', 'pair']) kind GROUP BY 1, 2, 3, 4;
    INSERT INTO ratings (target, practitioner_id, service_id, count, sum_hundredths, c1, c2, c3, c4, c5, verified,
        helpful_total, with_response, recommended, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, weighted, version)
    SELECT kind, CASE WHEN kind = 'service' THEN 0 ELSE practitioner_id END,
           CASE WHEN kind = 'practitioner' THEN 0 ELSE service_id END,
           count(*), sum(rating), count(*) FILTER (WHERE rating / 100 = 1), count(*) FILTER (WHERE rating / 100 = 2),
           count(*) FILTER (WHERE rating / 100 = 3), count(*) FILTER (WHERE rating / 100 = 4),
           count(*) FILTER (WHERE rating / 100 = 5), count(*), sum(helpful), 0, count(*) FILTER (WHERE rating >= 400),
           0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1
    FROM reviews, unnest(ARRAY['practitioner', 'service', 'pair']) kind GROUP BY 1, 2, 3;
    INSERT INTO bookings (booking_id, public_uuid, user_id, practitioner_id, service_id, status, is_refunded,
        completed_at, epoch, sequence)
    SELECT 10000000 + n, gen_random_uuid(), 5000000 + n, 1, 1, 'completed', false, now(), 1, 1
    FROM generate_series(1, {writes}) n;
"""

PATHS = {
    "list by service, newest first": "/reviews/?service=service-1",
    "list by service, most helpful first": "/reviews/?service=service-1&ordering=-helpful",
    "list by service, four stars": "/reviews/?service=service-1&rating=4",
    "list by service, with a comment": "/reviews/?service=service-1&has_comment=true",
    "list by service, search": "/reviews/?service=service-1&search=quiet",
    "statistics of a practitioner": "/reviews/statistics/?practitioner=practitioner-1",
    "statistics of a service": "/reviews/statistics/?service=service-1",
}


@dataclass(frozen=True)
class Measured:
    """What one kind of request took, in milliseconds."""

    median: float
    p95: float


def get(app: Flask, path: str) -> None:
    """Ask as a stranger through the gateway does."""
    signed = sign_edge(
        EDGE_KEY.encode(), method="GET", path=path.partition("?")[0], ip="203.0.113.7", request_id=str(uuid7()),
        now=int(time.time()),
    )  # fmt: skip
    answer = app.test_client().get(path, headers={EDGE_HEADER: signed})
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")


def measured(one: Callable[[], None]) -> Measured:
    """Do it a few hundred times."""
    for _ in range(20):
        one()
    took = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        one()
        took.append(1000 * (time.perf_counter() - began))
    return Measured(statistics.median(took), statistics.quantiles(took, n=20)[-1])


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

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO ratings (" in statement:
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


def figures(size: int) -> tuple[dict[str, Measured], Written]:
    """Return what each kind of request takes with so many reviews, and how many are written a second."""
    with postgresql() as url:
        os.environ.update(DATABASE_URL=url, EDGE_KEY=EDGE_KEY, LOG_LEVEL="error")
        migrate("reviews", url)
        filled = psycopg2.connect(url)
        filled.autocommit = True
        with filled.cursor() as cursor:
            cursor.execute(_FILL.format(size=size, writes=WRITES))
            cursor.execute("VACUUM ANALYZE")
        filled.close()
        from services.reviews.app import create_app

        app = create_app()
        connect(url, pool_size=THREADS)
        found = {name: measured(lambda path=path: get(app, path)) for name, path in PATHS.items()}  # type: ignore[misc]
        wrote = written(url)
        database().close()
        return found, wrote


def main() -> None:
    """Measure, print, and write down if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    small, large = (figures(size) for size in SIZES)
    rows = [
        f"| {name} | {small[0][name].median:.1f} / {small[0][name].p95:.1f} | "
        f"{large[0][name].median:.1f} / {large[0][name].p95:.1f} | {large[0][name].p95 / small[0][name].p95:.2f} |"
        for name in PATHS
    ]
    for name, figure in (
        (f"reviews of one service written a second, {PROCESSES} processes of {THREADS} threads", "a_second"),
        ("CPU ms of a process for one of them", "app_ms"),
        ("CPU ms of PostgreSQL for one of them", "database_ms"),
        ("ms for which one holds what the others wait for", "held_ms"),
    ):
        rows.append(f"| {name} | {getattr(small[1], figure):.1f} | {getattr(large[1], figure):.1f} | |")
    table = "\n".join(rows)
    sys.stdout.write(f"{_HEAD}\n{table}\n")
    if options.write:
        about = {"python": platform.python_version(), "cores": os.cpu_count(), "load": f"{os.getloadavg()[1]:.0f}"}
        PAGE.write_text(_PAGE.format(head=_HEAD, table=table, **about))


_HEAD = (
    "| request | 10,000 reviews: median / p95 ms | 200,000 reviews: median / p95 ms | p95, large to small |\n"
    "|---|---|---|---|"
)
_PAGE = """# How fast reviews answers

`python -m bench.reviews --write` wrote this page: {cores} cores shared with everything else that ran (load
average {load}: compare the columns, not the milliseconds), Python {python}, one thread, the web process and PostgreSQL
on the same machine. Four fifths of all reviews are of one service, the one
that is asked about. Times are of whole requests inside the web process: signature, parsing, SQL, JSON.

{head}
{table}

## How
- Statistics are one statement over sums that every change of a review moves by its difference; how many reviews there
  are does not matter to it.
- A list is one statement, count included, along an index that ends with the order asked for; names are in the row.
  The count of a practitioner's or service's reviews, all or of one star, is read from the same sums. Other filters
  count up to 10,000, and take the planner's estimate beyond.
- Writing takes the target's row of sums last: reviews of one service wait for each other only from there to the commit.
  That is a handful of round trips, so it bounds how many a second one target can take: 1,000 divided by the last line.
"""


if __name__ == "__main__":
    main()
