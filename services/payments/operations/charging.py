"""Asking Stripe for money: by a stored card, or on Stripe's own page."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.payments.domain.addresses import may_lead_to
from services.payments.domain.cards import is_expired
from services.payments.domain.errors import AmountTooSmall, BookingNotPayable, InsufficientCredits
from services.payments.models import Customer, Order, PaymentAttempt, PaymentMethod, UserRef
from services.payments.operations import paying
from services.payments.operations.stripe_log import intend
from services.payments.settings import settings
from shared.database.waiting import notify
from shared.errors import Invalid

PAGE_MINUTES = 31
"""Stripe wants a Checkout Session to live for half an hour at least."""


def usable_card(session: Session, *, user_id: int, reference: Any, now: datetime) -> PaymentMethod | None:
    """Return a user's stored card by our id or Stripe's, if it can be charged."""
    if reference in (None, ""):
        return None
    text_ = str(reference)
    named = (
        PaymentMethod.id == int(text_)
        if text_.isascii() and text_.isdigit() and len(text_) < 19
        else PaymentMethod.stripe_payment_method_id == text_
    )
    card = session.scalar(
        select(PaymentMethod).where(named, PaymentMethod.user_id == user_id, PaymentMethod.is_active.is_(True))
    )
    return None if card is None or is_expired(card.exp_year, card.exp_month, now) else card


def start_payment(session: Session, order: Order, *, now: datetime) -> None:
    """Pay an order as its payer asked: credits that cover all, else the named card, else a page of Stripe's."""
    wanted = order.wanted
    if order.paid_cents == 0:
        paying.complete_order(session, order, None, now=now)
        return
    if wanted.get("mode") == "in_person":
        order.payment_method = "manual"
        return
    if wanted.get("mode") == "page":
        # Whoever asked for a page waits for the booking, and opens the page then.
        notify(session, paying.channel_of(order.id))
        return
    use_credits = bool(wanted.get("apply_credits"))
    try:
        if use_credits and _paid_by_credits(session, order, now=now):
            return
        card = usable_card(session, user_id=order.user_id, reference=wanted.get("payment_method_id"), now=now)
        if card is not None:
            start_card(session, order, card, use_credits=use_credits, return_url=_way_back(order, "success_url"))
        else:
            start_checkout(session, order, use_credits=use_credits, now=now)
    except AmountTooSmall as refused:
        paying.fail_order(session, order, code=refused.code, message=refused.message, final=False)
    except BookingNotPayable as refused:
        paying.fail_order(session, order, code=refused.code, message=refused.message, final=True)


def start_card(
    session: Session,
    order: Order,
    card: PaymentMethod | None,
    *,
    use_credits: bool,
    return_url: str | None = None,
    by_caller: bool = False,
    save_card: bool = False,
) -> int:
    """Note a charge of a stored card, or without one an intent that the payer's page confirms.

    Returns the number of the noted call. Raises BookingNotPayable, AmountTooSmall.
    """
    attempt = paying.begin_attempt(session, order, kind="card", use_credits=use_credits)
    customer = session.scalar(select(Customer.stripe_customer_id).where(Customer.user_id == order.user_id))
    params: dict[str, Any] = {
        "amount": order.total_amount_cents,
        "currency": order.currency.lower(),
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "always" if return_url else "never"},
        "transfer_group": f"order_{order.public_uuid}",
        "metadata": metadata_of(order, attempt),
        "description": order.description[:500] or "Estuary",
        "expand": ["latest_charge"],
    }
    if customer:
        params["customer"] = customer
    if card is not None:
        order.stripe_payment_method_id = card.stripe_payment_method_id
        params |= {"payment_method": card.stripe_payment_method_id, "confirm": True}
        if return_url:
            params["return_url"] = return_url
    if save_card and customer:
        params["setup_future_usage"] = "off_session"
    return intend(
        session,
        call="payment_intents.create",
        key=f"order:{order.public_uuid}:pi:{attempt.number}",
        params=params,
        subject=f"order:{order.id}:{attempt.number}",
        user_id=order.user_id,
        by_caller=by_caller,
    )


def start_checkout(session: Session, order: Order, *, use_credits: bool, now: datetime, by_caller: bool = False) -> int:
    """Note a Checkout Session for what is left to pay, and return the number of the noted call.

    Raises BookingNotPayable, AmountTooSmall.
    """
    attempt = paying.begin_attempt(session, order, kind="checkout", use_credits=use_credits)
    metadata = metadata_of(order, attempt)
    frontend = settings().frontend_url.rstrip("/")
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": order.total_amount_cents,
                    "product_data": {"name": order.description[:250] or "Estuary"},
                },
                "quantity": 1,
            }
        ],
        "client_reference_id": str(order.public_uuid),
        "success_url": _way_back(order, "success_url")
        or f"{frontend}/checkout/success?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": _way_back(order, "cancel_url") or f"{frontend}/checkout/cancel",
        "expires_at": int((now + timedelta(minutes=PAGE_MINUTES)).timestamp()),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "transfer_group": f"order_{order.public_uuid}"},
        "allowed_payment_method_types": ["card"],
        **_payer(session, order.user_id),
    }
    return intend(
        session,
        call="checkout.sessions.create",
        key=f"order:{order.public_uuid}:cs:{attempt.number}",
        params=params,
        subject=f"order:{order.id}:{attempt.number}",
        user_id=order.user_id,
        by_caller=by_caller,
    )


def start_plan_checkout(
    session: Session, order: Order, *, plan_uuid: str, price: str, customer: str, urls: dict[str, str], now: datetime
) -> int:
    """Note a Checkout Session that starts a plan, and return the number of the noted call."""
    attempt = paying.begin_attempt(session, order, kind="checkout", use_credits=False)
    plan = {"kind": "tier", "uuid": plan_uuid}
    return intend(
        session,
        call="checkout.sessions.create",
        key=f"order:{order.public_uuid}:cs:{attempt.number}",
        params={
            "mode": "subscription",
            "line_items": [{"price": price, "quantity": 1}],
            "client_reference_id": str(order.public_uuid),
            **urls,
            "expires_at": int((now + timedelta(minutes=PAGE_MINUTES)).timestamp()),
            "customer": customer,
            "metadata": {**metadata_of(order, attempt), **plan},
            "subscription_data": {"metadata": plan},
        },
        subject=f"order:{order.id}:{attempt.number}",
        user_id=order.user_id,
        by_caller=True,
    )


def metadata_of(order: Order, attempt: PaymentAttempt) -> dict[str, str]:
    """Return what Stripe keeps beside a payment, so that it can be found again by it."""
    return {
        "order_uuid": str(order.public_uuid),
        "attempt": str(attempt.number),
        "booking_id": str(order.booking_id or ""),
        "user_id": str(order.user_id),
        "kind": "credit_purchase" if order.order_type == "credit" else "order",
    }


def _way_back(order: Order, name: str) -> str | None:
    """Return where the payer wished to be sent back to, if pages may lead there."""
    wished = order.wanted.get(name)
    return str(wished) if wished and may_lead_to(wished, settings().checkout_allowed_origins) else None


def _paid_by_credits(session: Session, order: Order, *, now: datetime) -> bool:
    try:
        with session.begin_nested():
            paying.pay_with_credits(session, order, now=now)
    except InsufficientCredits:
        return False
    return True


def _payer(session: Session, user_id: int) -> dict[str, str]:
    """Name the payer to Stripe: the customer, or until there is one the address for the receipt."""
    customer = session.scalar(select(Customer.stripe_customer_id).where(Customer.user_id == user_id))
    if customer:
        return {"customer": customer}
    email = session.scalar(
        select(func.nullif(UserRef.email, "")).where(UserRef.id == user_id, UserRef.deleted_at.is_(None))
    )
    return {"customer_email": email} if email else {}


def card_or_refuse(session: Session, *, user_id: int, reference: Any, now: datetime) -> PaymentMethod:
    """Return a card as `usable_card` does. Raises Invalid on `payment_method_id`."""
    card = usable_card(session, user_id=user_id, reference=reference, now=now)
    if card is None:
        raise Invalid.field("payment_method_id", "This is not one of your usable cards.")
    return card
