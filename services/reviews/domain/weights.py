"""How much a report weighs."""

from decimal import Decimal

WEIGHTS = {
    "harassment": Decimal(2),
    "inappropriate": Decimal("1.5"),
    "spam": Decimal("1.5"),
    "fake": Decimal(1),
    "off_topic": Decimal(1),
    "other": Decimal("0.5"),
}
REMEMBERED = 100
REPORTERS_LEAST = 3
"""A review is hidden by itself only if so many people besides the practitioner reported it."""


def trust(outcomes: str) -> Decimal:
    """Return how far a reporter is believed, 0.5 to 1.5: `outcomes` are decided reports, `1` upheld, `0` dismissed."""
    upheld = outcomes.count("1")
    return Decimal("0.5") + Decimal(upheld + 1) / Decimal(len(outcomes) + 2)


def weight(reason: str, *, outcomes: str, by_the_reviewed: bool) -> Decimal:
    """Return a report's weight; the practitioner who was reviewed counts half."""
    full = WEIGHTS[reason] * trust(outcomes)
    return (full / 2 if by_the_reviewed else full).quantize(Decimal("0.01"))


def accuracy(outcomes: str) -> int | None:
    """Return the percent of a reporter's decided reports that were upheld."""
    return round(100 * outcomes.count("1") / len(outcomes)) if outcomes else None


def remembered(outcomes: str, *, upheld: bool) -> str:
    """Return the outcomes with one more, the last hundred of them."""
    return (outcomes + ("1" if upheld else "0"))[-REMEMBERED:]
