"""Who was inside when: sums over the time spans of viewers.

A span is half-open: whoever leaves at the instant at which another joins is not counted beside them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """One stay of a person, in unix seconds; `rank` is the tier at the join, None for no membership."""

    user_id: int
    start: float
    end: float
    rank: int | None = None
    device: str = "other"
    country: str | None = None


def seconds(instant: datetime) -> float:
    """Return an instant in unix seconds."""
    return instant.timestamp()


def stays(spans: Iterable[Span]) -> dict[int, list[tuple[float, float]]]:
    """Return each person's stays, overlapping and touching ones joined, in order; empty spans are left out."""
    by_user: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for span in spans:
        if span.end > span.start:
            by_user[span.user_id].append((span.start, span.end))
    return {user: _joined(sorted(own)) for user, own in by_user.items()}


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def steps(people: dict[int, list[tuple[float, float]]]) -> list[tuple[float, int]]:
    """Return (instant, how many are inside from then on), in order."""
    changes: dict[float, int] = defaultdict(int)
    for own in people.values():
        for start, end in own:
            changes[start] += 1
            changes[end] -= 1
    inside, found = 0, []
    for instant in sorted(changes):
        inside += changes[instant]
        found.append((instant, inside))
    return found


def peak(people: dict[int, list[tuple[float, float]]]) -> int:
    """Return the most people that were inside at once."""
    return max((inside for _, inside in steps(people)), default=0)
