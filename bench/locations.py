"""How near is found among ten thousand and a million locations: `python -m bench.locations`.

`--write` keeps docs/performance/locations.md. A PostgreSQL server of its own with two databases, asked in turns, so
that the comparison holds beside other work; the service's own queries over its own connections.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg2
from sqlalchemy import Connection, text

from bench.servers import postgresql
from services.locations.domain.sphere import METRES_PER_MILE, Bounds, Point, chord_of
from services.locations.models import lookups
from services.locations.operations.seeding import load_reference
from services.locations.queries import nearby, suggestions
from shared.database import Database
from shared.database.migrate import migrate

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "locations.md"
SIZES = {"few": 10_000, "many": 1_000_000}
ROUNDS = 200
# Centres of towns, the same in both databases: locations lie around them, as people do.
TOWNS = 300

_INDEXES = """
    SELECT indexdef FROM pg_indexes WHERE tablename = 'practitioner_locations' AND indexname NOT LIKE 'pk_%'
"""
_FILL = """
    INSERT INTO practitioner_locations (public_uuid, practitioner_id, practitioner_uuid, practitioner_name,
        practitioner_slug, address_line1, postal_code, city_name, state_code, country_code, country_id, city_id,
        latitude, longitude, public_latitude, public_longitude, is_primary, timezone, service_radius_miles, listed,
        geocode_status, version)
    SELECT gen_random_uuid(), n, gen_random_uuid(), 'Practitioner ' || n, 'practitioner-' || n, n || ' Main St',
        '10001', 'Town', 'NY', 'US', NULL, NULL, lat, lng, lat, lng, true, 'UTC',
        CASE WHEN n %% 10 = 0 THEN 25 END, true, 'ok', 1
    FROM (
        SELECT n, round((t.lat + (random() + random() + random() - 1.5) * 0.4)::numeric, 6) AS lat,
            round((t.lng + (random() + random() + random() - 1.5) * 0.5)::numeric, 6) AS lng
        FROM generate_series(1, %(rows)s) n
        JOIN unnest(%(lats)s::float8[], %(lngs)s::float8[]) WITH ORDINALITY t (lat, lng, ord)
            ON t.ord = 1 + n %% %(towns)s
    ) placed
"""


@dataclass(frozen=True)
class Kind:
    """One thing that is asked; `ask` draws where from a source of chance."""

    name: str
    ask: Callable[[Connection, random.Random], Any]


def towns() -> list[Point]:
    """Return the centres, each time the same."""
    dice = random.Random(42)
    return [Point(round(dice.uniform(26, 48), 4), round(dice.uniform(-122, -70), 4)) for _ in range(TOWNS)]


def _somewhere(dice: random.Random) -> Point:
    town = dice.choice(towns())
    return Point(town.latitude + dice.uniform(-0.3, 0.3), town.longitude + dice.uniform(-0.3, 0.3))


def _near(connection: Connection, dice: random.Random, *, radius: float, limit: int) -> Any:
    return nearby.near(connection, _somewhere(dice), metres=radius * METRES_PER_MILE, limit=limit, place=nearby.Place())


def _map(connection: Connection, dice: random.Random, *, size: float) -> Any:
    at = _somewhere(dice)
    bounds = Bounds(at.latitude - size, at.longitude - size, at.latitude + size, at.longitude + size)
    return nearby.in_bounds(connection, bounds, kind="both", limit=201)


def _clusters(connection: Connection, _dice: random.Random) -> Any:
    return nearby.clusters(connection, Bounds(25, -125, 49, -67), kind="both", zoom=5)


def _complete(connection: Connection, dice: random.Random, *, letters: int) -> Any:
    asked = dice.choice(("san francisco", "new york", "berlin", "austin", "saint louis"))[:letters]
    types = ("city", "state", "country", "postal_code")
    return suggestions.suggest(connection, asked, countries=[], types=types, near=None, limit=8)


NEAR = [
    Kind("nearby, 10 miles, the 20 nearest", lambda c, d: _near(c, d, radius=10, limit=20)),
    Kind("nearby, 10 miles, 100", lambda c, d: _near(c, d, radius=10, limit=100)),
    Kind("nearby, 300 miles, 100", lambda c, d: _near(c, d, radius=300, limit=100)),
    Kind("a street map, up to 200", lambda c, d: _map(c, d, size=0.02)),
    Kind("a country's map, clusters", _clusters),
]
REFERENCE = [
    Kind("a zip code looked up", lambda c, d: lookups.zipcode(c, 840, f"{d.choice((10001, 78701, 94110, 60622))}")),
    Kind("completing 2 letters", lambda c, d: _complete(c, d, letters=2)),
    Kind("completing 3 letters", lambda c, d: _complete(c, d, letters=3)),
    Kind("completing 5 letters", lambda c, d: _complete(c, d, letters=5)),
]


@contextmanager
def databases() -> Iterator[dict[str, Database]]:
    """Make both databases and fill them."""
    with postgresql() as url:
        administrator = psycopg2.connect(url)
        administrator.autocommit = True
        made = {}
        for name, rows in SIZES.items():
            with administrator.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
            own = url.rpartition("/")[0] + f"/{name}"
            migrate("locations", own)
            _fill(own, rows)
            made[name] = Database(own, pool_size=1, application_name="bench")
        administrator.close()
        yield made
        for database in made.values():
            database.close()


def _fill(url: str, rows: int) -> None:
    """Write the locations, then their indexes: faster, and both have freshly built ones."""
    centres = towns()
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_INDEXES)
        definitions = [definition for (definition,) in cursor.fetchall()]
        for definition in definitions:
            cursor.execute(f"DROP INDEX {definition.split()[2 if definition.split()[1] == 'INDEX' else 3]}")
        cursor.execute(
            _FILL,
            {
                "rows": rows,
                "lats": [p.latitude for p in centres],
                "lngs": [p.longitude for p in centres],
                "towns": TOWNS,
            },
        )
        for definition in definitions:
            cursor.execute(definition)
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE practitioner_locations")
    connection.close()


def measured(database: Database, kind: Kind, dice: random.Random) -> float:
    """Return the milliseconds that one question took."""
    with database.reading() as connection:
        began = time.perf_counter()
        kind.ask(connection, dice)
        return (time.perf_counter() - began) * 1000


def p50_p95(times: list[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    cut = quantiles(times, n=20)
    return cut[9], cut[18]


def plan(database: Database) -> str:
    """Return how the million is searched."""
    point, chord = towns()[0], chord_of(10 * METRES_PER_MILE)
    with database.reading() as connection:
        lines = connection.execute(
            text(
                "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) SELECT * FROM ("
                "SELECT id, geo <-> CAST(:p AS cube) AS chord FROM practitioner_locations"
                " WHERE listed AND deleted_at IS NULL AND is_in_person AND geo IS NOT NULL"
                " ORDER BY geo <-> CAST(:p AS cube) LIMIT 20) nearest WHERE chord <= :r ORDER BY chord"
            ),
            {"p": point.cube, "r": chord},
        ).scalars()
        return "\n".join(line[:150] for line in lines)


def main() -> None:
    """Measure, print, and keep the page if asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help="keep docs/performance/locations.md")
    asked = arguments.parse_args()
    rows = []
    with databases() as made:
        for kind in NEAR:
            times: dict[str, list[float]] = {name: [] for name in made}
            for number in range(ROUNDS):
                for name, database in made.items():
                    times[name].append(measured(database, kind, random.Random(number)))
            few, many = p50_p95(times["few"]), p50_p95(times["many"])
            rows.append(f"| {kind.name} | {few[0]:.2f} / {few[1]:.2f} | {many[0]:.2f} / {many[1]:.2f} |")
            print(rows[-1], flush=True)
        explained = plan(made["many"])
        began = time.perf_counter()
        with made["few"].transaction() as session:
            written = load_reference(session, inhabitants=15_000)
        seconds = time.perf_counter() - began
        reference = []
        for kind in REFERENCE:
            cut = p50_p95([measured(made["few"], kind, random.Random(number)) for number in range(ROUNDS)])
            reference.append(f"| {kind.name} | {cut[0]:.2f} / {cut[1]:.2f} |")
            print(reference[-1], flush=True)
    page = _PAGE.format(
        cores=os.cpu_count(),
        load=os.getloadavg()[2],
        rows="\n".join(rows),
        plan=explained,
        reference="\n".join(reference),
        seconds=seconds,
        written=", ".join(f"{number:,} {table}" for table, number in written.items()),
    )
    print(page)
    if asked.write:
        PAGE.write_text(page)


_PAGE = """# How near is found

`python -m bench.locations --write` wrote this page: the service's own queries, one connection, a warm PostgreSQL on
{cores} cores shared with everything else that ran (load average {load:.0f}: read the ratios, not the milliseconds), 200
questions of each kind. The two databases were asked in turns.
Locations lie around 300 towns, so a million of them is a hundred times as dense as ten thousand.

| question | 10,000 locations, p50 / p95 ms | 1,000,000 locations, p50 / p95 ms |
|---|---|---|
{rows}

Where fewer than the asked number lie within the radius, a second statement looks for mobile practitioners who come
there; that is why few locations may take longer than many.
Clusters look at 50,000 locations at most, so the last row is five times the work of ten thousand, and grows no more.

## The plan for the 20 nearest of a million

```
{plan}
```

The index gives both the box and the order: as many rows are read as are answered, whatever the table's size.

## Reference data

| question | p50 / p95 ms |
|---|---|
{reference}

Seeding an empty database ({written}) took {seconds:.1f} s.
"""


if __name__ == "__main__":
    main()
