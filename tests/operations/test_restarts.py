"""A deploy is invisible: whatever is restarted, no request is lost and every event has its effect (R17)."""

import os
import time

import pytest

from deploy.local.stack import Stack
from tests.e2e.api import eventually
from tests.e2e.people import register
from tests.operations.asking import dead_messages, rows
from tests.operations.traffic import Answers, Traffic

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
IN_FULL = os.environ.get("ESTUARY_DRILL") == "full"
ROUNDS = 3 if IN_FULL else 1
# One of each kind: web processes that are written to and that copy, a worker that publishes, one that listens.
RESTARTED = () if IN_FULL else ("auth", "bookings", "notifications-worker", "gateway")


def test_a_rolling_restart_under_load_loses_nothing(stack: Stack) -> None:
    clients = [register(stack, "rolling") for _ in range(6 if IN_FULL else 3)]

    with Traffic(stack, clients, visitors=6 if IN_FULL else 3, pause=0.02) as traffic:
        time.sleep(0.5)
        began = time.monotonic()
        for _ in range(ROUNDS):
            stack.restart(*RESTARTED)
        took = time.monotonic() - began
        time.sleep(0.5)

    tell(traffic.answers, took)
    assert traffic.answers.failed == {}
    assert traffic.answers.total > 200
    eventually(lambda: not unknown(stack, traffic.answers), seconds=30, what="what was written is known elsewhere")
    assert dead_messages(stack) == {}


def unknown(stack: Stack, answers: Answers) -> dict[int, str]:
    """Return the people whose last name change bookings has not heard of, and the name it holds."""
    held = dict(rows(stack, "bookings", "SELECT id, full_name FROM users"))
    return {
        user: held.get(user, "")
        for user, written in answers.last_written.items()
        if not held.get(user, "").startswith(f"{written} ")
    }


def tell(answers: Answers, took: float) -> None:
    print(
        f"\n{ROUNDS} rounds in {took:.0f} s, {answers.total} requests ({answers.total / took:.0f}/s), "
        f"{sum(answers.failed.values())} failed, 99 of 100 within {answers.slowest(0.99) * 1000:.0f} ms"
    )
