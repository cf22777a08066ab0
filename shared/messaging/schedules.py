"""Declaring what happens by itself, and how often."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import ModuleType
from typing import TypeVar

J = TypeVar("J", bound=Callable[[], object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a job is due: every `interval`, or each day at `at` (UTC).

    `once`: over all workers together one run per interval or day; otherwise each worker runs it by its own clock.
    """

    interval: timedelta
    at: time | None = None
    once: bool = False

    def due_since(self, now: datetime) -> datetime:
        """Return the instant since which a `once` job must have been started, or it is due."""
        if self.at is None:
            return now - self.interval
        today = datetime.combine(now.astimezone(UTC).date(), self.at, tzinfo=UTC)
        return today if today <= now else today - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A function that runs by itself."""

    name: str
    function: Callable[[], object]
    schedule: Schedule


def every(
    *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0, once: bool = False
) -> Callable[[J], J]:
    """Run the function below again and again, that long after the start of the run before, never twice at a time.

    Each worker process does so: the function takes work with FOR UPDATE SKIP LOCKED and may find none. With
    `once`, all workers of the service together run it once per interval. It is called without arguments.
    """
    interval = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
    if interval <= timedelta(0):
        raise ValueError("every() needs a length of time")
    return _scheduled(Schedule(interval=interval, once=once))


def daily(*, at: str) -> Callable[[J], J]:
    """Run the function below once a day at `at` (HH:MM, UTC), in one of the service's workers.

    A day on which none was up at that time is made up for as soon as one is.
    """
    return _scheduled(Schedule(interval=timedelta(days=1), at=time.fromisoformat(at), once=True))


def _scheduled(schedule: Schedule) -> Callable[[J], J]:
    def declare(function: J) -> J:
        function.__schedule__ = schedule  # type: ignore[attr-defined]
        return function

    return declare


def jobs_of(modules: Iterable[ModuleType]) -> list[Job]:
    """Return the scheduled functions of `modules`, in the order of declaration."""
    found: dict[str, Job] = {}
    for module in modules:
        for name, member in vars(module).items():
            schedule = getattr(member, "__schedule__", None)
            if isinstance(schedule, Schedule):
                found[name] = Job(name=name, function=member, schedule=schedule)
    return list(found.values())
