"""What an order is made of: pieces that are decided before any row is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.payments.domain.amounts import spread

ORDER_TYPE_OF_SERVICE = {"package": "package", "bundle": "package", "course": "package"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A practitioner's share of a service, in basis points."""

    practitioner_id: int
    is_primary: bool
    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one practitioner sells in an order."""

    practitioner_id: int
    service_id: int | None
    service_type: str
    description: str
    gross_cents: int
    sessions_total: int


def order_type(service_type: str) -> str:
    """Return the order type of a booking of such a service: direct, or package for what has many sessions."""
    return ORDER_TYPE_OF_SERVICE.get(service_type, "direct")


def split(part: Part, shares: Sequence[Share]) -> list[Part]:
    """Split a part among the practitioners of its service; the primary gets the rounding rest.

    Shares that do not sum to 10,000 leave all to the part's own practitioner.
    """
    if len(shares) < 2 or sum(one.bps for one in shares) != 10_000:
        return [part]
    ordered = sorted((one for one in shares if one.bps), key=lambda one: (not one.is_primary, one.practitioner_id))
    amounts = spread(part.gross_cents, [one.bps for one in ordered])
    return [
        Part(
            practitioner_id=one.practitioner_id,
            service_id=part.service_id,
            service_type=part.service_type,
            description=part.description,
            gross_cents=cents,
            sessions_total=part.sessions_total,
        )
        for one, cents in zip(ordered, amounts, strict=True)
    ]
