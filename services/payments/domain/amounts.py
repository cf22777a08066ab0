"""Arithmetic of money. Everything is integer cents; rounding is half up and nothing is lost in a split."""

from collections.abc import Sequence

CHARGE_MIN_CENTS = 50
CHARGE_MAX_CENTS = 99_999_999
"""Stripe's limits for a card charge in dollars."""


def share(cents: int, *, bps: int) -> int:
    """Return `bps` basis points of an amount, rounded half up: the commission of a gross amount."""
    return (cents * bps + 5_000) // 10_000


def proportion(cents: int, *, part: int, whole: int) -> int:
    """Return cents · part / whole, rounded half up; 0 of nothing."""
    return (2 * cents * part + whole) // (2 * whole) if whole else 0


def rate(base_bps: int, adjustment_bps: int) -> int:
    """Return a commission rate in basis points, held between nothing and all."""
    return max(0, min(10_000, base_bps + adjustment_bps))


def credits_to_apply(*, balance_cents: int, due_cents: int, asked: bool) -> int:
    """Return how many credits go into paying `due_cents`.

    All there are, up to the sum due; fewer where the rest would be less than a card can be charged.
    """
    if not asked or balance_cents <= 0:
        return 0
    applied = min(balance_cents, due_cents)
    rest = due_cents - applied
    if 0 < rest < CHARGE_MIN_CENTS:
        applied = max(0, due_cents - CHARGE_MIN_CENTS)
    return applied


def spread(cents: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts sum to it exactly; the first part gets the rounding rest.

    Without any weight the first part gets all.
    """
    total = sum(weights)
    if not weights:
        return []
    parts = [cents * weight // total if total else 0 for weight in weights]
    parts[0] += cents - sum(parts)
    return parts


def fill(cents: int, room: Sequence[int]) -> list[int]:
    """Split an amount by the room there is, never more into a place than fits; the sum is min(cents, all room)."""
    cents = min(cents, sum(room))
    parts = [cents * space // sum(room) if sum(room) else 0 for space in room]
    left = cents - sum(parts)
    for place, space in enumerate(room):
        more = min(left, space - parts[place])
        parts[place] += more
        left -= more
    return parts


def card_part(refund_cents: int, *, card_left_cents: int, credits_left_cents: int) -> int:
    """Return how much of a refund goes back to the card: pro rata of what is left of both parts, rounded half up."""
    whole = card_left_cents + credits_left_cents
    part = proportion(refund_cents, part=card_left_cents, whole=whole)
    return max(refund_cents - credits_left_cents, min(part, card_left_cents))


def commission_back(
    *, refund_cents: int, refunded_cents: int, delivered_cents: int, commission_cents: int, already_cents: int
) -> int:
    """Return the commission that goes back with a refund, after which `refunded_cents` of `delivered_cents` went back.

    Never less than nothing nor more than the refund, whatever the parts that were delivered rounded to.
    """
    due = proportion(commission_cents, part=refunded_cents, whole=delivered_cents) - already_cents
    return max(0, min(due, refund_cents))
