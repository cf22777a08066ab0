"""Paying now, at the payer's wish: a booking, a service, credits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.payments.domain.errors import (
    AlreadyPaid,
    AmountTooSmall,
    AuthenticationRequired,
    BookingNotPayable,
    CardDeclined,
    CardExpired,
    InsufficientCredits,
    ServiceUnavailableForSale,
    SlotTaken,
)
from services.payments.domain.orders import order_type
from services.payments.events import CheckoutRequested
from services.payments.models import Order, Subscription
from services.payments.operations import ledger, paying
from services.payments.operations.charging import card_or_refuse, start_card, start_checkout
from services.payments.operations.orders import locked_order, order_by_source
from services.payments.operations.paying import current_attempt
from shared.errors import Conflict, DomainError, Invalid, PaymentRequired
from shared.ids import uuid7
from shared.messaging import record


def pay_now(
    session: Session,
    order_id: int,
    *,
    payment_method_id: Any,
    use_credits: bool,
    return_url: str | None,
    now: datetime,
) -> int | None:
    """Charge an order to a card or to credits; returns the noted call that the caller is to make, if any.

    A try by the same card that is under way is left alone; one on Stripe's page is called off. Raises AlreadyPaid,
    BookingNotPayable, Conflict, Invalid, InsufficientCredits, PaymentRequired, AmountTooSmall.
    """
    order = _payable(session, order_id)
    attempt = current_attempt(session, order)
    card = None
    if payment_method_id not in (None, ""):
        card = card_or_refuse(session, user_id=order.user_id, reference=payment_method_id, now=now)
    if order.status == "processing" and attempt is not None and attempt.kind == "card":
        if card is not None and order.stripe_payment_method_id == card.stripe_payment_method_id:
            return None
        if attempt.status == "started":
            raise Conflict("Another payment of this is under way.", retry_after=1)
    if order.paid_cents == 0:
        paying.complete_order(session, order, None, now=now)
        return None
    if use_credits and _covered(session, order):
        paying.pay_with_credits(session, order, now=now)
        return None
    if card is None:
        raise InsufficientCredits if use_credits else PaymentRequired("Name a card, or pay with credits.")
    return start_card(session, order, card, use_credits=use_credits, return_url=return_url, by_caller=True)


def open_page(session: Session, order_id: int, *, urls: dict[str, str], use_credits: bool, now: datetime) -> int | None:
    """Open a page of Stripe's for an order; the open one stays if it is for the same. Returns the call."""
    order = _payable(session, order_id)
    attempt = current_attempt(session, order)
    same = {name: order.wanted.get(name) for name in urls} == urls
    if (
        order.status == "processing"
        and attempt is not None
        and attempt.kind == "checkout"
        and same
        and bool(attempt.credits_cents) == use_credits
    ):
        return None
    if order.status == "processing" and attempt is not None and attempt.kind == "card" and attempt.status == "started":
        raise Conflict("Another payment of this is under way.", retry_after=1)
    order.wanted = {**order.wanted, **urls}
    if order.paid_cents == 0:
        paying.complete_order(session, order, None, now=now)
        return None
    if use_credits and _covered(session, order):
        paying.pay_with_credits(session, order, now=now)
        return None
    return start_checkout(session, order, use_credits=use_credits, now=now, by_caller=True)


def pay_by_credits_only(session: Session, order_id: int, *, now: datetime) -> None:
    """Pay an order with credits or not at all. Raises InsufficientCredits."""
    order = _payable(session, order_id)
    paying.pay_with_credits(session, order, now=now)


def request_booking(
    session: Session, *, user_id: int, service: Any, wanted: dict[str, Any], wish: dict[str, Any], key: str | None
) -> Order:
    """Make an order for a service at a time, and ask bookings for the booking. Emits CheckoutRequested.

    Bookings answers with a booking, which the saga then pays as `wanted`, or with a refusal.
    """
    source = f"checkout:{user_id}:{key}" if key else None
    known = order_by_source(session, source) if source else None
    if known is not None:
        return known
    uuid = uuid7()
    order = Order(
        public_uuid=uuid,
        source_key=source or f"checkout:{uuid}",
        user_id=user_id,
        practitioner_id=service.practitioner_id,
        service_id=service.id,
        order_type=order_type(service.service_type),
        description=service.name,
        subtotal_amount_cents=service.price_cents,
        total_amount_cents=service.price_cents,
        wanted=wanted,
        expires_at=wish.pop("expires_at"),
    )
    session.add(order)
    session.flush()
    record(
        session,
        CheckoutRequested(order_uuid=uuid, user_id=user_id, service_id=service.id, **wish),
        about=("checkout", uuid),
    )
    return order


def check_time(service_type: str, wished: Mapping[str, Any]) -> None:
    """Refuse a wish without its time: a session's hours, a workshop's date; what has many sessions needs neither.

    Raises Invalid.
    """
    if service_type == "session" and not (wished["start_time"] and wished["end_time"]):
        raise Invalid.field("start_time" if not wished["start_time"] else "end_time", "A session needs a time.")
    if service_type == "workshop" and not wished["service_session_id"]:
        raise Invalid.field("service_session_id", "A workshop needs its date.")


def credit_order(session: Session, *, user_id: int, cents: int, key: str, wanted: dict[str, Any]) -> Order:
    """Make the order of a purchase of credits, once per `key`."""
    known = order_by_source(session, f"credits:{user_id}:{key}")
    if known is not None:
        return known
    order = Order(
        source_key=f"credits:{user_id}:{key}",
        user_id=user_id,
        order_type="credit",
        description="Account credits",
        subtotal_amount_cents=cents,
        total_amount_cents=cents,
        wanted=wanted,
    )
    session.add(order)
    session.flush()
    return order


def plan_order(session: Session, plan: Subscription, *, cents: int, name: str) -> Order:
    """Make the order of the page on which a plan is started, once per plan."""
    source = f"plan:{plan.public_uuid}"
    known = order_by_source(session, source)
    if known is not None:
        return known
    order = Order(
        source_key=source,
        user_id=plan.user_id,
        practitioner_id=plan.practitioner_id,
        order_type="subscription",
        description=f"{name} plan",
        subtotal_amount_cents=cents,
        total_amount_cents=cents,
        subscription_id=plan.id,
    )
    session.add(order)
    session.flush()
    return order


def pay_by_hand(session: Session, order_id: int, *, now: datetime) -> None:
    """Note that an order was paid outside the platform; only staff do. Raises AlreadyPaid, BookingNotPayable."""
    order = _payable(session, order_id)
    paying.call_off(session, order)
    order.payment_method = "manual"
    paying.complete_order(session, order, None, now=now)


def buy_credits(
    session: Session, order_id: int, *, payment_method_id: Any, save_card: bool, now: datetime
) -> int | None:
    """Charge a purchase of credits to a card, or without one make the intent that the payer's page confirms.

    Returns the noted call, None if one is under way or done.
    """
    order = locked_order(session, order_id)
    if order.is_paid or order.status == "processing":
        return None
    card = None
    if payment_method_id not in (None, ""):
        card = card_or_refuse(session, user_id=order.user_id, reference=payment_method_id, now=now)
    return start_card(session, order, card, use_credits=False, by_caller=True, save_card=save_card)


def refusal(code: str | None, message: str | None) -> DomainError:
    """Return why an order failed, as the refusal that its payer gets."""
    code, message = code or "card_declined", message or CardDeclined.message
    told = {"payment_method_id": [message]}
    if code in _BY_CODE:
        return _BY_CODE[code](message)
    if code == "expired_card":
        return CardExpired(message, errors=told)
    if code == "authentication_required":
        return AuthenticationRequired(message, errors=told)
    return CardDeclined(message, errors=told)


_BY_CODE: dict[str, type[DomainError]] = {
    "slot_taken": SlotTaken,
    "slot_unavailable": SlotTaken,
    "session_full": SlotTaken,
    "not_on_sale": ServiceUnavailableForSale,
    "not_bookable": ServiceUnavailableForSale,
    "booking_rejected": ServiceUnavailableForSale,
    "expired": BookingNotPayable,
    "abandoned": BookingNotPayable,
    "amount_too_small": AmountTooSmall,
    "booking_not_payable": BookingNotPayable,
}


def _payable(session: Session, order_id: int) -> Order:
    order = locked_order(session, order_id)
    if order.is_paid:
        raise AlreadyPaid
    if not paying.is_payable(session, order):
        raise BookingNotPayable
    return order


def _covered(session: Session, order: Order) -> bool:
    """Whether the payer's credits pay for all of it; what is held for an earlier try of the same order counts."""
    account = ledger.user_credits(order.user_id)
    return ledger.lock_balances(session, [account])[account] + order.credits_applied_cents >= order.paid_cents
