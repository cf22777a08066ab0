"""The platform's share of a sale."""

import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import rate
from services.payments.models import ServiceTypeCommission, Subscription, SubscriptionTier, TierCommissionAdjustment

UNKNOWN_TYPE_BPS = 1_500
DEFAULT_TIER = "basic"
_KEPT_SECONDS = 60


@dataclass(frozen=True)
class RateTable:
    """Every base rate, and what each plan changes; read once a minute per process."""

    base: dict[str, int]
    adjustments: dict[tuple[str, str | None], int]
    tiers: dict[int, str]

    def bps(self, *, tier: str, service_type: str) -> int:
        """Return the commission rate of a sale."""
        adjustment = self.adjustments.get((tier, service_type), self.adjustments.get((tier, None), 0))
        return rate(self.base.get(service_type, UNKNOWN_TYPE_BPS), adjustment)


_kept: tuple[float, RateTable] | None = None


def rate_table(session: Session) -> RateTable:
    """Return the rates, at most a minute old."""
    global _kept
    if _kept is not None and time.monotonic() - _kept[0] < _KEPT_SECONDS:
        return _kept[1]
    base = session.execute(select(ServiceTypeCommission.service_type_code, ServiceTypeCommission.base_bps))
    changes = session.execute(
        select(
            TierCommissionAdjustment.tier_code,
            TierCommissionAdjustment.service_type_code,
            TierCommissionAdjustment.adjustment_bps,
        )
    )
    tiers = session.execute(select(SubscriptionTier.id, SubscriptionTier.code))
    table = RateTable(
        base={row.service_type_code: row.base_bps for row in base},
        adjustments={(row.tier_code, row.service_type_code): row.adjustment_bps for row in changes},
        tiers={row.id: row.code for row in tiers},
    )
    _kept = (time.monotonic(), table)
    return table


def forget_rates() -> None:
    """Read the rates again at the next use."""
    global _kept
    _kept = None


def tier_of(session: Session, practitioner_id: int) -> str:
    """Return the code of a practitioner's plan; basic without a live one."""
    tier_id = session.scalar(
        select(Subscription.tier_id).where(
            Subscription.practitioner_id == practitioner_id,
            Subscription.ended_at.is_(None),
            Subscription.status.in_(("active", "trialing", "past_due", "canceled")),
        )
    )
    return DEFAULT_TIER if tier_id is None else rate_table(session).tiers.get(tier_id, DEFAULT_TIER)


def commission_bps(session: Session, *, practitioner_id: int, service_type: str) -> int:
    """Return the commission rate that a sale of this practitioner has now."""
    return rate_table(session).bps(tier=tier_of(session, practitioner_id), service_type=service_type)
