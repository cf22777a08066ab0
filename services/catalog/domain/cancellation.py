"""What a client gets back when cancelling: the tiers of a policy, and the sentence that tells them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Tier = Mapping[str, int]

PRESETS: dict[str, list[dict[str, int]]] = {
    "flexible": [{"hours_before": 24, "refund_percent": 100}],
    "moderate": [{"hours_before": 48, "refund_percent": 100}, {"hours_before": 24, "refund_percent": 50}],
    "strict": [{"hours_before": 168, "refund_percent": 50}],
    "non_refundable": [],
}
CUSTOM = "custom"
CODES = (*PRESETS, CUSTOM)
DEFAULT = "flexible"
MAX_TIERS = 5


def tiers_of(code: str, custom: Sequence[Tier]) -> list[dict[str, int]]:
    """Return the tiers that apply; a preset's are fixed, whatever was sent with it."""
    return [dict(tier) for tier in (custom if code == CUSTOM else PRESETS[code])]


def problem_of(code: str, tiers: Sequence[Tier]) -> str | None:
    """Return what is wrong with a policy, or None."""
    if code != CUSTOM:
        return None
    if not 1 <= len(tiers) <= MAX_TIERS:
        return f"A custom policy has 1 to {MAX_TIERS} tiers."
    for earlier, later in pairwise(tiers):
        if later["hours_before"] >= earlier["hours_before"]:
            return "Hours must fall from tier to tier."
        if later["refund_percent"] > earlier["refund_percent"]:
            return "Percentages must not rise from tier to tier."
    return None


def sentence(tiers: Sequence[Tier], terms: str | None) -> str:
    """Return the policy for people: the terms where they speak of cancelling, else one built from the tiers."""
    if terms and "cancel" in terms.lower():
        return terms
    paid = [tier for tier in tiers if tier["refund_percent"]]
    if not paid:
        return "No refund after booking."
    told = "; ".join(f"{_amount(tier)} up to {_span(tier['hours_before'])} before the start" for tier in paid)
    return f"{told[:1].upper()}{told[1:]}; no refund after that."


def _amount(tier: Tier) -> str:
    return "full refund" if tier["refund_percent"] == 100 else f"{tier['refund_percent']}% refund"


def _span(hours: int) -> str:
    if hours and hours % 24 == 0 and hours > 48:
        return f"{hours // 24} days"
    return f"{hours} hour{'' if hours == 1 else 's'}"


def as_event(code: str, tiers: Sequence[Tier]) -> dict[str, Any]:
    """Return the policy as `service.changed` tells it."""
    return {"code": code, "tiers": [dict(tier) for tier in tiers]}
