"""The figures of one live stream, from who was inside when and what they did."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from services.streams.domain import words
from services.streams.domain.presence import Span, peak, stays, steps

MINUTES_MAX = 720
NO_TIER = "non_subscriber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doings:
    """What people did besides watching; chat and reactions by minute from the start."""

    chat: Mapping[int, int] = field(default_factory=dict)
    reactions: Mapping[int, int] = field(default_factory=dict)
    by_emoji: Mapping[str, int] = field(default_factory=dict)
    chatters: frozenset[int] = frozenset()
    engaged: frozenset[int] = frozenset()


def half_up(total: float, count: int) -> int:
    """Return the mean, rounded half up; 0 of nothing."""
    return int((total / count) + 0.5) if count else 0


def median(values: Sequence[int]) -> int:
    """Return the middle value, the mean of the middle two rounded half up; 0 of nothing."""
    if not values:
        return 0
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else half_up(ordered[middle - 1] + ordered[middle], 2)


def figures(spans: Sequence[Span], doings: Doings, *, start: float, end: float) -> dict[str, Any]:
    """Return everything that is told of a live stream's audience."""
    people = stays(spans)
    watched = {user: sum(stop - begin for begin, stop in own) for user, own in people.items()}
    users = {span.user_id for span in spans}
    first = first_spans(spans)
    durations = [int(span.end - span.start) for span in spans if span.end > span.start]
    tiers = Counter(NO_TIER if one.rank is None else words.TIERS[one.rank] for one in first)
    unique = len(users)
    share = len(doings.engaged & users) * 1000 / unique if unique else 0
    return {
        "total_viewers": len(spans),
        "unique_viewers": unique,
        "peak_concurrent_viewers": peak(people),
        "average_view_duration_seconds": half_up(sum(durations), len(durations)),
        "median_view_duration_seconds": median(durations),
        "watch_minutes": int(sum(watched.values()) // 60),
        "total_chat_messages": sum(doings.chat.values()),
        "total_reactions": sum(doings.reactions.values()),
        "unique_chatters": len(doings.chatters),
        "engagement_rate": f"{int(share + 0.5) / 10:.1f}",
        **{f"{tier}_viewers" if tier == NO_TIER else f"{tier}_tier_viewers": tiers[tier] for tier in _SPLIT},
        "viewer_devices": dict(Counter(one.device for one in first)),
        "viewer_countries": dict(Counter(one.country for one in first if one.country)),
        "timeline": timeline(spans, people, doings, start=start, end=end),
        "retention": retention(list(watched.values()), unique),
        "reactions_by_emoji": dict(doings.by_emoji),
    }


_SPLIT = (*words.TIERS, NO_TIER)


def first_spans(spans: Iterable[Span]) -> list[Span]:
    """Return each person's first stay."""
    first: dict[int, Span] = {}
    for span in sorted(spans, key=lambda one: one.start):
        first.setdefault(span.user_id, span)
    return list(first.values())


def timeline(
    spans: Iterable[Span],
    people: dict[int, list[tuple[float, float]]],
    doings: Doings,
    *,
    start: float,
    end: float,
) -> list[dict[str, int]]:
    """Return minute by minute the most people at once, who joined and left, and what was said."""
    minutes = min(max(int(-(-(end - start) // 60)), 0), MINUTES_MAX)
    if not minutes:
        return []
    most = [0] * minutes
    for (since, inside), (until, _) in pairwise([*steps(people), (end, 0)]):
        first, last = int((since - start) // 60), int(-(-(min(until, end) - start) // 60)) - 1
        for minute in range(max(first, 0), min(last, minutes - 1) + 1):
            most[minute] = max(most[minute], inside)
    joined = Counter(int((span.start - start) // 60) for span in spans)
    left = Counter(int((span.end - start) // 60) for span in spans if span.end < end)
    return [
        {
            "minute": minute,
            "concurrent": most[minute],
            "joined": joined[minute] + (sum(joined[m] for m in joined if m < 0) if minute == 0 else 0),
            "left": left[minute] + (sum(left[m] for m in left if m < 0) if minute == 0 else 0),
            "chat": doings.chat.get(minute, 0),
            "reactions": doings.reactions.get(minute, 0),
        }
        for minute in range(minutes)
    ]


def retention(watched: Sequence[float], unique: int) -> list[dict[str, Any]]:
    """Return which share of the viewers watched at least so many minutes; it begins with 1 and never rises."""
    if not unique:
        return []
    longest = min(int(max(watched, default=0) // 60), MINUTES_MAX)
    gave_up = Counter(min(int(one // 60), longest) for one in watched)
    still, found = unique, []
    for minute in range(longest + 1):
        found.append({"minute": minute, "share": f"{still / unique:.3f}"})
        # Whoever never was inside for a moment counts among those who left in the first minute.
        still = sum(gave_up.values()) - gave_up[0] if minute == 0 else still - gave_up[minute]
    return found
