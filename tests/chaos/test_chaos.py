"""The short form of `make chaos`: one clean seed, and one of the five mutants, which may not survive."""

import random
import time
from collections.abc import Iterator

import pytest

from tests.chaos.__main__ import plan_for
from tests.chaos.harness import Plan, invariants, run
from tests.chaos.mutants import MUTANTS
from tests.chaos.servers import Servers

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

# Nearly always the first one tells; a machine that is busy with other tests may need more than `make chaos` does.
SEEDS_FOR_A_MUTANT = 8
SHORT = Plan(seconds=4, broker_kills=1)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    servers = Servers()
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def test_nothing_is_lost_or_done_twice_whatever_dies(servers: Servers) -> None:
    report = run(servers, int(time.time()) % 1_000_000, plan=SHORT)

    assert report.violations == {}, f"replay with: python -m tests.chaos --seed {report.seed} --seconds 4\n{report}"
    assert report.changes > 100
    assert report.kills > 3


def test_a_broken_messaging_is_caught(servers: Servers) -> None:
    mutant = random.choice(list(MUTANTS))  # Another one each time; `make chaos` takes them all.
    reports = []
    for seed in range(1, 1 + SEEDS_FOR_A_MUTANT):
        reports.append(run(servers, seed, mutant=mutant, plan=plan_for(mutant)))
        if reports[-1].violations:
            return

    pytest.fail("survived:\n" + "\n".join(map(str, reports)))


def test_every_invariant_is_named_and_looked_at() -> None:
    assert len(invariants()) == 9
