"""Credits that are reserved while an order is being paid, so that nothing else spends them meanwhile.

The order's row is locked by whoever calls anything here.
"""

from sqlalchemy.orm import Session

from services.payments.models import Order, PaymentAttempt
from services.payments.operations import ledger
from services.payments.operations.orders import items_of


def revive_credits(session: Session, order: Order, attempt: PaymentAttempt) -> bool:
    """Reserve an earlier try's credits again, as its money came after all; False if they are spent meanwhile."""
    if attempt.credits_cents:
        account = ledger.user_credits(order.user_id)
        if ledger.lock_balances(session, [account, *paid_into(session, order, held=True)])[account] < (
            attempt.credits_cents
        ):
            return False
    order.attempt = attempt.number
    order.credits_applied_cents = attempt.credits_cents
    order.total_amount_cents = order.paid_cents - attempt.credits_cents
    if attempt.credits_cents:
        _hold(session, order, attempt, number=f"{attempt.number}:again")
    return True


def hold_credits(session: Session, order: Order, attempt: PaymentAttempt) -> None:
    """Reserve the credits that a try takes. Raises InsufficientCredits."""
    _hold(session, order, attempt, number=str(attempt.number))


def release_credits(session: Session, order: Order, attempt: PaymentAttempt) -> None:
    """Give held credits back to the payer, once per try."""
    if not order.credits_applied_cents or order.is_paid:
        return
    ledger.post(
        session,
        "release",
        f"order:{order.public_uuid}:release:{attempt.number}",
        _hold_lines(order, -order.credits_applied_cents),
        order_id=order.id,
        booking_id=order.booking_id,
    )
    order.credits_applied_cents, order.total_amount_cents = 0, order.paid_cents


def paid_into(session: Session, order: Order, *, held: bool) -> list[str]:
    """Return the accounts of people that paying this order touches."""
    accounts = {ledger.practitioner(item.practitioner_id, "escrow") for item in items_of(session, order)}
    return [*sorted(accounts), *([ledger.user_held(order.user_id)] if held else [])]


def _hold(session: Session, order: Order, attempt: PaymentAttempt, *, number: str) -> None:
    ledger.post(
        session,
        "hold",
        f"order:{order.public_uuid}:hold:{number}",
        _hold_lines(order, attempt.credits_cents),
        order_id=order.id,
        booking_id=order.booking_id,
    )


def _hold_lines(order: Order, cents: int) -> dict[str, int]:
    return {ledger.user_credits(order.user_id): cents, ledger.user_held(order.user_id): -cents}
