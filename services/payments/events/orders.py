"""What is told of orders: paid, failed, given back, asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.payments.models import Order, Refund
from shared.messaging import event


@event("payment.succeeded")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded:
    """An order was paid. Told once."""

    order_id: int
    order_uuid: UUID
    order_type: str
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    booking_ids: list[int]
    service_id: int | None
    subscription_id: int | None
    membership_id: int | None
    stream_id: int | None
    subtotal_cents: int
    credits_applied_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    method: str
    description: str
    commission_cents: int | None
    paid_at: datetime

    @classmethod
    def of(cls, order: Order, *, stream_id: int | None = None) -> "PaymentSucceeded":
        """Return the news of a paid order."""
        assert order.paid_at is not None
        return cls(
            order_id=order.id,
            order_uuid=order.public_uuid,
            order_type=order.order_type,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id,
            booking_ids=[order.booking_id] if order.booking_id else [],
            service_id=order.service_id,
            subscription_id=order.subscription_id,
            membership_id=order.membership_id,
            stream_id=stream_id,
            subtotal_cents=order.subtotal_amount_cents,
            credits_applied_cents=order.credits_applied_cents,
            tax_cents=order.tax_amount_cents,
            total_cents=order.total_amount_cents,
            currency=order.currency,
            method=order.payment_method,
            description=order.description,
            commission_cents=order.commission_cents,
            paid_at=order.paid_at,
        )


@event("payment.failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed:
    """An attempt failed; `final`: no other attempt will be taken."""

    order_id: int
    order_uuid: UUID
    order_type: str
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    code: str
    decline_code: str | None
    message: str
    retryable: bool
    final: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, order: Order, *, decline_code: str | None = None) -> "PaymentFailed":
        """Return the news of a failed order."""
        return cls(
            order_id=order.id,
            order_uuid=order.public_uuid,
            order_type=order.order_type,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id,
            code=order.failure_code or "failed",
            decline_code=decline_code,
            message=order.failure_message or "The payment failed.",
            retryable=not order.is_final,
            final=order.is_final,
            expires_at=order.expires_at,
        )


@event("payment.action_required")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentActionRequired:
    """The payer has to do something: pay on a page, or confirm to the bank."""

    order_id: int
    order_uuid: UUID
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    kind: Literal["checkout", "authentication"]
    checkout_url: str | None
    next_action_url: str | None
    expires_at: datetime | None

    @classmethod
    def of(cls, order: Order, *, kind: Literal["checkout", "authentication"]) -> "PaymentActionRequired":
        """Return what is asked of the payer of an order."""
        return cls(
            order_id=order.id,
            order_uuid=order.public_uuid,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id,
            kind=kind,
            checkout_url=order.checkout_url,
            next_action_url=order.next_action_url,
            expires_at=order.expires_at,
        )


@event("payment.refunded")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded:
    """Money went back for good. Told once per refund."""

    refund_id: int
    refund_uuid: UUID
    order_id: int
    user_id: int
    practitioner_id: int | None
    booking_id: int | None
    stream_id: int | None
    amount_cents: int
    to_card_cents: int
    to_credits_cents: int
    refunded_total_cents: int
    fully_refunded: bool
    reason: str

    @classmethod
    def of(cls, refund: Refund, order: Order) -> "PaymentRefunded":
        """Return the news of a refund that is final."""
        return cls(
            refund_id=refund.id,
            refund_uuid=refund.public_uuid,
            order_id=order.id,
            user_id=order.user_id,
            practitioner_id=order.practitioner_id,
            booking_id=order.booking_id or refund.booking_id,
            stream_id=order.details.get("stream_id"),
            amount_cents=refund.amount_cents,
            to_card_cents=refund.to_card_cents,
            to_credits_cents=refund.to_credits_cents,
            refunded_total_cents=order.refunded_amount_cents,
            fully_refunded=order.status == "refunded",
            reason=refund.reason,
        )


@event("checkout.requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequested:
    """Somebody wants to buy a service at a time; bookings answers with a booking, or refuses."""

    order_uuid: UUID
    user_id: int
    service_id: int
    start_time: datetime | None
    end_time: datetime | None
    timezone: str | None
    service_session_id: int | None
    location_id: int | None
    notes: str | None
