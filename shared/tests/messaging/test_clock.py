import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import pytest

from shared.clock import frozen_at
from shared.database import Database
from shared.messaging import daily, every
from shared.messaging.clock import Clock
from shared.messaging.schedules import Job, jobs_of
from tests.chaos.servers import eventually

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def jobs(**functions: Callable[[], object]) -> list[Job]:
    return jobs_of([SimpleNamespace(**functions)])  # type: ignore[list-item]


def test_declared_jobs_are_found_with_their_times() -> None:
    @every(minutes=5)
    def sweep() -> None: ...

    @daily(at="03:10")
    def report() -> None: ...

    found = {job.name: job.schedule for job in jobs(sweep=sweep, report=report, other=len)}

    assert found["sweep"].interval == timedelta(minutes=5)
    assert not found["sweep"].once
    assert (found["report"].at, found["report"].once) == (time(3, 10), True)


def test_a_length_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="length of time"):
        every()


def test_jobs_run_again_and_again_and_a_failing_or_slow_one_holds_up_none(mirror: Database) -> None:
    runs: list[str] = []
    release = threading.Event()

    @every(seconds=0.1)
    def quick() -> None:
        runs.append("quick")

    @every(seconds=0.1)
    def slow() -> None:
        runs.append("slow")
        release.wait(10)

    @every(seconds=0.1)
    def failing() -> None:
        runs.append("failing")
        raise RuntimeError

    clock = Clock(jobs(quick=quick, slow=slow, failing=failing), database=mirror)
    stop = threading.Event()
    thread = threading.Thread(target=clock.run, args=(stop,))
    thread.start()

    eventually(lambda: runs.count("quick") >= 3 and runs.count("failing") >= 3)
    assert runs.count("slow") == 1
    stop.set()
    release.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_daily_job_runs_once_for_all_workers_and_makes_up_for_a_missed_day(mirror: Database) -> None:
    @daily(at="12:30")
    def report() -> None: ...

    (job,) = jobs(report=report)
    workers = [Clock([job], database=mirror) for _ in range(3)]

    def claims(at: datetime) -> list[bool]:
        with frozen_at(at):
            return [worker.claim(job) for worker in workers]

    assert claims(NOON) == [False, False, False]  # Seen for the first time, not yet due.
    assert claims(NOON + timedelta(minutes=31)) == [True, False, False]
    assert claims(NOON + timedelta(hours=5)) == [False, False, False]
    assert claims(NOON + timedelta(days=3)) == [True, False, False]


def test_a_job_for_all_workers_runs_once_an_interval(mirror: Database) -> None:
    @every(minutes=10, once=True)
    def recount() -> None: ...

    (job,) = jobs(recount=recount)
    first, second = Clock([job], database=mirror), Clock([job], database=mirror)

    with frozen_at(NOON):
        assert [first.claim(job), second.claim(job)] == [True, False]
    with frozen_at(NOON + timedelta(minutes=11)):
        assert [first.claim(job), second.claim(job)] == [True, False]
