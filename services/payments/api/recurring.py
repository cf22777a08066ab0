"""What requests about plans and about memberships have in common: paying a started one, and Stripe's noes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from services.payments.api import stripe as desk
from services.payments.domain import errors
from services.payments.operations import billing, checkout, subscriptions
from services.payments.operations.cards import refusal_of, translated
from services.payments.operations.charging import card_or_refuse
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import BadGateway


def own_card(user_id: int, reference: str | None) -> str | None:
    """Return Stripe's id of the user's card that is named. Raises Invalid on `payment_method_id`."""
    if reference is None:
        return None
    with transaction() as session:
        return card_or_refuse(session, user_id=user_id, reference=reference, now=utc_now()).stripe_payment_method_id


def pay_started(
    row_id: int, outcome: desk.Outcome, card: str | None, *, model: type[Any], give_up: Callable[[Session, Any], object]
) -> dict[str, Any]:
    """Pay a started plan or membership with the given card, if there is one; returns its state at Stripe.

    One that is declined is given up. Raises StripeUnavailable, BadGateway, CardDeclined and its like.
    """
    if desk.was_unanswered(outcome):
        raise errors.StripeUnavailable(retry_after=5)
    if outcome.answer is None:
        raise BadGateway
    api, subscription_id = desk.stripe(), outcome.answer["id"]
    refusal = billing.charged_now(api, row_id, model=model, card=card) if card else None
    told: dict[str, Any] = translated(lambda: subscriptions.refresh(api, subscription_id))
    if refusal is not None and refusal.code != "invoice_payment_intent_requires_action":
        with transaction() as session:
            row = session.get(model, row_id, with_for_update=True)
            if row is not None and row.status == "incomplete":
                give_up(session, row)
        raise refusal_of(refusal)
    return told


def answered(outcome: desk.Outcome) -> None:
    """Go on where Stripe has done what was asked. Raises StripeUnavailable, or what its refusal means to a payer."""
    if desk.was_unanswered(outcome):
        raise errors.StripeUnavailable(retry_after=5)
    if outcome.refusal is not None:
        raise checkout.refusal(outcome.refusal.code, outcome.refusal.message)
