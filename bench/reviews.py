"""How fast reviews answers, and that its cost does not grow with them: `python -m bench.reviews`.

A server of our own is filled twice, with ten thousand reviews and with a hundred times as many; most are of one
service. The web process answers in this one, and its CPU time and that of PostgreSQL are told: those hold on a busy
machine too. Strangers ask each question once, so that nothing is answered from memory; what is, has a line of its own.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import psycopg2
from flask import Flask

from bench.reviewing import PROCESSES, THREADS, WRITES, Written, server_seconds, written
from bench.servers import EDGE_KEY, postgresql
from shared.database import connect, database
from shared.database.migrate import migrate
from shared.identity.edge import EDGE_HEADER, sign_edge
from shared.ids import uuid7

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "reviews.md"
SIZES = (10_000, 1_000_000)
REQUESTS = 200
T = TypeVar("T")

_FILL = """
    INSERT INTO practitioners (id, public_uuid, user_id, slug, display_name, status, epoch, sequence)
    SELECT n, gen_random_uuid(), n + 1000000, 'practitioner-' || n, 'Practitioner ' || n, 'active', 1, 1
    FROM generate_series(1, 500) n;
    INSERT INTO services (id, public_uuid, slug, name, practitioner_id, practitioner_ids, epoch, sequence)
    SELECT n, gen_random_uuid(), 'service-' || n, 'Service ' || n, n, ARRAY[n], 1, 1 FROM generate_series(1, 500) n;
    INSERT INTO reviews (public_uuid, booking_id, practitioner_id, service_id, author_id, rating, comment, is_anonymous,
        is_verified, status, visible_at, was_restored, response_text, helpful, unhelpful, helpful_score, reports_open,
        report_score, staff_reported, held_reasons, display_name, photos, version, created_at, updated_at)
    SELECT gen_random_uuid(), n, k, k, n, (100 + (n::bigint * 7919) % 401)::int,
        repeat('It was warm, calm and quiet. ', 5)
            || CASE n % 5000 WHEN 0 THEN 'Lavender!' ELSE '' END || CASE n % 100 WHEN 1 THEN 'Cushions.' ELSE '' END,
        false, true, 'published', at, false, '', n % 9, n % 4, (n % 97) / 97.0, 0, 0, false,
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
    "list by service, a word that all say": "/reviews/?service=service-1&search=quiet",
    "list by service, a word of one in a hundred": "/reviews/?service=service-1&search=cushions",
    "list by service, a word of one in five thousand": "/reviews/?service=service-1&search=lavender",
    "list of all, newest first": "/reviews/?ordering=-created_at",
    "statistics of a practitioner": "/reviews/statistics/?practitioner=practitioner-1",
    "statistics of a service": "/reviews/statistics/?service=service-1",
}


FIRST, AGAIN = "list by service, newest first", "the same again, nothing having changed"
_fresh = count(1)


@dataclass(frozen=True)
class Measured:
    """What one request of a kind took, in milliseconds of CPU: of the process, and of PostgreSQL."""

    app: float
    database: float

    @property
    def both(self) -> float:
        """All of it."""
        return self.app + self.database


def get(app: Flask, path: str, *, new: bool = False) -> None:
    """Ask as a stranger through the gateway does; what nobody has asked before, if `new`."""
    signed = sign_edge(
        EDGE_KEY.encode(), method="GET", path=path.partition("?")[0], ip="203.0.113.7", request_id=str(uuid7()),
        now=int(time.time()),
    )  # fmt: skip
    asked = f"{path}&_={next(_fresh)}" if new else path
    answer = app.test_client().get(asked, headers={EDGE_HEADER: signed})
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")


def measured(url: str, one: Callable[[], None]) -> Measured:
    """Do it a few hundred times."""
    for _ in range(20):
        one()
    used, began = server_seconds(url), time.process_time()
    for _ in range(REQUESTS):
        one()
    took = time.process_time() - began
    return Measured(1000 * took / REQUESTS, 1000 * (server_seconds(url) - used) / REQUESTS)


def fill(url: str, size: int) -> None:
    """Fill as for a new service; indexes that only serve to find are made at the end, which is quicker."""
    with psycopg2.connect(url) as filled, filled.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET maintenance_work_mem = '256MB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'reviews' AND indexname LIKE 'ix_%'"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(_FILL.format(size=size, writes=WRITES))
        for _, definition in indexes:
            cursor.execute(definition)
    filled = psycopg2.connect(url)
    filled.autocommit = True
    with closing(filled), filled.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def figures(urls: Sequence[str]) -> tuple[dict[str, list[Measured]], list[Written]]:
    """Return what each kind of request takes at each size, one right after the other, and how much is written there."""
    from services.reviews.app import create_app

    app = create_app()
    asked = {name: partial(get, app, path, new=True) for name, path in PATHS.items()}
    asked[AGAIN] = partial(get, app, PATHS[FIRST])
    found = {name: [at(url, partial(measured, url, one)) for url in urls] for name, one in asked.items()}
    return found, [at(url, partial(written, url)) for url in urls]


def at(url: str, work: Callable[[], T]) -> T:
    """Do something with this database."""
    connect(url, pool_size=THREADS)
    try:
        return work()
    finally:
        database().close()


def main() -> None:
    """Measure, print, and write down if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    with postgresql() as small_url, postgresql() as large_url:
        urls = (small_url, large_url)
        for url, size in zip(urls, SIZES, strict=True):
            migrate("reviews", url)
            fill(url, size)
        os.environ.update(DATABASE_URL=small_url, EDGE_KEY=EDGE_KEY, LOG_LEVEL="error")
        found, wrote = figures(urls)
    rows = [
        f"| {name} | {small.app:.1f} + {small.database:.1f} | {large.app:.1f} + {large.database:.1f} "
        f"| {large.both / small.both:.2f} |"
        for name, (small, large) in found.items()
    ]
    for name, figure in (
        (f"reviews of one service written a second, {PROCESSES} processes of {THREADS} threads", "a_second"),
        ("CPU ms of a process for one of them", "app_ms"),
        ("CPU ms of PostgreSQL for one of them", "database_ms"),
        ("ms for which one holds what the others wait for", "held_ms"),
    ):
        rows.append(f"| {name} | {getattr(wrote[0], figure):.1f} | {getattr(wrote[1], figure):.1f} | |")
    table = "\n".join(rows)
    sys.stdout.write(f"{_HEAD}\n{table}\n")
    if options.write:
        about = {"python": platform.python_version(), "cores": os.cpu_count(), "load": f"{os.getloadavg()[1]:.0f}"}
        PAGE.write_text(_PAGE.format(head=_HEAD, table=table, **about))


_HEAD = (
    "| request | 10,000 reviews: CPU ms of the process + of PostgreSQL | 1,000,000 reviews | large to small |\n"
    "|---|---|---|---|"
)
_PAGE = """# How fast reviews answers

`python -m bench.reviews --write` wrote this page: {cores} cores shared with everything else that ran (load average
{load}), Python {python}, the web process and PostgreSQL on the same machine. Four fifths of all reviews are of one
service, the one that is asked about. What a request costs is the CPU time of the whole of it: signature, parsing, SQL,
JSON.

{head}
{table}

## How
- Statistics are one statement over sums that every change of a review moves by its difference; how many reviews there
  are does not matter to it.
- A list is one statement, count included, along an index that ends with the order asked for; names are in the row.
  The count of a practitioner's or service's reviews, all, of one star, answered or verified, is read from the same
  sums. With other filters it is counted up to 10,000; where so many reviews are asked about that PostgreSQL's
  statistics let expect twice that, nobody counts, and the list says that its count is an estimate.
- Strangers are given the same answer again while nothing in the database has changed (ADR 0013).
- What writes a review is nine short statements that each connection plans once. Writing takes the target's row of sums
  last: reviews of one service wait for each other only from there to the commit, four round trips later. That bounds
  how many a second one target can take: 1,000 divided by the last line.
- Before statements were planned once, a review took thirteen of them: one version right after the other, on a machine
  with a load average of 15, wrote 41 reviews of one service a second, then 146.
- The rest of what a list by service costs more at a million is planning: how many rows a page has is a parameter, so
  that PostgreSQL finds a plan for the very page cheaper than one that is kept.
"""


if __name__ == "__main__":
    main()
