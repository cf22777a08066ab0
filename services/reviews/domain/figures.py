"""Figures that people see, computed from sums."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt

from services.reviews.domain.tally import HOUR_BOUNDS, HOURS, STARS

PRIOR_MEAN = Decimal("4.300")
PRIOR_WEIGHT = 5
_Z = 1.96


def average(*, sum_hundredths: int, count: int) -> str:
    """Return the mean as two places, half up; `"0.00"` of nothing."""
    return _mean(sum_hundredths, count, "0.01") or "0.00"


def average_or_none(*, sum_hundredths: int, count: int) -> str | None:
    """Return the mean as two places, half up; None of nothing."""
    return _mean(sum_hundredths, count, "0.01")


def stars(hundredths: int) -> str:
    """Return a rating as it is shown: `450` is `"4.50"`."""
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _mean(hundredths: int, count: int, places: str) -> str | None:
    if not count:
        return None
    exact = Decimal(hundredths) / Decimal(100 * count)
    return str(exact.quantize(Decimal(places), rounding=ROUND_HALF_UP))


def distribution(row: Mapping[str, int]) -> dict[str, int]:
    """Return how many reviews have each whole number of stars, `"1"` to `"5"`."""
    return {name.removeprefix("c"): row[name] for name in STARS}


def percentages(counts: Mapping[str, int]) -> dict[str, int]:
    """Return whole percents that sum to 100, by largest remainder; all 0 of nothing."""
    total = sum(counts.values())
    if not total:
        return dict.fromkeys(counts, 0)
    floors = {name: 100 * count // total for name, count in counts.items()}
    missing = 100 - sum(floors.values())
    by_remainder = sorted(counts, key=lambda name: (100 * counts[name] % total, counts[name]), reverse=True)
    for name in by_remainder[:missing]:
        floors[name] += 1
    return floors


def percent(part: int, whole: int) -> int | None:
    """Return a whole percent, half up; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None


def median_hours(row: Mapping[str, int]) -> int | None:
    """Return the upper bound of the group of hours in which the middle response lies; None without responses."""
    groups: Sequence[int] = [row[name] for name in HOURS]
    middle, seen = (sum(groups) + 1) // 2, 0
    for number, count in enumerate(groups):
        seen += count
        if count and seen >= middle:
            return HOUR_BOUNDS[min(number, len(HOUR_BOUNDS) - 1)]
    return None


def helpfulness(*, helpful: int, unhelpful: int) -> float:
    """Return the lower Wilson bound (95 %) of the share of helpful votes; 0 without any of these.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    votes = helpful + unhelpful
    if not helpful:
        # Exactly: the formula's own zero is off by its last bit.
        return 0.0
    share = helpful / votes
    spread = _Z * sqrt((share * (1 - share) + _Z * _Z / (4 * votes)) / votes)
    return max((share + _Z * _Z / (2 * votes) - spread) / (1 + _Z * _Z / votes), 0.0)
