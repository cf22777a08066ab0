"""Running a service's jobs by the clock."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.dialects.postgresql import insert

from shared.clock import utc_now
from shared.database import Database
from shared.messaging import metrics
from shared.messaging.context import Context, working_for
from shared.messaging.schedules import Job
from shared.messaging.tables import job_runs

log = logging.getLogger(__name__)

THREADS = 4
ONCE_LOOK_SECONDS = 30.0


class Clock:
    """Starts each job when it is due, never twice at a time; a slow job does not hold up the others."""

    def __init__(self, jobs: Sequence[Job], *, database: Database, threads: int = THREADS) -> None:
        self.jobs = jobs
        self.database = database
        self.threads = threads

    def run(self, stop: threading.Event) -> None:
        """Run jobs until `stop`, then wait for those under way."""
        if not self.jobs:
            stop.wait()
            return
        due = {job.name: time.monotonic() + min(1.0, _pause(job)) for job in self.jobs}
        running: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(self.threads, thread_name_prefix="job") as pool:
            while not stop.is_set():
                now = time.monotonic()
                for job in self.jobs:
                    under_way = running.get(job.name)
                    if due[job.name] <= now and (under_way is None or under_way.done()):
                        due[job.name] = now + _pause(job)
                        running[job.name] = pool.submit(self.run_job, job)
                stop.wait(max(0.05, min(1.0, min(due.values()) - time.monotonic())))

    def run_job(self, job: Job) -> None:
        """Run a job now, unless it is one for all workers together and another has done it."""
        try:
            if job.schedule.once and not self.claim(job):
                return
            with metrics.JOB_SECONDS.labels(job.name).time(), working_for(Context()):
                job.function()
        except Exception:
            metrics.JOB_FAILURES.labels(job.name).inc()
            log.exception("job %s failed", job.name)

    def claim(self, job: Job) -> bool:
        """Note that a job for all workers together starts now; False when that was done since it was last due.

        A job seen for the first time waits until it is due next, unless it has no hour of its own.
        """
        now = utc_now()
        first = now if job.schedule.at is None else job.schedule.due_since(now)
        with self.database.transaction() as session:
            seen_first = session.execute(
                insert(job_runs)
                .values(name=job.name, started_at=first)
                .on_conflict_do_nothing()
                .returning(job_runs.c.name)
            ).first()
            if seen_first is not None:
                return job.schedule.at is None
            claimed = session.execute(
                job_runs.update()
                .where(job_runs.c.name == job.name, job_runs.c.started_at < job.schedule.due_since(now))
                .values(started_at=now)
                .returning(job_runs.c.name)
            ).first()
        return claimed is not None


def _pause(job: Job) -> float:
    """Return the seconds between two looks at a job: its interval, or less where all workers share one run."""
    seconds = job.schedule.interval.total_seconds()
    return min(seconds, ONCE_LOOK_SECONDS) if job.schedule.once else seconds


def housekeeping(
    prune_outbox: Callable[[], int], prune_inbox: Callable[[], int], *, stop: threading.Event, every_seconds: float
) -> None:
    """Delete what is past its time, page by page with a breath in between, until `stop`."""
    while not stop.wait(every_seconds):
        for prune in (prune_outbox, prune_inbox):
            while prune() and not stop.wait(0.2):
                pass
