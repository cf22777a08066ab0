"""Asking databases of several sizes the same questions in turn, so that the comparison holds beside other work.

What counts is CPU time, of this process and of the server's process together: waiting for a core is not in it.
"""

import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2

from bench.servers import new_database, postgresql
from shared.database import Database
from shared.database.migrate import migrate

WARMING: Final = 30
"""How often a question is asked first: plans are kept from the sixth time on, and what is read often is in memory."""


_INDEXES: Final = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique
"""


@dataclass(frozen=True)
class Taken:
    """Milliseconds that each asking took: by the clock, and of CPU."""

    wall: list[float]
    cpu: list[float]


@dataclass(frozen=True)
class Question:
    """One kind of question; `ask` draws what is asked from a source of chance."""

    name: str
    ask: Callable[[Database, random.Random], None]


@contextmanager
def filling(url: str, *tables: str) -> Iterator[Any]:
    """Yield a cursor to write rows with; the tables' indexes are made behind them: faster, and none grows crooked."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(_INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield cursor
        for _, definition in indexes:
            cursor.execute(definition)


def settle(url: str) -> None:
    """Let PostgreSQL know what has been written."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def filled(service: str, sizes: Sequence[int], fill: Callable[[str, int], None]) -> Iterator[list[Database]]:
    """Make a database of each size on one server; each has one connection."""
    with postgresql() as url:
        made = []
        for size in sizes:
            own = new_database(url, f"of_{size}")
            migrate(service, own)
            began = time.monotonic()
            fill(own, size)
            _say(f"filled to {size:,} in {time.monotonic() - began:.0f} s")
            made.append(Database(own, pool_size=1))
        yield made
        for database in made:
            database.close()


def asked_in_turns(
    questions: Sequence[Question], made: Sequence[Database], sizes: Sequence[int], rounds: int
) -> list[str]:
    """Ask, print, and return the table's lines."""
    head = "".join(f" {what} at {size:,} |" for what in ("p50 ms", "p95 ms", "CPU p50", "CPU p95") for size in sizes)
    lines = [f"| question |{head} CPU p95 ratio |", "|---" * (2 + 4 * len(sizes)) + "|"]
    for question in questions:
        lines.append(_row(question.name, _asked(question, made, rounds)))
        _say(lines[-1])
    return lines


def _asked(question: Question, made: Sequence[Database], rounds: int) -> list[Taken]:
    """Ask each database the same, one after the other."""
    chances = [random.Random(7) for _ in made]
    taken = [Taken([], []) for _ in made]
    for number in range(WARMING + rounds):
        for database, chance, times in zip(made, chances, taken, strict=True):
            pid = _driver(database).info.backend_pid
            began, used = time.perf_counter(), time.process_time() + _cpu_of(pid)
            question.ask(database, chance)
            if number >= WARMING:
                times.wall.append(1000 * (time.perf_counter() - began))
                times.cpu.append(1000 * (time.process_time() + _cpu_of(pid) - used))
    return taken


def _driver(database: Database) -> Any:
    """Return the driver's end of the one connection."""
    with database.reading() as connection:
        return connection.connection.dbapi_connection


def _cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used, by the scheduler's own count: ticks are too coarse here."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _row(name: str, taken: Sequence[Taken]) -> str:
    p50 = [statistics.median(one.wall) for one in taken]
    p95 = [statistics.quantiles(one.wall, n=20)[18] for one in taken]
    cpu50 = [statistics.median(one.cpu) for one in taken]
    cpu95 = [statistics.quantiles(one.cpu, n=20)[18] for one in taken]
    figures = "".join(f" {figure:.1f} |" for figure in (*p50, *p95, *cpu50, *cpu95))
    return f"| {name} |{figures} {cpu95[-1] / cpu95[0]:.2f} |"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def plans(questions: Sequence[Question], database: Database) -> str:
    """Return how PostgreSQL answers one question of each kind, as it does it: with its kept plans where it has them."""
    told, shapes = [], set[str]()
    driver = _driver(database)
    driver.autocommit = True
    with driver.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET client_min_messages = log")
        cursor.execute("SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off")
    driver.autocommit = False
    for question in questions:
        driver.notices = heard = _Heard()
        question.ask(database, random.Random(7))
        told.append(f"\n## {question.name}\n")
        for plan in (_plan(notice) for notice in heard.notices if "Query Text" in notice):
            shape = re.sub(r"[0-9]+", "", plan)
            if shape not in shapes:
                shapes.add(shape)
                told.append(f"```\n{plan}\n```")
    return "\n".join(told) + "\n"


class _Heard:
    """What the server says beside its answers. No list: SQLAlchemy would empty that."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def append(self, notice: str) -> None:
        """Keep what the driver hears."""
        self.notices.append(notice)


def _plan(notice: str) -> str:
    """Return the steps that ran, without the text of the statement and the planner's guesses."""
    plan = re.sub(r"^.*?\n(?=\S[^\n]*\(cost=)", "", notice, count=1, flags=re.DOTALL)
    plan = re.sub(r"\(cost=\S+ rows=\d+ width=\d+\) ", "", plan)
    return "\n".join(line[:160] for line in plan.rstrip().splitlines() if "never executed" not in line)
