"""What payments tells: receipts, failures, refunds, earnings and payouts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.notifications.operations.telling import News, tell
from shared.clock import utc_now
from shared.messaging import Message, handles

EARNINGS_FOLD = "earnings"


def _tell(session: Session, user_id: int | None, news: News, message: Message) -> None:
    if user_id is not None:
        tell(session, user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """An order is paid."""

    order_id: int
    order_type: str
    user_id: int
    description: str
    credits_applied_cents: int = 0
    subtotal_cents: int = 0
    tax_cents: int = 0
    paid_at: datetime | None = None


@handles("payment.succeeded", Succeeded)
def send_receipt(session: Session, event: Succeeded, message: Message) -> None:
    """Mail the payer what was paid; credits that were bought are told in the app too."""
    is_credit = event.order_type == "credit"
    values = {
        "credits": is_credit,
        "what": event.description,
        "total_cents": event.subtotal_cents + event.tax_cents,
        "tax_cents": event.tax_cents,
        "credits_cents": event.credits_applied_cents,
        "paid_at": event.paid_at,
        "number": str(event.order_id),
    }
    news = News(kind="payment.receipt", values=values, related=("order", event.order_id), in_app=is_credit)
    _tell(session, event.user_id, news, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardExpiring:
    """A stored card can be charged until the end of the month only."""

    payment_method_id: int
    user_id: int
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_default: bool = False
    renews: bool = False


@handles("payment_method.expiring", CardExpiring)
def tell_of_the_card(session: Session, event: CardExpiring, message: Message) -> None:
    """Ask for a new card where the old one is used by itself: as the default, or for a plan that renews."""
    if not (event.is_default or event.renews):
        return
    values = {
        "brand": event.brand.capitalize(),
        "last4": event.last4,
        "month": f"{event.exp_month:02}/{event.exp_year}",
        "renews": event.renews,
    }
    related = ("payment_method", event.payment_method_id)
    _tell(session, event.user_id, News(kind="payment.card_expiring", values=values, related=related), message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An attempt failed."""

    order_id: int
    user_id: int
    message: str
    final: bool
    booking_id: int | None = None
    expires_at: datetime | None = None


@handles("payment.failed", Failed)
def tell_of_the_failure(session: Session, event: Failed, message: Message) -> None:
    """Tell the payer; the end of a hold is told by bookings."""
    if event.final and event.booking_id is not None:
        return
    values = {"message": event.message, "until": None if event.final else event.expires_at}
    related = ("booking", event.booking_id) if event.booking_id else ("order", event.order_id)
    news = News(kind="payment.failed", values=values, related=related, by_mail=not event.final)
    _tell(session, event.user_id, news, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequired:
    """The payer has to do something."""

    order_uuid: str
    user_id: int
    booking_id: int | None = None
    expires_at: datetime | None = None


@handles("payment.action_required", ActionRequired)
def ask_the_payer(session: Session, event: ActionRequired, message: Message) -> None:
    """Ask the payer to go on."""
    related = ("booking", event.booking_id) if event.booking_id else ("order", event.order_uuid)
    link = f"/checkout?order={event.order_uuid}"
    values = {"until": event.expires_at}
    news = News(kind="payment.action_required", values=values, related=related, link=link)
    _tell(session, event.user_id, news, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """Money went back."""

    order_id: int
    user_id: int
    amount_cents: int
    to_card_cents: int = 0
    to_credits_cents: int = 0
    booking_id: int | None = None


@handles("payment.refunded", Refunded)
def tell_of_the_refund(session: Session, event: Refunded, message: Message) -> None:
    """Tell the payer how much came back, and where."""
    values = {
        "amount_cents": event.amount_cents,
        "card_cents": event.to_card_cents,
        "credits_cents": event.to_credits_cents,
    }
    related = ("booking", event.booking_id) if event.booking_id else ("order", event.order_id)
    link = None if event.booking_id else "/dashboard/user/profile"
    _tell(session, event.user_id, News(kind="payment.refunded", values=values, related=related, link=link), message)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsAvailable:
    """Earnings can be paid out."""

    user_id: int | None
    amount_cents: int
    available_balance_cents: int


@handles("earnings.available", EarningsAvailable)
def tell_of_earnings(session: Session, event: EarningsAvailable, message: Message) -> None:
    """Tell the practitioner; unread ones fold."""
    values = {"amount_cents": event.amount_cents, "balance_cents": event.available_balance_cents}
    news = News(kind="earnings.available", values=values, fold_into=EARNINGS_FOLD)
    _tell(session, event.user_id, news, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A payout and where it stands."""

    payout_id: int
    user_id: int | None
    reference_number: str
    amount_cents: int
    message: str | None = None


def _payout_news(kind: str, event: Payout) -> News:
    values: dict[str, Any] = {
        "reference": event.reference_number,
        "amount_cents": event.amount_cents,
        "message": event.message,
    }
    return News(kind=kind, values=values, related=("payout", event.payout_id))


@handles("payout.requested", Payout)
def tell_of_the_requested_payout(session: Session, event: Payout, message: Message) -> None:
    """Tell the practitioner that a payout was asked for."""
    _tell(session, event.user_id, _payout_news("payout.requested", event), message)


@handles("payout.paid", Payout)
def tell_of_the_payout(session: Session, event: Payout, message: Message) -> None:
    """Tell the practitioner that money was sent."""
    _tell(session, event.user_id, _payout_news("payout.paid", event), message)


@handles("payout.failed", Payout)
def tell_of_the_failed_payout(session: Session, event: Payout, message: Message) -> None:
    """Tell the practitioner that money came back."""
    _tell(session, event.user_id, _payout_news("payout.failed", event), message)
