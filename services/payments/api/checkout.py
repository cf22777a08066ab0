"""Paying: by a stored card, with credits, or on Stripe's page."""

from datetime import timedelta
from typing import Any

from flask import request

from services.payments.api import stripe as desk
from services.payments.api.plan_checkout import plan_page
from services.payments.api.schemas.checkout import (
    CheckoutSession,
    CheckoutSessionRequest,
    DirectPayment,
    DirectPaymentRequest,
    Quote,
    QuoteRequest,
)
from services.payments.api.schemas.payments import OrderDetail
from services.payments.domain import errors
from services.payments.domain.amounts import credits_to_apply
from services.payments.operations import checkout as operations
from services.payments.operations import upkeep
from services.payments.operations.cards import translated
from services.payments.queries import bookings, orders
from services.payments.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import BadGateway, Forbidden, Invalid, NotFound, PaymentRequired
from shared.http import IN_PERSON, SIGNED_IN, Blueprint, Idempotency, MethodView, identity, say, wait_seconds
from shared.ids import uuid7

checkout = Blueprint("checkout", "Paying.")

BOOKING_WAIT_SECONDS = 5
WAIT_SECONDS, WAIT_SECONDS_MAX = 10, 25
REFUSALS = [
    NotFound,
    Forbidden,
    errors.CardDeclined,
    errors.CardExpired,
    errors.InsufficientCredits,
    PaymentRequired,
    errors.BookingNotPayable,
    errors.BookingNotReady,
    errors.SlotTaken,
    errors.ServiceUnavailableForSale,
    errors.AlreadyPaid,
    errors.AmountTooSmall,
    BadGateway,
    errors.StripeUnavailable,
]


@checkout.route("/checkout/direct_payment/")
class DirectPaymentView(MethodView):
    @checkout.operation(
        "checkout_direct_payment_create",
        IN_PERSON,
        refuses=REFUSALS,
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
        waits=True,
    )
    @checkout.arguments(DirectPaymentRequest)
    @checkout.response(200, DirectPayment)
    @checkout.alt_response(202, schema=DirectPayment, description="Not decided yet: ask again.")
    def post(self, body: dict[str, Any]) -> Any:
        """Pay a booking, or buy a service at a time, with a stored card and credits.

        Answers when the payment is decided, or after the time of `Prefer: wait` with 202 and `processing`.
        """
        seconds = wait_seconds(WAIT_SECONDS_MAX, default=WAIT_SECONDS)
        if body.get("booking_id"):
            order_id = _order_of_booking(body["booking_id"])
            with transaction() as session:
                number = operations.pay_now(
                    session,
                    order_id,
                    payment_method_id=body["payment_method_id"],
                    use_credits=body["apply_credits"],
                    return_url=body["return_url"],
                    now=utc_now(),
                )
            desk.make_call(number)
            return _direct(desk.order_now(order_id))
        order_id = _ask_for_booking(body, mode="auto", body_urls={"success_url": body["return_url"]})
        return _direct(desk.order_settled(order_id, seconds=seconds))


@checkout.route("/checkout/create_session/")
class CreateSession(MethodView):
    @checkout.operation(
        "checkout_create_session_create",
        IN_PERSON,
        refuses=[*REFUSALS, errors.AlreadySubscribed],
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
        waits=True,
    )
    @checkout.arguments(CheckoutSessionRequest)
    @checkout.response(200, CheckoutSession)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Open a page of Stripe's to pay on, or pay at once with credits."""
        if body["payment_method"] == "manual" and not identity().is_staff:
            raise Forbidden("Only staff note payments by hand.")
        urls = {"success_url": body["success_url"], "cancel_url": body["cancel_url"]}
        if body["order_type"] == "subscription":
            return _page(desk.order_now(plan_page(body, urls)))
        order_id = _order_for_page(body, urls)
        if body["payment_method"] == "manual":
            with transaction() as session:
                operations.pay_by_hand(session, order_id, now=utc_now())
            return _page(desk.order_now(order_id))
        if body["payment_method"] == "credits":
            with transaction() as session:
                operations.pay_by_credits_only(session, order_id, now=utc_now())
            return _page(desk.order_now(order_id))
        with transaction() as session:
            number = operations.open_page(
                session, order_id, urls=urls, use_credits=body["apply_credits"], now=utc_now()
            )
        outcome = desk.make_call(number)
        if desk.was_unanswered(outcome):
            raise errors.StripeUnavailable(retry_after=5)
        return _page(desk.order_settled(order_id, seconds=2) if number is None else desk.order_now(order_id))


@checkout.route("/checkout/quote/")
class QuoteView(MethodView):
    @checkout.operation("checkout_quote_create", SIGNED_IN, refuses=[NotFound, errors.BookingNotPayable])
    @checkout.arguments(QuoteRequest)
    @checkout.response(200, Quote)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say what a booking or a service will cost, with the caller's credits. Changes nothing."""
        with reading() as connection:
            price = bookings.price_of(connection, booking=body["booking_id"], service=body["service_id"], by=identity())
            balance = bookings.credits_of(connection, identity().user_id)
        applied = credits_to_apply(balance_cents=balance, due_cents=price, asked=body["apply_credits"])
        amounts = {
            "subtotal_amount": price,
            "credits_applied": applied,
            "tax_amount": 0,
            "total_amount": price - applied,
        }
        return {
            **amounts,
            **{f"{name}_cents": cents for name, cents in amounts.items()},
            "credits_available": balance,
            "currency": "USD",
        }


@checkout.route("/checkout/sessions/<ref:session_id>/")
class Session(MethodView):
    @checkout.operation("checkout_session_retrieve", SIGNED_IN, refuses=[NotFound])
    @checkout.response(200, OrderDetail)
    def get(self, session_id: str) -> dict[str, Any]:
        """Return the payment of a page, as Stripe says it stands: what the success page asks."""
        with reading() as connection:
            order_id = orders.order_of_page(connection, session_id, by=identity())
        translated(lambda: upkeep.ask_again(desk.stripe(), order_id))
        with reading() as connection:
            row = orders.find_order(connection, str(order_id), by=identity(), also_practitioner=False)
            return orders.detail(connection, row, by=identity(), public_url=settings().public_url)


def _order_of_booking(reference: str, *, for_staff: bool = False) -> int:
    """Return the order of the caller's booking, waiting a moment for a booking that was just made."""

    def look() -> int | None:
        with reading() as connection:
            booking_id = bookings.own_booking_id(connection, reference, by=identity(), for_staff=for_staff)
            return None if booking_id is None else bookings.order_of_booking(connection, booking_id)

    found = desk.WAITING.until("booking_orders", look, seconds=BOOKING_WAIT_SECONDS)
    if found is None:
        raise errors.BookingNotReady(retry_after=1)
    return found


def _ask_for_booking(body: dict[str, Any], *, mode: str, body_urls: dict[str, Any]) -> int:
    """Make an order for a service and have bookings make the booking; returns the order."""
    with reading() as connection:
        service = bookings.service_for_sale(connection, body["service_id"])
    if not service.is_active:
        raise errors.ServiceUnavailableForSale
    operations.check_time(service.service_type, body)
    key = request.headers.get("Idempotency-Key")
    with transaction() as session:
        order = operations.request_booking(
            session,
            user_id=identity().user_id,
            service=service,
            wanted={
                "mode": mode,
                "payment_method_id": body.get("payment_method_id"),
                "apply_credits": body["apply_credits"],
                **body_urls,
            },
            wish={
                "start_time": body["start_time"],
                "end_time": body["end_time"],
                "timezone": body["timezone"],
                "service_session_id": body["service_session_id"],
                "location_id": body.get("location_id"),
                "notes": body["special_requests"],
                "expires_at": utc_now() + timedelta(minutes=15),
            },
            key=key,
        )
        return order.id


def _order_for_page(body: dict[str, Any], urls: dict[str, str]) -> int:
    """Return the order that a page is asked for."""
    if body["order_type"] == "credit":
        cents = body["credit_amount"]
        told = settings()
        if cents is None or not told.credit_purchase_min_cents <= cents <= told.credit_purchase_max_cents:
            raise Invalid.field("credit_amount", "Must be 1.00 to 5000.00.")
        with transaction() as session:
            key = request.headers.get("Idempotency-Key") or str(uuid7())
            return operations.credit_order(
                session, user_id=identity().user_id, cents=cents, key=key, wanted=dict(urls)
            ).id
    if body["booking_id"]:
        return _order_of_booking(body["booking_id"], for_staff=body["payment_method"] == "manual")
    if body["service_id"]:
        order_id = _ask_for_booking(body, mode="page", body_urls=urls)
        return _booked(order_id)
    raise Invalid.field("booking_id", "Name a booking or a service.")


def _booked(order_id: int) -> int:
    """Wait until bookings answered for an order that was made for a service."""

    def look() -> dict[str, Any] | None:
        order = desk.order_now(order_id)
        return order if order["booking"] or order["status"] == "failed" else None

    seconds = wait_seconds(WAIT_SECONDS_MAX, default=WAIT_SECONDS)
    order = desk.WAITING.until(f"order_{order_id}", look, seconds=seconds)
    if order is None:
        raise errors.BookingNotReady(retry_after=1)
    if order["status"] == "failed":
        raise _refused(order)
    return order_id


def _direct(order: dict[str, Any]) -> Any:
    """Answer how a direct payment stands. Raises its refusal if it failed."""
    if order["status"] == "failed":
        raise _refused(order)
    is_paid = order["status"] in ("completed", "partially_refunded", "refunded")
    wants = order["status"] == "processing" and (order["client_secret"] or order["next_action_url"])
    status = "success" if is_paid else "requires_action" if wants else "processing"
    message = {
        "success": "Payment successful",
        "requires_action": "Confirm the payment with your bank",
        "processing": "The payment is being processed",
    }[status]
    say(message)
    charged = order["total_amount_cents"] if is_paid else 0
    answer = {
        "status": status,
        "order_id": order["public_uuid"],
        "order": order["id"],
        "booking_id": order["booking_uuid"] if is_paid else None,
        "payment_intent_id": order["stripe_payment_intent_id"],
        "client_secret": order["client_secret"] if wants else None,
        "next_action_url": order["next_action_url"] if wants else None,
        "amount_charged": charged,
        "amount_charged_cents": charged,
        "credits_applied": order["credits_applied_cents"],
        "credits_applied_cents": order["credits_applied_cents"],
        "message": message,
    }
    return (answer, 202) if status == "processing" else answer


def _page(order: dict[str, Any]) -> dict[str, Any]:
    if order["status"] == "failed":
        raise _refused(order)
    is_paid = order["status"] in ("completed", "partially_refunded", "refunded")
    if not is_paid and order["checkout_url"] is None:
        raise errors.StripeUnavailable(retry_after=2)
    return {
        "session_id": None if is_paid else order["stripe_checkout_session_id"],
        "url": order["checkout_url"],
        "order_id": order["public_uuid"],
        "order": order["id"],
        "status": "completed" if is_paid else "open",
        "expires_at": order["expires_at"],
        "total_amount": order["total_amount_cents"],
        "total_amount_cents": order["total_amount_cents"],
        "credits_applied": order["credits_applied_cents"],
    }


def _refused(order: dict[str, Any]) -> Exception:
    return operations.refusal(order["failure_code"], order["failure_message"])
