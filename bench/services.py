"""How fast lists and details are answered: `python -m bench.services` (`--write` keeps docs/performance/services.md).

A PostgreSQL server of its own with 5,000 services of 500 practitioners; gunicorn as `estuary web catalog` starts it,
one process of eight threads; a client process with eight connections. CPU time is what the processes used, so that
the figures hold beside other work; requests per core and second follow from it.
"""

import argparse
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2

from bench.own_lists import own_lists
from bench.servers import postgresql
from bench.serving import HEAD, Kind, Measured, etag_of, measure, web
from shared.database import connect
from shared.database.migrate import migrate
from shared.testing.ports import free_port

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "services.md"
SERVICES, PRACTITIONERS = 5_000, 500

_FILL = f"""
    INSERT INTO practitioners (id, public_uuid, user_id, slug, display_name, professional_title, bio, status,
        is_verified, is_listed, featured, languages, specializations, modality_ids, limits, epoch, sequence)
    SELECT n, gen_random_uuid(), n + 1000, 'practitioner-' || n, 'Practitioner ' || n, 'Therapist', repeat('bio ', 50),
        'active', true, true, false, '{{en}}', '[]', '{{}}', '{{}}', 1, 1 FROM generate_series(1, {PRACTITIONERS}) n;
    INSERT INTO services (public_uuid, slug, name, short_description, description, price_cents, duration_minutes,
        type_id, category_id, practitioner_id, min_participants, max_participants, experience_level, location_type,
        includes, tags, is_active, is_featured, is_public, status, published_at, validity_days, is_transferable,
        is_shareable, bonus_sessions, policy_code, policy_tiers, practitioner_listed, version, created_at,
        popularity_sum, popularity_score, rating_average, rating_count, hot)
    SELECT gen_random_uuid(), 'service-' || n, (ARRAY['Massage', 'Reiki', 'Yoga', 'Breathwork'])[1 + n % 4] || ' ' || n,
        'A short description of what this is.', repeat('What happens, told at length. ', 20), 5000 + n, 60,
        CASE WHEN n % 5 = 0 THEN 2 ELSE 1 END, 1 + n % 12, 1 + n % {PRACTITIONERS}, 1, 10, 'all_levels', 'virtual',
        '["a mat", "tea"]', '{{calm,rest}}', true, n % 20 = 0, true, 'active', now(), 365, false, false, 0, 'flexible',
        '[{{"hours_before": 24, "refund_percent": 100}}]', true, 1, now() - n * interval '1 minute',
        n, n * 0.5, 4.5, 10, true
    FROM generate_series(1, {SERVICES}) n;
    INSERT INTO service_practitioners (service_id, practitioner_id, is_primary, share_bp, created_at)
    SELECT id, practitioner_id, true, 10000, now() FROM services;
    INSERT INTO service_modalities SELECT s.id, m.id FROM services s
    JOIN modalities m ON m.id IN (SELECT min(id) + s.id % 20 FROM modalities UNION
                                  SELECT min(id) + (s.id + 7) % 20 FROM modalities);
    INSERT INTO service_benefits (service_id, title, position) SELECT id, 'Benefit ' || p, p
    FROM services, generate_series(0, 2) p;
    INSERT INTO service_sessions (public_uuid, service_id, practitioner_id, starts_at, ends_at, duration_minutes,
        timezone, max_participants, sequence_number, status, visibility, reschedule_count, version)
    SELECT gen_random_uuid(), id, practitioner_id, now() + (p * 7 || ' days')::interval,
        now() + (p * 7 || ' days')::interval + interval '2 hours', 120, 'UTC', 10, p, 'scheduled', 'public', 0, 1
    FROM services, generate_series(1, 3) p WHERE type_id = 2;
    INSERT INTO schedules (id, practitioner_id, name, is_default, timezone)
    SELECT n, n, 'Weekly', true, 'UTC' FROM generate_series(1, {PRACTITIONERS}) n;
"""


BESIDE = "| request | app CPU ms before | PostgreSQL before | app CPU ms | PostgreSQL CPU ms |\n|---|---|---|---|---|"


@contextmanager
def changing(url: str, per_second: float) -> Iterator[None]:
    """Change services, one after the other, so many times a second."""
    over = threading.Event()

    def change() -> None:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            number = 0
            while not over.wait(1 / per_second):
                number = number % SERVICES + 1
                cursor.execute("UPDATE services SET bookings_count = bookings_count + 1 WHERE id = %s", (number,))

    changer = threading.Thread(target=change)
    changer.start()
    try:
        yield
    finally:
        over.set()
        changer.join()


def fill(url: str) -> None:
    """Make the tables and what is in them."""
    migrate("catalog", url)
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(_FILL)
    with connect(url).transaction() as session:
        from services.catalog.operations.deriving import derive

        for first in range(1, SERVICES + 1, 500):
            derive(session, range(first, first + 500))
    filled = psycopg2.connect(url)
    filled.autocommit = True
    with filled.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    filled.close()


def kinds(port: int) -> list[Kind]:
    """Return what is asked."""
    asked = {
        "public list, 20 of the first page": ["/public-services/"],
        "public list, 20 of one of 50 pages": [f"/public-services/?page={n}" for n in range(1, 51)],
        "list, 20 of one of 50 pages": [f"/services/?page={n}" for n in range(1, 51)],
        "detail, one of 5,000": [f"/services/{n}/" for n in range(1, SERVICES + 1)],
        "detail, one of 200": [f"/public-services/by-slug/service-{n}/" for n in range(1, 201)],
        "search, 20 of 1,250 matches": [f"/services/search/?q={q}" for q in ("massage", "reiki", "yoga")],
    }
    unchanged = {"If-None-Match": etag_of(port, "/public-services/")}
    return [
        *(Kind(name, paths) for name, paths in asked.items()),
        Kind("public list, 304", ["/public-services/"], [unchanged]),
        *(
            Kind(
                f"public list, first page, {often} changes a second",
                ["/public-services/"],
                meanwhile=partial(changing, per_second=often),
            )
            for often in (20, 200)
        ),
    ]


def all_figures(
    seconds: float, sources: list[Path], rounds: int
) -> list[tuple[dict[str, Measured], tuple[float, float]]]:
    """Return what each kind of request costs in the processes of each source, which are asked in turn.

    Besides, how many megabytes each held after its first answers, and at the end.
    """
    with postgresql() as url, ExitStack() as stack:
        fill(url)
        running = [stack.enter_context(web("catalog", url, free_port(), source)) for source in sources]
        began = [one.megabytes() for one in running if etag_of(one.port, "/public-services/")]
        for same_kind in zip(*(kinds(one.port) for one in running), strict=True):
            for _ in range(rounds):
                for one, kind in zip(running, same_kind, strict=True):
                    measure(kind, url, one, seconds=seconds / rounds)
        return [(one.found, (first, one.megabytes())) for one, first in zip(running, began, strict=True)]


def main() -> None:
    """Measure, print, and write down if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--seconds", type=float, default=8.0, help="how long each kind of request is asked for")
    reader.add_argument("--rounds", type=int, default=2, help="in how many turns")
    reader.add_argument("--against", type=Path, help="another checkout, whose process is asked in turn with this one")
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    sources = [*([options.against.resolve()] if options.against else []), PAGE.parents[2]]
    *before, (figures, memory) = all_figures(options.seconds, sources, options.rounds)
    for running in own_lists(options.seconds):
        figures |= running.found
    table = "\n".join([HEAD, *(f"| {name} | {one.cells()}" for name, one in figures.items())])
    sys.stdout.write(f"{table}\n")
    earlier = before[0][0] if before else {}
    lines = [beside(name, earlier[name], one) for name, one in figures.items() if name in earlier]
    compared = "\n".join([BESIDE, *lines]) if before else ""
    sys.stdout.write(f"{compared}\n")
    if options.write:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        told: dict[str, Any] = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "table": table,
            "comparison": "",
        }
        told |= {"first": round(memory[0]), "last": round(memory[1]), "load": os.getloadavg()[0]}
        if before:
            told["comparison"] = _COMPARISON.format(commit=commit_of(sources[0]), table=compared)
        PAGE.write_text(_PAGE.format(**told))


def commit_of(source: Path) -> str:
    """Return the short name of the commit that a checkout stands at."""
    asked = subprocess.run(["git", "-C", source, "rev-parse", "--short", "HEAD"], capture_output=True, check=True)
    return asked.stdout.decode().strip()


def beside(name: str, before: Measured, after: Measured) -> str:
    """Return a line that compares."""
    cells = (f"{1000 * cost / one.requests:.2f}" for one in (before, after) for cost in (one.app, one.database))
    return f"| {name} | {' | '.join(cells)} |"


_COMPARISON = """## Before and after
`python -m bench.services --against CHECKOUT` asked two processes in turn, the one of a checkout at {commit} and this:

{table}

"""
_PAGE = """# How fast services answer

`python -m bench.services --write` wrote this page: catalog with {cores} cores shared with everything else that ran,
Python {python}, gunicorn with one process of eight threads, 5,000 services of 500 practitioners, pages of 20. CPU
time is what the web process and its PostgreSQL backends used per request; on a busy machine both are up to twice what
they are on a quiet one, so compare what was asked in turn. The load stood at {load:.0f}. The last four lines ask
bookings and notifications, for 100 people who are signed in, each for what is their own.

{table}

The process of catalog held {first} MB of its own after its first answer, and {last} MB at the end, when all
that it keeps was full: 12 MB of answers and 6 MB of fragments of each of two forms, bounded by bytes; the rest is what
eight busy threads and their largest pages leave behind. A process that answers is meant to begin below 90 MB.

{comparison}## How
- A thread of gunicorn's stays with its connection and reads what is beyond doubt itself
  ([0012](../decisions/0012-threads-stay-with-connections.md)); Flask is spared its questions about sessions, hosts and
  coroutines; prepared statements are run by the driver.
- What strangers ask for again is given again, or 304, while PostgreSQL sees the same transactions as when it was made
  ([0013](../decisions/0013-answers-kept-while-unchanged.md)). The last two lines are for a catalog that changes all the
  time: at 200 changes a second nearly every page is made anew.
- A list that is made finds ids and row stamps in one statement, count included. Each service is then shown from a
  fragment: its JSON, rendered a moment ago, kept under the row's stamp (`xmin`), which every change of the row moves.
  What is not kept is read in two statements, however many services there are, and rendered by generated functions and
  orjson.
- Fragments live for `CATALOG_FRAGMENT_SECONDS` (10 s) and only for what strangers see; a signed-in caller's own view
  is rendered each time.
- The ETag of a list is a checksum of exactly what it shows, so 304 never hides a change.
- Lists of what is somebody's own are made anew each time, by prepared statements whose clauses are not even formed
  again. A practitioner's bookings are those of two columns at once, which costs PostgreSQL four times as much.
"""


if __name__ == "__main__":
    main()
