"""Whether availability and booking cost the same however many bookings there are: `python -m bench.bookings`.

A PostgreSQL server of its own, filled with 10 thousand bookings of 500 practitioners and then with a million of 10
thousand, a fifth of them still to come; the service's own application answers in this process. What is compared holds
beside other work on the machine: CPU time of the application, and the blocks that the database looked at. `--write`
keeps docs/performance/bookings.md, with the plans of every statement.
"""

import argparse
import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import event
from sqlalchemy.engine import Connection

from bench.servers import EDGE_KEY, postgresql
from services.bookings.tests.world import World
from shared.clock import frozen_at, utc_now
from shared.database import Database, connect
from shared.database.migrate import migrate
from shared.testing.http import Answer, Caller, trust_test_key

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "bookings.md"
SMALL, LARGE = 10_000, 1_000_000
COMING, CLIENTS = 20, 350
REQUESTS, MEASURED_PRACTITIONERS = 60, 20
MORNING = utc_now().replace(hour=6, minute=0, second=0, microsecond=0)

_FILL = """
    INSERT INTO bookings (public_uuid, kind, client_id, practitioner_id, practitioner_user_id, service_id, service_type,
        location_type, status, payment_status, start_time, end_time, timezone, buffer_minutes, currency,
        price_charged_cents, discount_amount_cents, final_amount_cents, allocated_cents, paid_cents, refunded_cents,
        refund_pending_cents, collect, payment, policy, service_name_snapshot, service_description_snapshot,
        practitioner_name_snapshot, package_name_snapshot, bundle_name_snapshot, reschedule_count, completed_by_clock,
        status_changed_at, search_text, version, created_at, updated_at)
    SELECT gen_random_uuid(), 'session', 1000 + n %% {clients}, 1 + n %% {practitioners}, 100000 + n %% {practitioners},
        1 + n %% {practitioners}, 'session', 'virtual',
        CASE WHEN is_coming THEN 'confirmed' WHEN n %% 7 = 0 THEN 'canceled' ELSE 'completed' END, 'paid',
        starts, starts + interval '1 hour', 'UTC', 0, 'USD', 10000, 0, 10000, 10000, 10000, 0, 0, 'platform', '{{}}',
        '{{}}', 'Massage', '', 'Practitioner', '', '', 0, false, starts, 'massage practitioner person', 1, starts,
        starts
    FROM (SELECT n, is_coming,
                 CASE WHEN is_coming
                      THEN %(morning)s + (1 + n / {practitioners}) * interval '1 day' + %(hour)s * interval '1 hour'
                      ELSE %(morning)s - (n / {practitioners}) * interval '2 hours' END AS starts
          FROM (SELECT n, n < {practitioners} * {coming} AND 1 + n %% {practitioners} > {busy} AS is_coming
                FROM generate_series(%(first)s, %(last)s) n) AS numbers) AS rows;
    INSERT INTO calendar_blocks (practitioner_id, during, source, source_id, exclusive)
    SELECT practitioner_id, tstzrange(start_time, end_time), 'booking', id, true FROM bookings b
    WHERE status = 'confirmed' AND NOT EXISTS (SELECT 1 FROM calendar_blocks c
                                                WHERE c.source = 'booking' AND c.source_id = b.id);
"""


@dataclass(frozen=True)
class Cost:
    """What one request cost on average: CPU of the application, blocks of the database, statements."""

    app_ms: float
    blocks: float
    statements: float


class Practice:
    """The service with its database, and what people ask of it."""

    def __init__(self, url: str, database: Database, http: Caller) -> None:
        self.url, self.database, self.http = url, database, http
        self.asked = 0
        world = World(database)
        for number in range(1, MEASURED_PRACTITIONERS + 1):
            world.practitioner(number, 100_000 + number)
            world.calendar(number)
            world.service(number, practitioner_id=number, practitioners=[{"practitioner_id": number}])
        for client in range(1, 401):
            world.user(client)

    def fill(self, first: int, last: int) -> None:
        """Add the bookings numbered so; secondary indexes are built anew afterwards, as that is quicker."""
        with psycopg2.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'bookings' AND indexname LIKE 'ix_%'"
            )
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f"DROP INDEX {name}")
            cursor.execute(
                # There are more people as well, each with as many bookings: who was there before gets no more to come.
                _FILL.format(
                    practitioners=max(last // 100, 500), coming=COMING, clients=last // 25, busy=500 if first else 0
                ),
                {"first": first, "last": last, "morning": MORNING, "hour": 12 if first else 2},
            )
            for _, definition in indexes:
                cursor.execute(definition)
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        connection.close()

    def questions(self) -> dict[str, Callable[[int], Answer]]:
        """Return what is measured, each asked by number."""
        ahead = (MORNING + timedelta(days=1)).date().isoformat()

        def of(number: int) -> int:
            return 1 + number % MEASURED_PRACTITIONERS

        return {
            "check_availability, one day": lambda number: self.http.post(
                "/bookings/check_availability/", {"service_id": of(number), "date": ahead, "timezone": "UTC"}
            ),
            "available_slots, 28 days": lambda number: self.http.get(
                f"/bookings/available_slots/?service_id={of(number)}&start_date={ahead}"
                f"&end_date={(MORNING + timedelta(days=28)).date().isoformat()}"
            ),
            "POST /bookings/": self.book,
            "a client's list of 20": lambda number: self.http.as_user(1_000 + number % CLIENTS).get("/bookings/"),
            "a practitioner's list of 20": lambda number: self.http.as_practitioner(
                100_000 + of(number), of(number)
            ).get("/bookings/?status=confirmed"),
        }

    def book(self, _number: int) -> Answer:
        """Take the next free hour of one practitioner after the other."""
        self.asked += 1
        turn, practitioner = divmod(self.asked, MEASURED_PRACTITIONERS)
        start = MORNING + timedelta(days=12 + turn // 8, hours=3 + turn % 8)
        body = {"service_id": 1 + practitioner, "start_time": start.isoformat()}
        return self.http.as_user(1 + self.asked % 400).post("/bookings/", body)

    def cost(self, ask: Callable[[int], Answer]) -> Cost:
        """Measure `REQUESTS` requests after one that warms up."""
        assert ask(0).status < 300, ask(0)
        blocks, sent = self.blocks(), 0

        def note(*_: Any) -> None:
            nonlocal sent
            sent += 1

        event.listen(self.database.engine, "before_cursor_execute", note)
        began = time.process_time()
        for number in range(1, REQUESTS + 1):
            answer = ask(number)
            assert answer.status < 300, answer
        spent = time.process_time() - began
        event.remove(self.database.engine, "before_cursor_execute", note)
        return Cost(spent / REQUESTS * 1000, (self.blocks() - blocks) / REQUESTS, sent / REQUESTS)

    def blocks(self) -> int:
        """Return how many blocks were looked at so far, once the statistics have settled."""
        self.database.close()
        self.database.__dict__.pop("engine", None)
        time.sleep(0.3)
        with psycopg2.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))"
                " FROM pg_statio_user_tables WHERE relname <> 'outbox'"
            )
            (found,) = cursor.fetchone() or (0,)
        connection.close()
        return int(found)

    def plans(self, ask: Callable[[int], Answer]) -> list[tuple[str, str]]:
        """Return each statement that a request sends, with its plan."""
        sent: list[tuple[str, Any]] = []

        def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            sent.append((statement, parameters))

        event.listen(self.database.engine, "before_cursor_execute", note)
        ask(7)
        event.remove(self.database.engine, "before_cursor_execute", note)
        found = []
        with psycopg2.connect(self.url) as connection, connection.cursor() as cursor:
            for statement, parameters in sent:
                if not re.match(r"\s*(SELECT|WITH|INSERT INTO (bookings|calendar_blocks))\b", statement):
                    continue
                if "advisory" in statement or "pg_notify" in statement:
                    continue
                cursor.execute("SAVEPOINT one")
                cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
                found.append((_short(statement), "\n".join(line for (line,) in cursor.fetchall())))
                cursor.execute("ROLLBACK TO one")
        connection.close()
        return found


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    tables = dict.fromkeys(re.findall(r"(?:FROM|JOIN|INTO) ([a-z_]+)", text))
    return f"{text.split(' ', 1)[0]} {', '.join(tables)}"


@contextmanager
def practice() -> Iterator[Practice]:
    """Start the database, migrate it, and yield the service over it."""
    with postgresql() as url:
        os.environ.update(DATABASE_URL=url, EDGE_KEY=EDGE_KEY, ESTUARY_ENV="test", PUBLIC_URL="http://localhost:8000")
        migrate("bookings", url)
        database = connect(url)
        from services.bookings.app import create_app

        app = create_app()
        database = connect(url)
        trust_test_key(database)
        with frozen_at(MORNING.astimezone(UTC)):
            yield Practice(url, database, Caller(app=app, edge_key=EDGE_KEY, issuer="http://localhost:8000"))


def main() -> None:
    """Measure both sizes, print the table, and fail where a cost grew by more than a third."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep {PAGE.name}")
    parser.add_argument("--large", type=int, default=LARGE, help="the larger number of bookings")
    options = parser.parse_args()
    with practice() as service:
        costs: dict[str, list[Cost]] = {name: [] for name in service.questions()}
        plans: dict[str, list[tuple[str, str]]] = {}
        for first, last in ((0, SMALL - 1), (SMALL, options.large - 1)):
            began = time.perf_counter()
            service.fill(first, last)
            print(f"{last + 1:,} bookings, filled in {time.perf_counter() - began:.0f} s", flush=True)
            for name, ask in service.questions().items():
                costs[name].append(service.cost(ask))
                print(f"  {name:<28} {costs[name][-1]}", flush=True)
        for name, ask in service.questions().items():
            plans[name] = service.plans(ask)
    table = _table(costs, options.large)
    print(table)
    if options.write:
        PAGE.write_text(_page(table, plans, options.large))
    steep = [name for name, (few, many) in costs.items() if many.blocks > few.blocks * 4 / 3 + 10]
    whole = [
        name for name, found in plans.items() for _, plan in found if re.search(r"Seq Scan on (bookings|cal)", plan)
    ]
    if steep or whole:
        raise SystemExit(f"not flat: {steep}; whole tables read: {whole}")


def _table(costs: dict[str, list[Cost]], large: int) -> str:
    head = (
        f"| request | statements | app CPU ms at {SMALL:,} | at {large:,} | blocks at {SMALL:,} | at {large:,} |\n"
        "|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(
        f"| {name} | {many.statements:.0f} | {few.app_ms:.2f} | {many.app_ms:.2f} | {few.blocks:.0f} "
        f"| {many.blocks:.0f} |"
        for name, (few, many) in costs.items()
    )


_INTRODUCTION = (
    "`python -m bench.bookings --write` on {day}: Python {python}, a PostgreSQL server of its own, the service's"
    " application in the measuring process. Blocks are those of tables and indexes that the database looked at per"
    " request, in memory or not (the outbox aside, which grows with what is asked): they do not depend on what else the"
    " machine does. CPU time does a little: compare the two sizes of one run."
)
_PLANS = (
    "Every statement of a request, as PostgreSQL carries it out; none reads a whole table of bookings or of taken time."
)


def _page(table: str, plans: dict[str, list[tuple[str, str]]], large: int) -> str:
    day = datetime.now(UTC).date()
    parts = [
        "# Bookings, measured at two sizes",
        "",
        _INTRODUCTION.format(day=day, python=platform.python_version()),
        "",
        table,
        "",
        f"## Plans at {large:,} bookings",
        "",
        _PLANS,
    ]
    for name, found in plans.items():
        parts += ["", f"### {name}"]
        for statement, plan in found:
            parts += ["", f"`{statement}`", "", "```", plan, "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
