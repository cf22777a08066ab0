"""Whether searching stays fast as the marketplace grows: `python -m bench.finding` (`--write` keeps its page).

Practitioners' list and search and catalog's search at two sizes, in one run on a database server of its own: the
figure that matters is the ratio of the larger one's time to the smaller one's.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import text

from bench.servers import EDGE_KEY, cpu_seconds, postgresql
from shared.database import connect, database, disconnect, reading
from shared.database.migrate import migrate

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "finding.md"
SIZES = (10_000, 1_000_000)
CITIES = (("Austin", 30.27, -97.74), ("New York", 40.71, -74.01), ("Berlin", 52.52, 13.4), ("Suva", -18.14, 178.44))
WORDS = ("massage", "reiki", "breathwork", "somatic", "sleep", "anxiety", "yoga", "sound")

# One practitioner in five hundred lives around a city of CITIES, the others anywhere; so a radius holds as many times
# more as the marketplace is larger, as it does in life. Ratings and who is featured are dealt
# out by hash: what somebody offers says nothing about how well.
_TAGS = """
        ARRAY['s' || (1 + n %% 30), 's' || (1 + n %% 7), 'y' || (1 + n %% 12), 't' || (1 + n %% 40),
              'm' || (1 + n %% 20), 'k' || (1 + n %% 5), 'l:en',
              CASE WHEN n %% 3 = 0 THEN 'v:virtual' ELSE 'v:in_person' END]"""
_PRACTITIONERS = f"""
    INSERT INTO practitioners (public_uuid, user_id, slug, display_name, professional_title, bio, years_of_experience,
        buffer_minutes, languages, timezone, verification_status, activity, featured, is_onboarded, requested_changes,
        tier_code, features, full_name, user_active, rating_average, rating_count, rating_weighted, services_count,
        min_price_cents, max_price_cents, next_available_at, tags, search_extra, version, created_at, band)
    SELECT gen_random_uuid(), n, 'practitioner-' || n,
        (ARRAY['Ada','Ben','Cleo','Dan','Eva','Finn','Gia','Hal'])[1 + n %% 8] || ' ' || md5(n::text),
        (ARRAY['Massage therapist','Reiki master','Breathwork guide','Somatic coach'])[1 + n %% 4],
        repeat('What I do and how I came to it. ', 8), n %% 30, 15, '{{en}}', 'UTC', 'verified', 'active',
        abs(hashint4(n + 2)::bigint) %% 100 = 0,
        true, '{{}}', 'basic', '{{}}', 'Full Name', true, 3 + (abs(hashint4(n + 1)::bigint) %% 200) / 100.0, n %% 90,
        3.5 + (abs(hashint4(n)::bigint) %% 1500) / 1000.0, 3,
        4000 + n %% 9000, 9000 + n %% 9000, now() + (n %% 500) * interval '1 hour',
        {_TAGS},
        (ARRAY['massage','reiki','breathwork','somatic','sleep','anxiety','yoga','sound'])[1 + n %% 8]
            || ' ' || (ARRAY['grief','trauma','energy','balance','focus'])[1 + n %% 5] || ' rare' || (n / 50),
        1, now() - n * interval '1 minute',
        width_bucket((1500 - abs(hashint4(n)::bigint) %% 1500) / 1500.0 * %(size)s::int, %(band_ends)s::numeric[])
    FROM generate_series(%(first)s::int, %(last)s::int) n
"""
_PLACES = f"""
    INSERT INTO places (id, practitioner_id, line1, postal_code, full_address, city_name, city_slug, state_code,
        state_name, country_code, country_name, latitude, longitude, address_visibility, is_primary, is_virtual,
        is_in_person, location_types, city_key, state_key, country_key, listed, tags, epoch, sequence)
    SELECT n, n, '', '', '', 'City ' || n %% 3000, 'city-' || n %% 3000, 'ST', 'State', 'US', 'United States',
        CASE WHEN n %% 500 < 4 THEN (%(latitudes)s::float[])[1 + n %% 500] + (random() - 0.5) * 0.4
             ELSE degrees(asin(random() * 2 - 1)) END,
        CASE WHEN n %% 500 < 4 THEN (%(longitudes)s::float[])[1 + n %% 500] + (random() - 0.5) * 0.4
             ELSE random() * 360 - 180 END,
        'after_booking', true, false, true, '{{in_person}}', 'city ' || n %% 3000, 'state', 'united states', true,
        {_TAGS}, 1, 1
    FROM generate_series(%(first)s::int, %(last)s::int) n
"""
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
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    parts = [options.only] if options.only else ["practitioners", "catalog"]
    lines, plans = [_head(*options.sizes)], ""
    for part in parts:
        with postgresql() as url:
            os.environ |= {"DATABASE_URL": url, "EDGE_KEY": EDGE_KEY, "RABBITMQ_URL": "amqp://unused", "BIND": "x:1"}
            os.environ["PUBLIC_URL"] = "http://localhost"
            migrate(part, url)
            connect(url)
            asks, fill = (
                (_ask_practitioners(), _fill_practitioners)
                if part == "practitioners"
                else (_ask_catalog(), _fill_catalog)
            )
            times: list[dict[str, tuple[list[float], float]]] = []
            done = 0
            for size in options.sizes:
                fill(url, done + 1, size)
                done = size
                times.append({name: _timed(ask, options.rounds, url) for name, ask in asks.items()})
            found = [
                Timed(name, times[0][name][0], times[1][name][0], (times[0][name][1], times[1][name][1])).row()
                for name in asks
            ]
            lines += found
            sys.stdout.write("\n".join(found) + "\n")
            plans += _plans(url)
            disconnect()
    if options.write:
        PAGE.write_text(_PAGE.format(table="\n".join(lines), plans=plans))


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


def _fill(url: str, statements: list[str], tables: list[str], first: int, last: int, **more: Any) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET synchronous_commit = off")
        places = {"latitudes": [city[1] for city in CITIES], "longitudes": [city[2] for city in CITIES]}
        for start in range(first, last + 1, 50_000):
            window = {"first": start, "last": min(start + 49_999, last), **places, **more}
            for statement in statements:
                cursor.execute(statement, window)
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")
    connection.close()


def _fill_practitioners(url: str, first: int, last: int) -> None:
    """Fill as for a new service: the widest index is made at the end, when all stand in their bands.

    Each is written into the band that the rating makes likely, so that the job has only its edges to mend.
    """
    from services.practitioners.domain.bands import BAND_ENDS
    from services.practitioners.jobs import sort_into_bands

    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef('ix_practitioners_found'::regclass)")
        [definition] = cursor.fetchall()[0]
        cursor.execute("DROP INDEX ix_practitioners_found")
    ends = [end + 1 for end in BAND_ENDS]
    _fill(url, [_PRACTITIONERS, _PLACES], [], first, last, size=last, band_ends=ends)
    sort_into_bands()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET maintenance_work_mem = '256MB'")
        cursor.execute(definition)
        for table in ("practitioners", "places"):
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


def _ask_practitioners() -> dict[str, Callable[[random.Random], None]]:
    from services.practitioners.api.searching import asked_by
    from services.practitioners.domain.geo import Circle
    from services.practitioners.queries.facets import facets
    from services.practitioners.queries.paging import practitioners_page
    from services.practitioners.queries.search import find

    def circle(chance: random.Random) -> Circle:
        _, latitude, longitude = chance.choice(CITIES)
        return Circle(latitude, longitude, chance.choice((5.0, 10.0, 40.0)))

    def listed(query: Callable[[random.Random], dict[str, Any]], *, placed: bool = False) -> Callable[..., None]:
        def ask(chance: random.Random) -> None:
            with reading() as connection:
                practitioners_page(connection, query(chance), circle=circle(chance) if placed else None)

        return ask

    def searched(query: Callable[[random.Random], dict[str, Any]], *, counted: bool = False) -> Callable[..., None]:
        def ask(chance: random.Random) -> None:
            asked = asked_by(query(chance))
            with reading() as connection:
                find(connection, asked, now=datetime.now(UTC))
                if counted:
                    facets(connection, asked)

        return ask

    def near(chance: random.Random) -> dict[str, Any]:
        place = circle(chance)
        return {"latitude": place.latitude, "longitude": place.longitude, "radius": place.radius_km}

    return {
        "practitioners: first pages": listed(lambda c: {"page": c.randint(1, 5)}),
        "practitioners: a speciality, best rated": listed(
            lambda c: {"specialization": (f"s{c.randint(8, 30)}",), "ordering": ("-average_rating",)}
        ),
        "practitioners: a price": listed(lambda c: {"max_price": c.randint(5000, 9000), "ordering": ("min_price",)}),
        "practitioners: a city's name": listed(lambda c: {"city": f"city {c.randint(0, 2999)}"}),
        "practitioners: around a place": listed(lambda _: {}, placed=True),
        "practitioners: frequent word": listed(lambda c: {"search": c.choice(WORDS)}),
        "practitioners: rare word": listed(lambda c: {"search": f"rare{c.randint(0, 190)}"}),
        "search: no words": searched(lambda _: {}),
        "search: frequent word": searched(lambda c: {"q": c.choice(WORDS)}),
        "search: rare word": searched(lambda c: {"q": f"rare{c.randint(0, 190)}"}),
        "search: around a place": searched(near),
        "search: around a place, a word": searched(lambda c: {**near(c), "q": c.choice(WORDS)}),
        "search: a speciality, with facets": searched(
            lambda c: {"specialization": (f"s{c.randint(8, 30)}",)}, counted=True
        ),
    }


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


_PAGE = """# Whether searching stays fast

`python -m bench.finding --write` wrote this page: one PostgreSQL server for each service, filled to the smaller size,
asked, filled to the larger one, asked again; times are of the service's own query functions with their round trips.

{table}

{plans}"""


if __name__ == "__main__":
    main()
