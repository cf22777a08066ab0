"""Whether searching stays fast as the marketplace grows: `python -m bench.finding` (`--write` keeps its page).

Practitioners' list and search (bench/practitioners.py) and catalog's search at two sizes, in one run on a database
server of its own: the figure that matters is the ratio of the larger one's time to the smaller one's.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from sqlalchemy import text

from bench import practitioners
from bench.servers import EDGE_KEY, cpu_seconds, postgresql
from shared.database import connect, database, disconnect
from shared.database.migrate import migrate

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "finding.md"
SIZES = (10_000, 1_000_000)
_SERVICES = """
    INSERT INTO services (public_uuid, slug, name, short_description, description, price_cents, duration_minutes,
        type_id, category_id, practitioner_id, min_participants, max_participants, experience_level, location_type,
        includes, tags, is_active, is_featured, is_public, status, published_at, validity_days, is_transferable,
        is_shareable, bonus_sessions, policy_code, policy_tiers, practitioner_listed, version, created_at,
        popularity_sum, popularity_score, rating_average, rating_count, rating_weighted)
    SELECT gen_random_uuid(), 'service-' || n,
        (ARRAY['Massage','Reiki','Yoga','Breathwork','Sound bath'])[1 + n %% 5] || ' for '
            || (ARRAY['sleep','anxiety','energy','grief','focus','balance','back pain'])[1 + n %% 7],
        'A short description of what this is.', repeat('What happens, told at length. ', 8) || 'rare' || (n / 50),
        5000 + n %% 20000, 60, CASE WHEN n %% 5 = 0 THEN 2 ELSE 1 END, 1 + n %% 12, 1 + n %% 500, 1, 10, 'all_levels',
        'virtual', '[]', '{calm,rest}', true, n %% 50 = 0, true, 'active', now(), 365, false, false, 0, 'flexible',
        '[]', true, 1, now() - n * interval '1 minute', (n::bigint * 7919) %% 100000,
        ((n::bigint * 7919) %% 100000) * 0.5, 4.5, 10, 3 + (n %% 2000) / 1000.0
    FROM generate_series(%(first)s::int, %(last)s::int) n
"""
_OWNERS = """
    INSERT INTO practitioners (id, public_uuid, user_id, slug, display_name, status, is_verified, is_listed, featured,
        languages, specializations, modality_ids, limits, epoch, sequence)
    SELECT n, gen_random_uuid(), n, 'p-' || n, 'Practitioner ' || n, 'active', true, true, false, '{en}', '[]', '{}',
        '{}', 1, 1 FROM generate_series(1, 500) n
"""


@dataclass(frozen=True)
class Timed:
    """What one kind of question took at the smaller and at the larger size, in milliseconds; `cpu` is the server's."""

    name: str
    small: list[float]
    large: list[float]
    cpu: tuple[float, float]

    def row(self) -> str:
        """Return a line of the table."""
        p95 = [statistics.quantiles(times, n=20)[18] for times in (self.small, self.large)]
        p50 = [statistics.median(times) for times in (self.small, self.large)]
        return (
            f"| {self.name} | {p50[0]:.1f} | {p50[1]:.1f} | {p95[0]:.1f} | {p95[1]:.1f} | {p95[1] / p95[0]:.2f} "
            f"| {self.cpu[0]:.1f} | {self.cpu[1]:.1f} |"
        )


def _head(small: int, large: int) -> str:
    return (
        f"| question | p50 ms at {small:,} | p50 ms at {large:,} | p95 ms at {small:,} | p95 ms at {large:,} "
        f"| p95 ratio | CPU ms of PostgreSQL at {small:,} | at {large:,} |\n|---|---|---|---|---|---|---|---|"
    )


def main() -> None:
    """Fill, ask, print; write the page if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=60, help="how often each question is asked")
    reader.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    reader.add_argument("--only", choices=("practitioners", "catalog"))
    reader.add_argument("--write", action="store_true", help=f"keep the tables in {PAGE.name}, and plans")
    options = reader.parse_args()
    for part in [options.only] if options.only else ["practitioners", "catalog"]:
        if part == "practitioners":
            title, lines = "Practitioners", practitioners.measure(options.sizes, options.rounds, write=options.write)
        else:
            title, lines = "Services", _measure_catalog(options.sizes, options.rounds)
        if options.write:
            _keep(title, lines)


def _keep(title: str, table: list[str]) -> None:
    """Put a table into its section of the page, in place of the one that is there."""
    before, heading, section = PAGE.read_text().partition(f"## {title}\n")
    lines = section.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    behind = next(number for number, line in enumerate(lines) if number > first and not line.startswith("|"))
    PAGE.write_text(before + heading + "\n".join([*lines[:first], *table, *lines[behind:]]))


def _measure_catalog(sizes: list[int], rounds: int) -> list[str]:
    """Fill to each size and ask; return the table's lines."""
    with postgresql() as url:
        os.environ |= {"DATABASE_URL": url, "EDGE_KEY": EDGE_KEY, "RABBITMQ_URL": "amqp://unused", "BIND": "x:1"}
        os.environ["PUBLIC_URL"] = "http://localhost"
        migrate("catalog", url)
        connect(url)
        asks = _ask_catalog()
        times: list[dict[str, tuple[list[float], float]]] = []
        done = 0
        for size in sizes:
            _fill_catalog(url, done + 1, size)
            done = size
            times.append({name: _timed(ask, rounds, url) for name, ask in asks.items()})
        found = [
            Timed(name, times[0][name][0], times[1][name][0], (times[0][name][1], times[1][name][1])).row()
            for name in asks
        ]
        sys.stdout.write("\n".join(found) + f"\n{_plans(url)}\n")
        disconnect()
    return [*_head(*sizes).split("\n"), *found]


def _timed(ask: Callable[[random.Random], None], rounds: int, url: str) -> tuple[list[float], float]:
    """Return how long each asking took, and the CPU time of the server for one, in milliseconds."""
    chance, times = random.Random(7), []
    for _ in range(5):
        ask(chance)
    used = _server_seconds(url)
    for _ in range(rounds):
        began = time.perf_counter()
        ask(chance)
        times.append(1000 * (time.perf_counter() - began))
    return times, 1000 * (_server_seconds(url) - used) / rounds


def _server_seconds(url: str) -> float:
    """Return the CPU time of the server's processes that serve us."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'estuary'")
        return sum(cpu_seconds(pid) for (pid,) in cursor.fetchall())


def _fill(url: str, statements: list[str], tables: list[str], first: int, last: int) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET synchronous_commit = off")
        for start in range(first, last + 1, 50_000):
            window = {"first": start, "last": min(start + 49_999, last)}
            for statement in statements:
                cursor.execute(statement, window)
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")
    connection.close()


def _fill_catalog(url: str, first: int, last: int) -> None:
    from services.catalog.operations.upkeep import renew_hot_set
    from services.catalog.settings import settings

    if first == 1:
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(_OWNERS)
    # Counting the services of a dozen categories row by row is most of what such a filling would cost.
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE services DISABLE TRIGGER USER")
    _fill(url, [_SERVICES], [], first, last)
    with database().transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        renew_hot_set(session, size=settings().catalog_hot_set)
    _fill(url, [], ["services"], first, last)


def _ask_catalog() -> dict[str, Callable[[random.Random], None]]:
    from services.catalog.queries.search import Wish, search

    def searched(wish: Callable[[random.Random], Wish]) -> Callable[[random.Random], None]:
        return lambda chance: (search(wish(chance)), None)[1]

    def two_words(chance: random.Random) -> str:
        return f"{chance.choice(('massage', 'reiki'))} {chance.choice(('sleep', 'grief'))}"

    return {
        "services: frequent word": searched(lambda c: Wish(q=c.choice(("massage", "reiki", "yoga", "sleep")))),
        "services: two words": searched(lambda c: Wish(q=two_words(c))),
        "services: rare word": searched(lambda c: Wish(q=f"rare{c.randint(0, 190)}")),
        "services: by price": searched(lambda c: Wish(q=c.choice(("massage", "yoga")), sort="price")),
        "services: two words, best rated": searched(lambda c: Wish(q=two_words(c), sort="-rating")),
        "services: a word, a category, by price": searched(
            lambda c: Wish(
                q=c.choice(("massage", "yoga")),
                sort="price",
                conditions=("s.category_id = %(category)s",),
                parameters={"category": c.randint(1, 12)},
            )
        ),
        "services: newest": searched(lambda _: Wish(q="", sort="-created_at")),
        "services: no words": searched(lambda _: Wish(q="")),
    }


def _plans(url: str) -> str:
    """Return which indexes the questions have used, and whether any table was read whole."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, seq_scan, idx_scan FROM pg_stat_user_tables"
            " WHERE relname IN ('practitioners', 'places', 'services') AND n_live_tup > 1000 ORDER BY relname"
        )
        return "".join(f"- `{name}`: {whole} reads of the whole table, {by} by index\n" for name, whole, by in cursor)


if __name__ == "__main__":
    main()
