"""How many people a second an announcement reaches: `python -m bench.telling` (`--write` keeps the figures).

The worker's own step, five hundred people a transaction, on the tests' PostgreSQL: whom, what they chose, their words,
the line of the inbox, the mail, the hint. Nothing else runs, so processor time is the step's and its backend's.
"""

import argparse
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.servers import cpu_seconds
from services.notifications.operations.announcing import announce, spread
from shared.clock import utc_now
from shared.database import Database
from shared.testing import environment

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "telling.md"
FIRST_PERSON, GOAL = 9_500_000, 2_000
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu")
CASES = {"in the app": ["in_app"], "in the app and by e-mail": ["in_app", "email"]}
OWN = ("notifications", "inbox_states", "deliveries")

_PEOPLE = text(
    """
    INSERT INTO users (id, epoch, sequence, uuid, email, email_verified, phone_number_verified, first_name, last_name,
                       display_name, timezone, locale, is_active, is_practitioner, is_staff)
    SELECT :first + number, 0, 1, gen_random_uuid()::text, 'bench' || number || '@example.org', true, false, 'Ana', '',
           'Ana ' || number, (:zones)[1 + number % 3], 'en', true, true, false
      FROM generate_series(0, :people - 1) AS number
    """
)


@dataclass(frozen=True)
class Figures:
    """What telling everybody cost."""

    people: int
    seconds: float
    own_seconds: float
    backend_seconds: float

    @property
    def per_second(self) -> float:
        """Return people a second."""
        return self.people / self.seconds

    def row(self, case: str) -> str:
        """Return a row of the page's table."""
        own, backend = (1e6 * spent / self.people for spent in (self.own_seconds, self.backend_seconds))
        return f"| {case} | ≥ {GOAL:,} | {self.per_second:,.0f} | {own:.0f} µs | {backend:.0f} µs |"


def measure(database: Database, channels: list[str]) -> Figures:
    """Announce something to everybody, and return what it cost."""
    now = utc_now()
    body = {"title": "News", "message": "There is something new.", "audience": "practitioners", "channels": channels}
    with database.transaction() as session:
        broadcast = announce(session, body, by=FIRST_PERSON, now=now, is_trial=False)
        backend = int(session.scalar(text("SELECT pg_backend_pid()")) or 0)
    began, own, theirs = time.monotonic(), time.process_time(), cpu_seconds(backend)
    more = True
    while more:
        with database.transaction() as session:
            more = spread(session, now=utc_now())
    seconds, own, theirs = time.monotonic() - began, time.process_time() - own, cpu_seconds(backend) - theirs
    with database.transaction() as session:
        told = session.execute(
            text("SELECT count(*), count(DISTINCT user_id) FROM notifications WHERE dedupe_key LIKE :key"),
            {"key": f"broadcast:{broadcast.id}%"},
        ).one()
    if tuple(told) != (broadcast.total, broadcast.total):
        raise SystemExit(f"{told} lines for {broadcast.total} people")
    return Figures(broadcast.total, seconds, own, theirs)


def fill(database: Database, people: int) -> None:
    """Make the people."""
    clean(database)
    with database.transaction() as session:
        session.execute(_PEOPLE, {"first": FIRST_PERSON, "people": people, "zones": list(ZONES)})


def clean(database: Database) -> None:
    """Take away what was written."""
    with database.transaction() as session:
        session.execute(text("DELETE FROM users WHERE id >= :first"), {"first": FIRST_PERSON})
        for table in OWN:
            statement = text(f"DELETE FROM {table} WHERE user_id >= :first")
            session.execute(statement, {"first": FIRST_PERSON})
        session.execute(text("DELETE FROM delivery_keys WHERE key LIKE '95_____:%'"))
        session.execute(text("DELETE FROM broadcasts WHERE created_by = :first"), {"first": FIRST_PERSON})
        session.execute(text("DELETE FROM outbox WHERE type = 'inboxes.hint'"))


def main() -> None:
    """Measure, print, and write down if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--people", type=int, default=10_000)
    reader.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = reader.parse_args()
    database = environment.enter("notifications")
    fill(database, options.people)
    try:
        measure(database, ["in_app"])  # The first pays for connecting and compiling.
        rows = [measure(database, channels).row(case) for case, channels in CASES.items()]
    finally:
        clean(database)
    table = "\n".join(
        [
            "| told | goal, people/s | people/s | process, a person | PostgreSQL, a person |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )
    sys.stdout.write(f"{table}\n")
    if options.write:
        PAGE.write_text(
            _PAGE.format(
                table=table,
                people=options.people,
                python=platform.python_version(),
                cores=os.cpu_count(),
                load=f"{os.getloadavg()[0]:.1f}",
            )
        )


_PAGE = """# Telling many, measured

`python -m bench.telling --write` wrote this page: an announcement to {people:,} people in three zones, five
hundred a transaction, by one process on the tests' PostgreSQL; {cores} cores, Python {python}. The load average was
{load} at the end. Compare figures of one machine; seconds differ from day to day.

{table}

## How
- Whom, what each of them chose, when their mail may come: a statement each for five hundred people.
- People of one zone and language are told in the same words, and these are formed once.
- Lines, mails and their keys travel as one JSON value a table, unfolded by `json_populate_recordset`. Parameters for
  each column of each row cost the process far more, and counters moved row by row a round trip for each person.
- One statement moves everybody's counters, one hint tells the sockets.

When words were formed for each person and rows sent column by column, a person cost the process 226 µs in the app and
332 µs with a mail, PostgreSQL 133 and 160 µs; a run on the same busy machine told 471 and 424 people a second.
"""


if __name__ == "__main__":
    main()
