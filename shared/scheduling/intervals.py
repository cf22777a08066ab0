"""Half-open intervals `[start, end)` of whole minutes, as pairs of integers."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]

_end = itemgetter(1)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same time as few intervals in order: touching and overlapping ones become one, empty ones vanish."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(intervals: Iterable[Interval], away: Sequence[Interval]) -> list[Interval]:
    """Return what is left of `intervals`; `away` is merged (see `merge`)."""
    if not away:
        return list(intervals)

    left: list[Interval] = []
    for whole_start, end in intervals:
        start = whole_start
        for index in range(bisect_right(away, start, key=_end), len(away)):
            away_start, away_end = away[index]
            if away_start >= end:
                break
            if away_start > start:
                left.append((start, away_start))
            start = away_end
        if start < end:
            left.append((start, end))
    return left


def clip(intervals: Sequence[Interval], start: int, end: int) -> list[Interval]:
    """Return the parts of merged intervals that lie in `[start, end)`."""
    parts: list[Interval] = []
    for index in range(bisect_right(intervals, start, key=_end), len(intervals)):
        part_start, part_end = intervals[index]
        if part_start >= end:
            break
        parts.append((max(part_start, start), min(part_end, end)))
    return parts


def overlaps(intervals: Sequence[Interval], start: int, end: int) -> bool:
    """Tell whether any of the merged intervals shares time with `[start, end)`."""
    index = bisect_right(intervals, start, key=_end)
    return index < len(intervals) and intervals[index][0] < end


def covers(intervals: Sequence[Interval], start: int, end: int) -> bool:
    """Tell whether one of the merged intervals holds the whole of `[start, end)`."""
    index = bisect_right(intervals, start, key=_end)
    return index < len(intervals) and intervals[index][0] <= start and intervals[index][1] >= end
