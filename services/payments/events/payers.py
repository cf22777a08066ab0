"""What is told to payers of their credits and cards."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.models import CreditTransaction, LedgerAccount, PaymentMethod
from shared.messaging import event


@event("credits.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsChanged:
    """A user's balance, and what last moved it."""

    user_id: int
    balance_cents: int
    held_cents: int
    change_cents: int
    transaction_type: str
    transaction_id: int


def told_credits(session: Session, account: LedgerAccount) -> CreditsChanged:
    """Return a user's balance, and the line that last moved it."""
    owner = account.owner_id or 0
    held = select(LedgerAccount.balance_cents).where(LedgerAccount.code == f"user:{owner}:held")
    last = session.scalar(
        select(CreditTransaction)
        .where(CreditTransaction.user_id == owner)
        .order_by(CreditTransaction.id.desc())
        .limit(1)
    )
    return CreditsChanged(
        user_id=owner,
        balance_cents=account.balance_cents or 0,
        held_cents=session.scalar(held) or 0,
        change_cents=last.amount_cents if last else 0,
        transaction_type=last.transaction_type if last else "adjustment",
        transaction_id=last.id if last else 0,
    )


@event("payment_method.expiring")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodExpiring:
    """A stored card can be charged until the end of this month. Told once per card and end.

    `renews`: a plan or membership of the payer will be charged again.
    """

    payment_method_id: int
    user_id: int
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_default: bool
    renews: bool

    @classmethod
    def of(cls, card: PaymentMethod, *, renews: bool) -> "PaymentMethodExpiring":
        """Return the news of a card that ends."""
        return cls(
            payment_method_id=card.id,
            user_id=card.user_id,
            brand=card.brand,
            last4=card.last4,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
            is_default=card.is_default,
            renews=renews,
        )
