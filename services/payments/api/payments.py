"""Payments: what was asked for, paid and given back."""

from typing import Any

from flask import Response
from marshmallow import validate

from services.payments.api import stripe as desk
from services.payments.api.fields import IdOrUuid, Since, Until, in_order
from services.payments.api.schemas.payments import Config, Order, OrderDetail, Receipt, Refund, RefundRequest
from services.payments.domain import errors
from services.payments.domain.amounts import CHARGE_MIN_CENTS
from services.payments.models.orders import METHODS, ORDER_TYPES, STATUSES
from services.payments.operations import refunds, upkeep
from services.payments.operations.cards import translated
from services.payments.operations.orders import locked_order
from services.payments.queries import orders, receipts
from services.payments.queries.people import practitioner_id_of
from services.payments.settings import settings
from shared.audit import audit
from shared.database import reading, transaction
from shared.errors import BadGateway, Forbidden, NotFound
from shared.http import (
    ANYONE,
    IN_PERSON,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    QuerySchema,
    fields,
    identity,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.ids import uuid7

payments = Blueprint("payments", "What was asked for, paid and given back.")

ORDERS = orders.listing(
    {
        "status": fields.String(validate=validate.OneOf(STATUSES)),
        "order_type": fields.String(validate=validate.OneOf(ORDER_TYPES)),
        "payment_method": fields.String(validate=validate.OneOf(METHODS)),
        "booking": IdOrUuid(),
        "service": fields.Integer(),
        "practitioner": fields.Integer(metadata={"description": "Staff only."}),
        "user": fields.Integer(metadata={"description": "Staff only."}),
        "date_from": Since(),
        "date_to": Until(),
    }
)
OrdersQuery = in_order(
    query_schema(
        ORDERS,
        "OrdersQuery",
        role=fields.String(validate=validate.OneOf(("client", "practitioner"))),
    )
)


@payments.route("/payments/")
class Payments(MethodView):
    @payments.operation("payments_list", SIGNED_IN, refuses=[NotFound])
    @payments.arguments(OrdersQuery, location="query")
    @payments.response(200, page_schema(Order))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List payments that the caller made or received."""
        with reading() as connection:
            page = orders.order_page(connection, ORDERS, query, by=identity())
        public_url = settings().public_url
        return page_body(page, [orders.shown(row, by=identity(), public_url=public_url) for row in page.rows])


@payments.route("/payments/config/")
class ConfigView(MethodView):
    @payments.operation("payments_config_retrieve", ANYONE)
    @payments.response(200, Config)
    def get(self) -> dict[str, Any]:
        """Return what a page needs to know before anybody pays."""
        told = settings()
        return {
            "publishable_key": told.stripe_publishable_key,
            "currency": "USD",
            "sandbox": told.is_sandbox,
            "stripe_js_base": told.stripe_base or None,
            "minimum_charge_cents": CHARGE_MIN_CENTS,
            "minimum_payout_cents": told.payout_minimum_cents,
            "earnings_hold_hours": told.earnings_hold_hours,
            "credit_purchase_min_cents": told.credit_purchase_min_cents,
            "credit_purchase_max_cents": told.credit_purchase_max_cents,
        }


@payments.route("/payments/<ref:reference>/")
class Payment(MethodView):
    @payments.operation("payments_retrieve", SIGNED_IN, refuses=[NotFound])
    @payments.response(200, OrderDetail)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a payment with its parts, refunds and attempts."""
        with reading() as connection:
            row = orders.find_order(connection, reference, by=identity())
            set_version(row["version"])
            return orders.detail(connection, row, by=identity(), public_url=settings().public_url)


@payments.route("/payments/<ref:reference>/confirm/")
class Confirm(MethodView):
    @payments.operation(
        "payments_confirm_create",
        SIGNED_IN,
        refuses=[NotFound, errors.CardDeclined, BadGateway, errors.StripeUnavailable],
    )
    @payments.response(200, OrderDetail)
    def post(self, reference: str) -> dict[str, Any]:
        """Ask Stripe how a payment stands now, instead of waiting for its webhook. Safe to repeat."""
        with reading() as connection:
            row = orders.find_order(connection, reference, by=identity(), also_practitioner=False)
        translated(lambda: upkeep.ask_again(desk.stripe(), row["id"]))
        return _detail(row["id"])


@payments.route("/payments/<ref:reference>/cancel/")
class Cancel(MethodView):
    @payments.operation("payments_cancel_create", IN_PERSON, refuses=[NotFound, errors.OrderAlreadyPaid])
    @payments.response(200, OrderDetail)
    def post(self, reference: str) -> dict[str, Any]:
        """Abandon an unpaid payment: its page closes, its credits are free again."""
        with reading() as connection:
            row = orders.find_order(connection, reference, by=identity(), also_practitioner=False)
        with transaction() as session:
            if upkeep.cancel_order(session, row["id"]).is_paid:
                raise errors.OrderAlreadyPaid
        return _detail(row["id"])


@payments.route("/payments/<ref:reference>/refund/")
class RefundOrder(MethodView):
    @payments.operation(
        "payments_refund_create",
        IN_PERSON,
        refuses=[NotFound, Forbidden, errors.OrderNotRefundable, errors.RefundExceedsPayment],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @payments.arguments(RefundRequest)
    @payments.response(201, Refund)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Give a payment back, whole or in part; the money leaves within seconds."""
        caller = identity()
        with reading() as connection:
            row = orders.find_order(connection, reference, by=caller)
            own = practitioner_id_of(connection, caller) == row["practitioner"]
            if not caller.is_staff and (not own or row["user"] == caller.user_id):
                raise Forbidden("Only the practitioner of a payment, or staff, can refund it.")
        asked = body.get("amount", body.get("amount_cents"))
        with transaction() as session:
            order = locked_order(session, row["id"])
            if not order.is_paid or order.refundable_cents == 0 or order.payment_method == "manual":
                raise errors.OrderNotRefundable
            if asked is not None and asked > order.refundable_cents:
                raise errors.RefundExceedsPayment
            refund = refunds.give_back(
                session,
                order,
                cents=order.refundable_cents if asked is None else asked,
                source_key=f"api:{uuid7()}",
                reason=body["reason"],
                booking_id=order.booking_id,
                destination="credits" if body["refund_to_credits"] else None,
                stripe_reason=body["stripe_reason"],
                created_by=caller.user_id,
                may_go_into_debt=caller.is_staff,
            )
            assert refund is not None
            audit(
                session,
                "payment.refunded",
                by=caller,
                subject=("order", order.id),
                details={"amount_cents": refund.amount_cents, "reason": refund.reason},
            )
            say("Refund created")
            return orders.refund_shown({c.key: getattr(refund, c.key) for c in refund.__mapper__.column_attrs})


@payments.route("/payments/<ref:reference>/refunds/")
class Refunds(MethodView):
    @payments.operation("payments_refunds_list", SIGNED_IN, refuses=[NotFound])
    @payments.response(200, Refund(many=True))
    def get(self, reference: str) -> list[dict[str, Any]]:
        """List what was given back of a payment."""
        with reading() as connection:
            row = orders.find_order(connection, reference, by=identity())
            return orders.refunds_of(connection, row["id"])


class ReceiptQuery(QuerySchema):
    """In what form."""

    format = fields.String(load_default="html", validate=validate.OneOf(("json", "html")))


@payments.route("/payments/<ref:reference>/receipt/")
class Receipts(MethodView):
    @payments.operation("payments_receipt_retrieve", SIGNED_IN, refuses=[NotFound, errors.OrderNotPaid])
    @payments.arguments(ReceiptQuery, location="query")
    @payments.response(200, Receipt)
    @payments.alt_response(200, content_type="text/html")
    def get(self, query: dict[str, Any], reference: str) -> Any:
        """Return a receipt to print, or as data."""
        with reading() as connection:
            row = orders.find_order(connection, reference, by=identity(), also_practitioner=False)
            detail = orders.detail(connection, row, by=identity(), public_url=settings().public_url)
        if not detail["is_paid"]:
            raise errors.OrderNotPaid
        receipt = receipts.of(detail)
        if query["format"] == "json":
            return receipt
        return Response(receipts.as_html(receipt), mimetype="text/html")


def _detail(order_id: int) -> dict[str, Any]:
    with reading() as connection:
        row = orders.find_order(connection, str(order_id), by=identity(), also_practitioner=False)
        return orders.detail(connection, row, by=identity(), public_url=settings().public_url)
