"""Splitting a price over what it buys, to the cent."""

from collections.abc import Sequence


def shares(total_cents: int, count: int) -> list[int]:
    """Return `count` parts whose sum is exactly `total_cents`; they differ by a cent at most."""
    return [total_cents * number // count - total_cents * (number - 1) // count for number in range(1, count + 1)]


def spread(total_cents: int, capacities: Sequence[int]) -> list[int]:
    """Return parts of `total_cents` in proportion to `capacities`, none above its capacity, their sum exact.

    What exceeds all capacities together is left out.
    """
    whole = sum(capacities)
    total = min(total_cents, whole)
    parts, reached = [], 0
    for capacity in capacities:
        before = reached
        reached += capacity
        parts.append(total * reached // whole - total * before // whole if whole else 0)
    return parts
