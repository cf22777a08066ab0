"""Bringing an order in step with what Stripe says now.

Replies, webhooks, the payer's page and the clock all come through here, in any order and any number of times; the
order's row is locked, and a payment that was seen to succeed stays so.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.errors import InsufficientCredits
from services.payments.events import PaymentActionRequired
from services.payments.models import Order, PaymentAttempt
from services.payments.operations import paying
from services.payments.operations.orders import locked_order
from services.payments.operations.refunds import give_back_extra
from services.payments.operations.reserving import revive_credits
from shared.clock import utc_now
from shared.database.waiting import notify
from shared.messaging import record

CLOSED = ("succeeded", "failed", "canceled")


def sync_intent(session: Session, intent: Mapping[str, Any]) -> bool:
    """Take in a payment intent's state; False if it belongs to no order that is known here."""
    found = _attempt_of(session, intent)
    if found is None:
        return False
    order, attempt = found
    if attempt.kind != "checkout":
        attempt.stripe_id = attempt.stripe_id or intent["id"]
    status = intent["status"]
    if status == "succeeded":
        _succeeded(session, order, attempt, intent)
    elif status == "requires_action":
        _action_required(session, order, attempt, intent)
    elif status == "canceled":
        _gone(session, order, attempt, code="abandoned", message="The payment was canceled.")
    elif status in ("requires_payment_method", "requires_confirmation"):
        _declined_or_waiting(session, order, attempt, intent)
    session.flush()
    return True


def sync_checkout(session: Session, page: Mapping[str, Any]) -> bool:
    """Take in a Checkout Session's state, with its payment intent expanded; False if it is nobody's here."""
    found = _attempt_of(session, page)
    if found is None:
        return False
    order, attempt = found
    attempt.stripe_id = page["id"]
    intent = page.get("payment_intent")
    if page.get("status") == "complete" and isinstance(intent, Mapping):
        return sync_intent(session, {**intent, "metadata": page.get("metadata") or {}})
    if page.get("status") == "complete" and page.get("subscription"):
        # What a plan's page was paid with is its invoice, which completes the order.
        attempt.status = "succeeded"
    elif page.get("status") == "expired":
        _gone(session, order, attempt, code="expired", message="The payment page has expired.")
    elif page.get("status") == "open":
        _page_open(session, order, attempt, page)
    session.flush()
    return True


def declined(
    session: Session, order: Order, attempt: PaymentAttempt, *, code: str, message: str, decline_code: str | None
) -> None:
    """Note that the card's bank said no. Emits PaymentFailed, once per try."""
    if attempt.status in CLOSED:
        return
    attempt.status = "failed"
    attempt.failure_code, attempt.failure_message = code, message
    if order.attempt == attempt.number and order.status == "processing":
        paying.fail_order(session, order, code=code, message=message, final=False, decline_code=decline_code)


def _succeeded(session: Session, order: Order, attempt: PaymentAttempt, intent: Mapping[str, Any]) -> None:
    if order.stripe_payment_intent_id == intent["id"] and order.is_paid:
        return
    received = int(intent.get("amount_received") or intent.get("amount") or 0)
    if paying.is_payable(session, order) and received == attempt.amount_cents and _taken(session, order, attempt):
        order.stripe_payment_intent_id = intent["id"]
        if isinstance(intent.get("payment_method"), str):
            order.stripe_payment_method_id = intent["payment_method"]
        order.payment_method = "stripe"
        paying.complete_order(session, order, attempt, now=utc_now())
        return
    if attempt.kind != "checkout":
        attempt.stripe_id = intent["id"]
    attempt.status = "succeeded"
    reason = "duplicate" if order.is_paid else "booking_expired"
    give_back_extra(session, order, intent_id=intent["id"], cents=received, reason=reason)


def _taken(session: Session, order: Order, attempt: PaymentAttempt) -> bool:
    """Whether the order can take this try's money; an older try's credits have to be reserved again first."""
    if attempt.number == order.attempt and order.status == "processing":
        return True
    try:
        if attempt.number != order.attempt:
            paying.call_off(session, order)
        return revive_credits(session, order, attempt)
    except InsufficientCredits:
        return False


def _action_required(session: Session, order: Order, attempt: PaymentAttempt, intent: Mapping[str, Any]) -> None:
    if attempt.status in (*CLOSED, "requires_action") or order.attempt != attempt.number:
        if attempt.status in CLOSED:
            paying.close_at_stripe(session, order, attempt)
        return
    attempt.status = "requires_action"
    action = intent.get("next_action") or {}
    order.client_secret = intent.get("client_secret")
    order.next_action_url = (action.get("redirect_to_url") or {}).get("url")
    session.flush()
    record(session, PaymentActionRequired.of(order, kind="authentication"), subject=order)
    notify(session, paying.channel_of(order.id))


def _declined_or_waiting(session: Session, order: Order, attempt: PaymentAttempt, intent: Mapping[str, Any]) -> None:
    error = intent.get("last_payment_error")
    if error and attempt.kind != "checkout":
        declined(
            session,
            order,
            attempt,
            code=error.get("code") or "card_declined",
            message=error.get("message") or "The card was declined.",
            decline_code=error.get("decline_code"),
        )
    elif attempt.status in CLOSED:
        paying.close_at_stripe(session, order, attempt)
    elif order.attempt == attempt.number and attempt.kind == "card":
        order.client_secret = intent.get("client_secret")


def _gone(session: Session, order: Order, attempt: PaymentAttempt, *, code: str, message: str) -> None:
    """The page or intent will take no money any more."""
    if attempt.status in ("succeeded", "failed"):
        return
    was_open, attempt.status = attempt.status in paying.OPEN_ATTEMPT, "canceled"
    if was_open and order.attempt == attempt.number and order.status == "processing":
        paying.fail_order(session, order, code=code, message=message, final=False)


def _page_open(session: Session, order: Order, attempt: PaymentAttempt, page: Mapping[str, Any]) -> None:
    if attempt.status in CLOSED or order.attempt != attempt.number or order.status != "processing":
        paying.close_at_stripe(session, order, attempt)
        return
    if order.checkout_url == page["url"]:
        return
    attempt.status = "requires_action"
    order.checkout_url, order.stripe_checkout_session_id = page["url"], page["id"]
    session.flush()
    record(session, PaymentActionRequired.of(order, kind="checkout"), subject=order)
    notify(session, paying.channel_of(order.id))


def _attempt_of(session: Session, thing: Mapping[str, Any]) -> tuple[Order, PaymentAttempt] | None:
    """Find the try that an intent or page belongs to, with the order locked."""
    metadata = thing.get("metadata") or {}
    order_id = None
    try:
        uuid = UUID(str(metadata.get("order_uuid", "")))
    except ValueError:
        uuid = None
    if uuid is not None:
        order_id = session.scalar(select(Order.id).where(Order.public_uuid == uuid))
    if order_id is None:
        order_id = session.scalar(select(PaymentAttempt.order_id).where(PaymentAttempt.stripe_id == thing["id"]))
    if order_id is None:
        return None
    order = locked_order(session, order_id)
    number = int(metadata["attempt"]) if str(metadata.get("attempt", "")).isdigit() else order.attempt
    attempt = session.scalar(
        select(PaymentAttempt).where(PaymentAttempt.order_id == order.id, PaymentAttempt.number == number)
    )
    return None if attempt is None else (order, attempt)
