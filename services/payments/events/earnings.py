"""What is told of practitioners' money: available, on its way, arrived, and where it goes."""

from dataclasses import dataclass
from typing import Any

from services.payments.models import ConnectAccount, Payout
from shared.messaging import event


@event("earnings.available")
@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsAvailable:
    """Earnings can be paid out from now on."""

    practitioner_id: int
    user_id: int | None
    amount_cents: int
    count: int
    available_balance_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _PayoutNews:
    payout_id: int
    practitioner_id: int
    user_id: int | None
    reference_number: str
    amount_cents: int
    fee_cents: int
    transfer_id: str | None
    code: str | None
    message: str | None

    @classmethod
    def of(cls, payout: Payout, *, user_id: int | None) -> Any:
        """Return the news of a payout."""
        return cls(
            payout_id=payout.id,
            practitioner_id=payout.practitioner_id,
            user_id=user_id,
            reference_number=payout.reference_number,
            amount_cents=payout.amount_cents,
            fee_cents=payout.fee_cents,
            transfer_id=payout.stripe_transfer_id,
            code=payout.failure_code,
            message=payout.error_message,
        )


@event("payout.requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequested(_PayoutNews):
    """A payout will be made."""


@event("payout.paid")
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPaid(_PayoutNews):
    """The money is at the practitioner's account."""


@event("payout.failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFailed(_PayoutNews):
    """The money came back to the practitioner's available balance."""


@event("connect_account.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccountChanged:
    """What Stripe says of a practitioner's account."""

    practitioner_id: int
    user_id: int
    can_receive_payouts: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements_due: list[str]
    disabled_reason: str | None

    @classmethod
    def of(cls, account: ConnectAccount) -> "ConnectAccountChanged":
        """Return the state of an account."""
        return cls(
            practitioner_id=account.practitioner_id,
            user_id=account.user_id,
            can_receive_payouts=account.can_receive,
            payouts_enabled=account.payouts_enabled,
            details_submitted=account.details_submitted,
            requirements_due=list(account.requirements.get("currently_due", [])),
            disabled_reason=account.requirements.get("disabled_reason"),
        )
