"""Stored cards: attaching, choosing the default, dropping. Stripe keeps the card; we keep what a person recognises."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.clients.stripe import Declined, Refused, Stripe, StripeRefusal, Unanswered
from services.payments.domain.cards import is_expired
from services.payments.domain.errors import (
    AuthenticationRequired,
    CardDeclined,
    CardExpired,
    PaymentMethodInUse,
    PaymentMethodLimit,
    StripeUnavailable,
)
from services.payments.models import Customer, Membership, PaymentMethod, Subscription, UserRef
from services.payments.operations.stripe_log import intend
from shared.database import transaction
from shared.errors import BadGateway, Invalid, NotFound
from shared.ids import uuid7

CARDS_MAX = 20
SETUP_KIND = "card"
"""What a setup intent of ours says of itself; those that Stripe makes for subscriptions say nothing."""


def customer_of(stripe: Stripe, *, user_id: int, user_uuid: str | None) -> str:
    """Return who a user is at Stripe, making them known there at first need. Call it outside transactions."""
    with transaction() as session:
        known = session.scalar(select(Customer.stripe_customer_id).where(Customer.user_id == user_id))
        person = session.get(UserRef, user_id)
        uuid = str(person.uuid) if person is not None else user_uuid or str(user_id)
        params: dict[str, Any] = {"metadata": {"user_id": str(user_id)}}
        if person is not None and person.email:
            params |= {"email": person.email, "name": person.name or person.email}
    if known:
        return known
    made = translated(lambda: stripe.call("customers.create", None, params, key=f"cus:{uuid}:{user_id}"))
    with transaction() as session:
        session.execute(
            insert(Customer)
            .values(user_id=user_id, stripe_customer_id=made["id"])
            .on_conflict_do_nothing(index_elements=["user_id"])
        )
        return str(session.scalar(select(Customer.stripe_customer_id).where(Customer.user_id == user_id)))


def tell_customer(session: Session, user_id: int, *, email: str, name: str, version: str) -> None:
    """Have Stripe call a customer as the person is called now: receipts go there. Once per `version` of the person."""
    customer = session.scalar(select(Customer.stripe_customer_id).where(Customer.user_id == user_id))
    if customer and email:
        intend(
            session,
            call="customers.update",
            key=f"cus:{customer}:person:{version}",
            target=customer,
            params={"email": email, "name": name or email},
            subject=f"user:{user_id}",
        )


def translated(call: Any) -> Any:
    """Make a call at Stripe for somebody who waits, and say a refusal in our words."""
    try:
        return call()
    except Declined as declined:
        raise refusal_of(declined) from declined
    except Unanswered as unknown:
        raise StripeUnavailable(retry_after=5) from unknown
    except Refused as refused:
        if refused.code in {"resource_missing", "payment_method_unexpected_state", "parameter_invalid_empty"}:
            raise Invalid(refused.message, errors={"payment_method_id": [refused.message]}) from refused
        raise BadGateway from refused


def refusal_of(declined: StripeRefusal) -> Exception:
    """Return a bank's no as our refusal."""
    told = {"errors": {"payment_method_id": [declined.message]}}
    if declined.code == "expired_card":
        return CardExpired(declined.message, **told)  # type: ignore[arg-type]
    if declined.code == "authentication_required":
        return AuthenticationRequired(declined.message, **told)  # type: ignore[arg-type]
    return CardDeclined(declined.message, **told)  # type: ignore[arg-type]


def store_card(
    session: Session, *, user_id: int, method: Mapping[str, Any], make_default: bool
) -> tuple[PaymentMethod, bool]:
    """Keep a card that Stripe holds for the user; the same card again is the row there is.

    Returns the row and whether it is new. Raises PaymentMethodLimit.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"cards\n{user_id}", 0))))
    card = method["card"]
    fingerprint = card.get("fingerprint") or method["id"]
    owned = session.scalars(
        select(PaymentMethod).where(PaymentMethod.user_id == user_id, PaymentMethod.is_active.is_(True))
    ).all()
    known = next((one for one in owned if one.fingerprint == fingerprint), None)
    if known is None and len(owned) >= CARDS_MAX:
        raise PaymentMethodLimit
    if known is not None:
        if make_default:
            choose_default(session, known)
        if known.stripe_payment_method_id != method["id"]:
            _detach(session, method["id"])
        return known, False
    row = session.scalar(select(PaymentMethod).where(PaymentMethod.stripe_payment_method_id == method["id"]))
    if row is None:
        row = PaymentMethod(user_id=user_id, stripe_payment_method_id=method["id"])
        session.add(row)
    row.fingerprint, row.brand, row.last4 = fingerprint, card.get("brand") or "unknown", card.get("last4") or ""
    row.exp_month, row.exp_year = card["exp_month"], card["exp_year"]
    row.is_active, row.is_default = True, False
    session.flush()
    if make_default or not owned:
        choose_default(session, row)
    return row, True


def own_card(session: Session, *, user_id: int, card_id: int) -> PaymentMethod:
    """Return one of the user's active cards, locked. Raises NotFound."""
    card = session.scalar(
        select(PaymentMethod)
        .where(PaymentMethod.id == card_id, PaymentMethod.user_id == user_id, PaymentMethod.is_active.is_(True))
        .with_for_update()
    )
    if card is None:
        raise NotFound("There is no such card.")
    return card


def set_default(session: Session, card: PaymentMethod, *, now: datetime) -> None:
    """Make a card the one that is charged when none is named. Raises CardExpired."""
    if is_expired(card.exp_year, card.exp_month, now):
        raise CardExpired
    choose_default(session, card)


def choose_default(session: Session, card: PaymentMethod) -> None:
    """Make a card the default here and at Stripe."""
    if card.is_default:
        return
    session.flush()
    session.execute(
        update(PaymentMethod)
        .where(PaymentMethod.user_id == card.user_id, PaymentMethod.is_default.is_(True), PaymentMethod.id != card.id)
        .values(is_default=False, version=PaymentMethod.version + 1)
    )
    card.is_default = True
    session.flush()
    customer = session.scalar(select(Customer.stripe_customer_id).where(Customer.user_id == card.user_id))
    if customer:
        intend(
            session,
            call="customers.update",
            key=f"cus:{customer}:default:{uuid7()}",
            target=customer,
            params={"invoice_settings": {"default_payment_method": card.stripe_payment_method_id}},
            subject=f"user:{card.user_id}",
        )


def remove_card(session: Session, card: PaymentMethod) -> None:
    """Drop a card; the newest other becomes default. Raises PaymentMethodInUse if a renewal needs it."""
    others = session.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.user_id == card.user_id, PaymentMethod.is_active.is_(True), PaymentMethod.id != card.id)
        .order_by(PaymentMethod.id.desc())
    ).all()
    if not others and renews(session, card.user_id):
        raise PaymentMethodInUse
    was_default = card.is_default
    drop_card(session, card)
    if was_default and others:
        choose_default(session, others[0])


def drop_card(session: Session, card: PaymentMethod) -> None:
    """Use a card no more, and have Stripe forget it."""
    card.is_active = card.is_default = False
    session.flush()
    _detach(session, card.stripe_payment_method_id)


def sync_card(session: Session, method: Mapping[str, Any]) -> bool:
    """Take in a card's state at Stripe: a new expiry after a bank's update, or that it was detached."""
    card = session.scalar(
        select(PaymentMethod).where(PaymentMethod.stripe_payment_method_id == method["id"]).with_for_update()
    )
    if card is None:
        return False
    if method.get("customer") is None:
        card.is_active = card.is_default = False
    elif details := method.get("card"):
        if (card.exp_month, card.exp_year) != (details["exp_month"], details["exp_year"]):
            card.exp_month, card.exp_year, card.expiry_told_at = details["exp_month"], details["exp_year"], None
        card.last4 = details.get("last4") or card.last4
    return True


def _detach(session: Session, stripe_id: str) -> None:
    intend(
        session,
        call="payment_methods.detach",
        key=f"pm:{stripe_id}:detach",
        target=stripe_id,
        params={},
        subject=f"card:{stripe_id}",
    )


def renews(session: Session, user_id: int) -> bool:
    """Whether a plan or membership of the user will be charged again."""
    plan = select(Subscription.id).where(
        Subscription.user_id == user_id,
        Subscription.ended_at.is_(None),
        Subscription.auto_renew.is_(True),
        Subscription.stripe_subscription_id.is_not(None),
    )
    membership = select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.ended_at.is_(None),
        Membership.auto_renew.is_(True),
        Membership.stripe_subscription_id.is_not(None),
    )
    return session.scalar(plan.limit(1)) is not None or session.scalar(membership.limit(1)) is not None


def sync_card_of_event(session: Session, method: Mapping[str, Any]) -> bool:
    """The same for a webhook: a card that is not stored here is nobody's business."""
    sync_card(session, method)
    return True


def sync_setup_of_event(session: Session, intent: Mapping[str, Any]) -> bool:
    """Store the card that a payer confirmed with their bank, also when their page never came back to say so."""
    method, metadata = intent.get("payment_method"), intent.get("metadata") or {}
    if intent["status"] != "succeeded" or metadata.get("kind") != SETUP_KIND or not isinstance(method, Mapping):
        return True
    user_id = session.scalar(select(Customer.user_id).where(Customer.stripe_customer_id == intent.get("customer")))
    if user_id is None or "card" not in method:
        return True
    try:
        store_card(session, user_id=user_id, method=method, make_default=False)
    except PaymentMethodLimit:
        _detach(session, method["id"])
    return True
