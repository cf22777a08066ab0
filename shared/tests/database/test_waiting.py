"""Waiting for another transaction's word."""

import threading
import time

from shared.database import Database
from shared.database.waiting import POLL_SECONDS, Waiting, notify


def test_the_waiter_is_woken_by_the_commit(database: Database) -> None:
    waiting = Waiting(places=2)
    done: list[str] = []

    def finish() -> None:
        time.sleep(0.1)
        with database.transaction() as session:
            done.append("yes")
            notify(session, "toy_1")

    threading.Thread(target=finish).start()
    started = time.monotonic()
    found = waiting.until("toy_1", lambda: done[0] if done else None, seconds=5)

    assert found == "yes"
    assert time.monotonic() - started < POLL_SECONDS * 0.8


def test_nothing_comes_and_the_time_runs_out(database: Database) -> None:
    started = time.monotonic()

    assert Waiting(places=1).until("toy_2", lambda: None, seconds=0.3) is None
    assert 0.25 < time.monotonic() - started < 2


def test_who_finds_no_place_is_told_at_once(database: Database) -> None:
    waiting = Waiting(places=1)
    first = threading.Thread(target=lambda: waiting.until("toy_3", lambda: None, seconds=1))
    first.start()
    time.sleep(0.1)
    started = time.monotonic()

    assert waiting.until("toy_3", lambda: None, seconds=5) is None
    assert time.monotonic() - started < 3
    first.join()


def test_what_is_there_already_is_returned_without_waiting() -> None:
    assert Waiting(places=1).until("toy_4", lambda: 5, seconds=5) == 5
