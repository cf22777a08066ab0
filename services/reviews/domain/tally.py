"""What one review adds to the numbers of whom it is about.

The numbers are sums over published reviews, so every change of a review moves them by the difference between what it
added before and what it adds after. `part_of` is the one place that says what a review adds.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple, Protocol, TypeVar

from services.reviews.domain import words

HOUR_BOUNDS = (1, 2, 4, 8, 12, 24, 48, 72, 168, 336, 720)
"""Upper bounds, exclusive, of the groups of hours until a response; the twelfth group has none."""

STARS = tuple(f"c{stars}" for stars in range(1, 6))
HOURS = tuple(f"h{number}" for number in range(len(HOUR_BOUNDS) + 1))
RATED = ("count", "sum_hundredths", *STARS, "verified")
"""The figures that `rating.changed` tells of."""
FIGURES = (*RATED, "helpful_total", "with_response", "recommended", *HOURS)

RECOMMENDED_FROM = 400

K = TypeVar("K")


class Target(NamedTuple):
    """Whose numbers: a practitioner's, a service's, or those of one service with one practitioner; 0 is any."""

    kind: str
    practitioner_id: int
    service_id: int


class Reviewed(Protocol):
    """The parts of a review that are counted."""

    practitioner_id: int
    service_id: int | None
    status: str
    rating: int
    is_verified: bool
    helpful: int
    response_at: datetime | None
    visible_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one published review adds; `answers` are (1, value) by question."""

    targets: tuple[Target, ...]
    day: date
    figures: Mapping[str, int]
    answers: Mapping[int, tuple[int, int]]


def targets_of(practitioner_id: int, service_id: int | None) -> tuple[Target, ...]:
    """Return whose numbers a review belongs to, in the order in which their rows are locked."""
    own = Target(words.PRACTITIONER, practitioner_id, 0)
    if service_id is None:
        return (own,)
    return own, Target(words.SERVICE, 0, service_id), Target(words.PAIR, practitioner_id, service_id)


def part_of(review: Reviewed, answers: Mapping[int, int]) -> Part | None:
    """Return what the review adds with these answers (rating 1–5, or 1 and 0 for yes and no); None if not published."""
    if review.status != words.PUBLISHED:
        return None
    figures = {
        "count": 1,
        "sum_hundredths": review.rating,
        STARS[review.rating // 100 - 1]: 1,
        "verified": int(review.is_verified),
        "helpful_total": review.helpful,
        "recommended": int(review.rating >= RECOMMENDED_FROM),
    }
    if review.response_at is not None:
        figures["with_response"] = 1
        figures[HOURS[hour_group(review.response_at, since=review.visible_at or review.created_at)]] = 1
    return Part(
        targets=targets_of(review.practitioner_id, review.service_id),
        day=review.created_at.astimezone(UTC).date(),
        figures=figures,
        answers={question: (1, value) for question, value in answers.items()},
    )


def hour_group(at: datetime, *, since: datetime) -> int:
    """Return the number of the group, 0 to 11, that a response so long after publication falls into."""
    hours = max((at - since).total_seconds(), 0) / 3600
    return sum(hours >= bound for bound in HOUR_BOUNDS)


@dataclass(slots=True)
class Difference:
    """By how much numbers move; several reviews' movements add up."""

    targets: dict[Target, Counter[str]] = field(default_factory=dict)
    days: dict[tuple[Target, date], Counter[str]] = field(default_factory=dict)
    questions: dict[tuple[Target, int], Counter[str]] = field(default_factory=dict)

    def move(self, before: Part | None, after: Part | None) -> None:
        """Take off what a review added before, and add what it adds after."""
        for part, sign in ((before, -1), (after, 1)):
            if part is None:
                continue
            for target in part.targets:
                self._add(self.targets, target, part.figures, sign)
                total = {"count": 1, "sum_hundredths": part.figures["sum_hundredths"]}
                self._add(self.days, (target, part.day), total, sign)
                for question, (count, value) in part.answers.items():
                    self._add(self.questions, (target, question), {"count": count, "total": value}, sign)

    @staticmethod
    def _add(into: dict[K, Counter[str]], key: K, figures: Mapping[str, int], sign: int) -> None:
        moved = into.setdefault(key, Counter())
        for name, value in figures.items():
            moved[name] += sign * value
            if not moved[name]:
                del moved[name]
        if not moved:
            del into[key]
