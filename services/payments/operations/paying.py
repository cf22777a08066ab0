"""An order's way to being paid, and out of it: attempts, credits that are held meanwhile, success, failure.

The order's row is locked by whoever calls anything here. Calls to Stripe are noted in the intent log and made
after the commit.
"""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.amounts import CHARGE_MAX_CENTS, CHARGE_MIN_CENTS, credits_to_apply, share
from services.payments.domain.errors import AmountTooSmall, BookingNotPayable
from services.payments.events import PaymentFailed, PaymentSucceeded
from services.payments.models import BookingRef, Order, OrderItem, PaymentAttempt
from services.payments.operations import ledger
from services.payments.operations.credits import Links, note_credits
from services.payments.operations.orders import items_of
from services.payments.operations.rates import commission_bps
from services.payments.operations.reserving import hold_credits, paid_into, release_credits
from services.payments.operations.stripe_log import intend
from shared.database.waiting import notify
from shared.messaging import record

OPEN_ATTEMPT = ("started", "requires_action", "processing")


def channel_of(order_id: int) -> str:
    """Return the channel that is notified when an order changes."""
    return f"order_{order_id}"


def current_attempt(session: Session, order: Order) -> PaymentAttempt | None:
    """Return the newest try to pay an order."""
    if not order.attempt:
        return None
    return session.scalar(
        select(PaymentAttempt).where(PaymentAttempt.order_id == order.id, PaymentAttempt.number == order.attempt)
    )


def is_payable(session: Session, order: Order) -> bool:
    """Whether money is still wanted: the booking, if there is one, still waits for it.

    A booking that is told to be paid before its own making arrived here (facts travel in any order) waits as well.
    """
    if order.is_paid or order.is_final:
        return False
    if order.booking_id is None:
        return True
    booking = session.execute(
        select(BookingRef.status, BookingRef.payment_status).where(BookingRef.id == order.booking_id)
    ).first()
    if booking is None or booking.status == "pending_payment":
        return True
    return bool(booking.status != "canceled" and booking.payment_status != "unpaid")


def begin_attempt(session: Session, order: Order, *, kind: str, use_credits: bool) -> PaymentAttempt:
    """Start a new try at Stripe: what was open before is called off, and credits are reserved.

    Raises BookingNotPayable, AmountTooSmall.
    """
    if not is_payable(session, order):
        raise BookingNotPayable
    call_off(session, order)
    balance = 0
    if use_credits:
        account = ledger.user_credits(order.user_id)
        balance = ledger.lock_balances(session, [account, *paid_into(session, order, held=True)])[account]
    applied = credits_to_apply(balance_cents=balance, due_cents=order.paid_cents, asked=use_credits)
    rest = order.paid_cents - applied
    if not CHARGE_MIN_CENTS <= rest <= CHARGE_MAX_CENTS:
        raise AmountTooSmall
    order.attempt += 1
    order.status = "processing"
    order.credits_applied_cents, order.total_amount_cents = applied, rest
    order.payment_method = "stripe"
    _clear_page(order)
    order.failure_code = order.failure_message = None
    attempt = PaymentAttempt(
        order_id=order.id, number=order.attempt, kind=kind, amount_cents=rest, credits_cents=applied
    )
    session.add(attempt)
    session.flush()
    hold_credits(session, order, attempt)
    return attempt


def pay_with_credits(session: Session, order: Order, *, now: datetime) -> None:
    """Pay all of an order with credits, here and now: nothing has to be reserved first.

    Raises InsufficientCredits, BookingNotPayable; then the transaction has to be given up.
    """
    if not is_payable(session, order):
        raise BookingNotPayable
    if order.attempt:
        # What an earlier try reserved is freed in this transaction too: all accounts are locked before the first moves.
        ledger.lock_balances(session, [ledger.user_credits(order.user_id), *paid_into(session, order, held=True)])
        call_off(session, order)
    due = order.paid_cents
    attempt = PaymentAttempt(
        order_id=order.id, number=order.attempt + 1, kind="credits", amount_cents=0, credits_cents=due
    )
    _complete(session, order, attempt, now=now, credits_from=ledger.user_credits(order.user_id))


def complete_order(
    session: Session, order: Order, attempt: PaymentAttempt | None, *, now: datetime, stream_id: int | None = None
) -> None:
    """Book an order as paid and tell it. Fixes the commission of what was sold. Emits PaymentSucceeded."""
    _complete(session, order, attempt, now=now, credits_from=ledger.user_held(order.user_id), stream_id=stream_id)


def _complete(
    session: Session,
    order: Order,
    attempt: PaymentAttempt | None,
    *,
    now: datetime,
    credits_from: str,
    stream_id: int | None = None,
) -> None:
    """Book an order as paid; what it takes of credits comes out of `credits_from`: reserved, or not yet."""
    items = items_of(session, order)
    rates = _rates(session, items)
    # From here to the posting nothing is asked, so that each row is written once.
    for item in items:
        item.commission_bps = rates[item.id]
    order.commission_cents = sum(share(item.gross_cents, bps=rates[item.id]) for item in items) if items else None
    order.status, order.paid_at, order.is_final = "completed", now, False
    order.failure_code = order.failure_message = None
    _clear_page(order)
    if attempt is not None:
        _end_well(session, order, attempt)
    posting = ledger.post(
        session,
        "order_paid",
        f"order:{order.public_uuid}:paid",
        _paid_lines(order, items, credits_from),
        order_id=order.id,
        booking_id=order.booking_id,
    )
    _note_credits(session, order, posting)
    session.flush()
    record(session, PaymentSucceeded.of(order, stream_id=stream_id), subject=order)
    notify(session, channel_of(order.id))


def _end_well(session: Session, order: Order, attempt: PaymentAttempt) -> None:
    """Let a try be the one that paid; a new one, by credits alone, becomes the order's."""
    attempt.status = "succeeded"
    attempt.failure_code = attempt.failure_message = None
    if attempt.number > order.attempt:
        session.add(attempt)
        order.attempt, order.payment_method = attempt.number, "credits"
        order.credits_applied_cents, order.total_amount_cents = attempt.credits_cents, 0


def fail_order(
    session: Session, order: Order, *, code: str, message: str, final: bool, decline_code: str | None = None
) -> None:
    """End a try, or with `final` the order: credits are freed, what is open at Stripe is called off.

    An order that failed for good stays so; a paid one is left alone. Emits PaymentFailed.
    """
    if order.is_paid or order.is_final or (order.status == "failed" and not final):
        return
    call_off(session, order)
    order.status, order.is_final = "failed", final
    order.failure_code, order.failure_message = code, message
    _clear_page(order)
    session.flush()
    record(session, PaymentFailed.of(order, decline_code=decline_code), subject=order)
    notify(session, channel_of(order.id))


def call_off(session: Session, order: Order) -> None:
    """Free the credits of an unfinished try and have its page or intent closed at Stripe.

    Where Stripe has not answered yet there is nothing to name; whoever hears the answer closes it.
    """
    attempt = current_attempt(session, order)
    if attempt is None:
        return
    release_credits(session, order, attempt)
    if attempt.status in OPEN_ATTEMPT:
        attempt.status = "canceled"
        close_at_stripe(session, order, attempt)


def close_at_stripe(session: Session, order: Order, attempt: PaymentAttempt) -> None:
    """Have an unpaid page expired or an intent canceled; the answer is synced, also when it says it was paid."""
    if attempt.stripe_id is None:
        return
    call = "checkout.sessions.expire" if attempt.kind == "checkout" else "payment_intents.cancel"
    intend(
        session,
        call=call,
        key=f"order:{order.public_uuid}:close:{attempt.number}",
        target=attempt.stripe_id,
        params={},
        subject=f"order:{order.id}:{attempt.number}",
    )


def _paid_lines(order: Order, items: list[OrderItem], credits_from: str) -> dict[str, int]:
    lines: dict[str, int] = defaultdict(int)
    money = ledger.MANUAL if order.payment_method == "manual" else ledger.STRIPE
    lines[money] += order.total_amount_cents
    lines[ledger.TAX] -= order.tax_amount_cents
    if order.order_type == "credit":
        lines[ledger.user_credits(order.user_id)] -= order.subtotal_amount_cents
        return lines
    lines[credits_from] += order.credits_applied_cents
    for item in items:
        lines[ledger.practitioner(item.practitioner_id, "escrow")] -= item.gross_cents
    return lines


def _note_credits(session: Session, order: Order, posting: ledger.Posting) -> None:
    """Write what the payment means for the payer's credits into their history."""
    is_purchase = order.order_type == "credit"
    cents = order.subtotal_amount_cents if is_purchase else -order.credits_applied_cents
    if not cents or not posting.is_new:
        return
    note_credits(
        session,
        posting,
        user_id=order.user_id,
        cents=cents,
        transaction_type="purchase" if is_purchase else "usage",
        description=order.description,
        links=Links(
            service_id=order.service_id,
            practitioner_id=order.practitioner_id,
            order_id=order.id,
            booking_id=order.booking_id,
        ),
    )


def _rates(session: Session, items: list[OrderItem]) -> dict[int, int]:
    """Return the rate of each item: today's, or the one that was fixed before."""
    return {
        item.id: item.commission_bps
        if item.commission_bps is not None
        else commission_bps(session, practitioner_id=item.practitioner_id, service_type=item.service_type_code)
        for item in items
    }


def _clear_page(order: Order) -> None:
    order.checkout_url = order.client_secret = order.next_action_url = None
