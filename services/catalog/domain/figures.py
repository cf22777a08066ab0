"""Computed numbers: what is saved, and how popular something is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from services.catalog.domain.words import BUNDLE, COMPOSED, DATED, PACKAGE

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
HALF_LIFE_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What is sold, and what it would cost one by one."""

    total_sessions: int
    per_session_cents: int
    original_cents: int
    savings_cents: int
    savings_percentage: float


def offer(
    *,
    type_id: int,
    price_cents: int,
    included: int | None,
    bonus: int,
    sessions_count: int,
    children: Iterable[tuple[int, int]],
) -> Offer:
    """Return the computed numbers of a service; `children` are (price in cents, quantity)."""
    parts = list(children)
    total, original, each = 1, 0, price_cents
    if type_id == BUNDLE:
        total = max(1, (included or 0) + bonus)
        each = price_cents // total
        original = parts[0][0] * total if parts else 0
    elif type_id == PACKAGE:
        total = sum(quantity for _, quantity in parts)
        original = sum(price * quantity for price, quantity in parts)
    elif type_id in DATED:
        total = max(1, sessions_count)
    if type_id not in COMPOSED or original == 0:
        original = price_cents
    saved = max(0, original - price_cents)
    return Offer(total, each, original, saved, percentage(saved, original))


def percentage(part: int, whole: int) -> float:
    """Return `part` of `whole` in percent, half up to one place."""
    if not whole:
        return 0.0
    return float((Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP))


def booking_weight(booked_at: datetime, participants: int) -> float:
    """Return what a booking adds to a service's popularity.

    Later ones add more, twice as much a month later: so the order decays by itself and no job has to.
    """
    days: float = (booked_at - EPOCH).total_seconds() / 86_400
    weight: float = participants * 2.0 ** (days / HALF_LIFE_DAYS)
    return weight
