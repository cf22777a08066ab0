"""One chaotic run: processes that work and die by a schedule drawn from a seed, then the invariants.

Processes are forked from this one, so that a killed one is replaced in milliseconds. The schedule depends on the
seed alone: the same seed kills the same kinds of process after the same pauses.
"""

import logging
import multiprocessing
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2

from shared.messaging.errors import BrokerLost
from shared.messaging.worker import Worker
from tests.chaos import toy
from tests.chaos.mutants import MUTANTS
from tests.chaos.servers import Servers

INVARIANTS = Path(__file__).with_name("invariants.sql")
FORKING = multiprocessing.get_context("fork")
QUIET_SECONDS = 1.0
DRAIN_SECONDS = 30.0
# A mutant may never come to rest: what has not changed for so long will not change any more.
STUCK_SECONDS = 4.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how hard."""

    seconds: float = 10.0
    writers: int = 4
    shops: int = 2
    mirrors: int = 3
    write_pause_seconds: float = 0.01
    kill_pause_seconds: tuple[float, float] = (0.3, 0.8)
    broker_kills: int = 2
    broker_freezes: int = 0
    database_restarts: int = 1


@dataclass(kw_only=True)
class Report:
    """What happened in a run, and what should not have."""

    seed: int
    mutant: str | None
    changes: int = 0
    effects: int = 0
    kills: int = 0
    drained_seconds: float = 0.0
    violations: dict[str, list[Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        name = self.mutant or "clean"
        verdict = "; ".join(f"{name} ({len(rows)})" for name, rows in self.violations.items()) or "all invariants hold"
        return (
            f"seed {self.seed} {name}: {self.changes} changes, {self.effects} effects,"
            f" {self.kills} processes killed, quiet after {self.drained_seconds:.1f} s: {verdict}"
        )


class Crowd:
    """The processes of a run; one that dies is replaced by one of its kind."""

    def __init__(self, servers: Servers, chance: random.Random, mutant: str | None, *, write_pause: float) -> None:
        self.servers = servers
        self.chance = chance
        self.mutant = mutant
        self.write_pause = write_pause
        self.kills = 0
        self._members: list[tuple[str, Any]] = []

    def add(self, kind: str, count: int) -> None:
        for _ in range(count):
            self._members.append((kind, self._fork(kind)))

    def kill_one(self) -> None:
        """Kill a process as kill -9 does, and start another in its place."""
        index = self.chance.randrange(len(self._members))
        kind, process = self._members[index]
        process.kill()
        process.join()
        self.kills += 1
        self._members[index] = (kind, self._fork(kind))

    def replace_dead(self) -> None:
        """Do what a supervisor does for processes that ended by themselves."""
        for index, (kind, process) in enumerate(self._members):
            if not process.is_alive():
                process.join()
                self._members[index] = (kind, self._fork(kind))

    def end(self, kind: str | None = None) -> None:
        """Kill all processes of a kind, or all, for good."""
        ended = [(one, process) for one, process in self._members if kind in {None, one}]
        for member in ended:
            member[1].kill()
            member[1].join()
            self._members.remove(member)

    def _fork(self, kind: str) -> Any:
        process = FORKING.Process(target=self._work, args=(kind, self.chance.randrange(1 << 30)))
        process.start()
        return process

    def _work(self, kind: str, seed: int) -> None:
        logging.disable(logging.CRITICAL)
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        if self.mutant is not None:
            MUTANTS[self.mutant]()
        roles: dict[str, Callable[[], None]] = {
            "writer": lambda: toy.write(self.servers.database("shop", pool_size=1), seed, pause=self.write_pause),
            "shop": lambda: self._worker(
                "shop", handlers=[], publishes=toy.SHOP.publishes, snapshots=toy.SNAPSHOTS
            ).run(),
            "mirror": lambda: self._worker("mirror", handlers=[toy.HANDLERS], publishes=[], snapshots=[]).run(),
        }
        roles[kind]()

    def _worker(self, name: str, **options: Any) -> Worker:
        settings = SimpleNamespace(
            database_url=self.servers.database_url(name),
            rabbitmq_url=self.servers.broker_url(name),
            worker_bind="127.0.0.1:0",
            log_level="critical",
        )
        return Worker(name, settings=settings, **options)


def run(servers: Servers, seed: int, *, mutant: str | None = None, plan: Plan) -> Report:
    """Let the processes of a plan work under faults, wait until all is quiet, and look at the invariants."""
    chance = random.Random(seed)
    report = Report(seed=seed, mutant=mutant)
    servers.empty()
    with servers.database("shop").transaction() as session:
        toy.open_accounts(session)
    crowd = Crowd(servers, chance, mutant, write_pause=plan.write_pause_seconds)
    try:
        crowd.add("shop", plan.shops)
        crowd.add("mirror", plan.mirrors)
        crowd.add("writer", plan.writers)
        _rage(servers, crowd, plan, chance)
        crowd.end("writer")
        started = time.monotonic()
        is_quiet = _wait_until_quiet(servers, crowd, patient=mutant is None)
        report.drained_seconds = time.monotonic() - started
    finally:
        crowd.end()
    report.kills = crowd.kills
    report.changes = int(servers.query("SELECT coalesce(sum(balance), 0) FROM shop.accounts")[0][0])
    report.effects = int(servers.query("SELECT count(*) FROM mirror.effects")[0][0])
    report.violations = dict(_violations(servers))
    if not is_quiet and mutant is None:
        report.violations["everything is quiet in the end"] = [_pulse(servers)]
    dead = servers.depth("mirror.dead") + servers.depth("shop.dead")
    if dead:
        report.violations["nothing is dead"] = [dead]
    return report


def _rage(servers: Servers, crowd: Crowd, plan: Plan, chance: random.Random) -> None:
    """Kill and restart by the schedule, for as long as the plan says."""
    faults: list[tuple[float, Callable[[], None]]] = [
        *((_moment(chance, plan), lambda: _kill_broker(servers)) for _ in range(plan.broker_kills)),
        *((_moment(chance, plan), lambda: _freeze_and_kill_broker(servers)) for _ in range(plan.broker_freezes)),
        *((_moment(chance, plan), servers.restart_database) for _ in range(plan.database_restarts)),
    ]
    faults.sort(key=lambda fault: fault[0])
    # The clock of the schedule stands while a server restarts, so that a slow machine sees the same faults.
    elapsed = 0.0
    while elapsed < plan.seconds:
        pause = chance.uniform(*plan.kill_pause_seconds)
        time.sleep(pause)
        elapsed += pause
        crowd.replace_dead()
        crowd.kill_one()
        while faults and faults[0][0] <= elapsed:
            faults.pop(0)[1]()


def _moment(chance: random.Random, plan: Plan) -> float:
    return plan.seconds * chance.uniform(0.2, 0.8)


def _kill_broker(servers: Servers) -> None:
    servers.kill_broker()
    servers.restart_broker()


def _freeze_and_kill_broker(servers: Servers) -> None:
    """Leave messages in the broker's socket that it never reads."""
    servers.pause_broker()
    time.sleep(1)
    _kill_broker(servers)


def _wait_until_quiet(servers: Servers, crowd: Crowd, *, patient: bool) -> bool:
    """Wait until nothing is pending or queued, or (unless `patient`) nothing changes any more."""
    deadline = time.monotonic() + DRAIN_SECONDS
    last, since = _pulse(servers), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.2)
        crowd.replace_dead()
        now = _pulse(servers)
        if now != last:
            last, since = now, time.monotonic()
        still = time.monotonic() - since
        if still > QUIET_SECONDS and now is not None and now[0] == 0 and now[1] == 0:
            return True
        if not patient and still > STUCK_SECONDS:
            return False
    return False


def _pulse(servers: Servers) -> tuple[int, int, int] | None:
    """Return what is pending, queued and done; None while a server is away."""
    with suppress(psycopg2.Error, BrokerLost):
        pending, effects = servers.query(
            "SELECT (SELECT count(*) FROM shop.outbox WHERE published_at IS NULL)"
            " + (SELECT count(*) FROM mirror.outbox WHERE published_at IS NULL), (SELECT count(*) FROM mirror.effects)"
        )[0]
        return pending, sum(servers.depths(*_WAITING)), effects
    return None


_WAITING = tuple(
    f"{service}.{queue}"
    for service in ("mirror", "shop")
    for queue in ("in", "retry.5s", "retry.30s", "retry.5m", "retry.30m", "quarantine")
)


def _violations(servers: Servers) -> Iterator[tuple[str, list[Any]]]:
    """Yield the invariants that do not hold, with the rows that break them."""
    for name, query in invariants():
        rows = servers.query(query)
        if rows:
            yield name, rows


def invariants() -> list[tuple[str, str]]:
    """Return the named queries of the invariants' file."""
    parts = re.split(r"^-- name: (.+)$", INVARIANTS.read_text(), flags=re.MULTILINE)[1:]
    return [(name, query.strip().rstrip(";")) for name, query in zip(parts[::2], parts[1::2], strict=True)]
