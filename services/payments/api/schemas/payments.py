"""What payments reads and answers about orders."""

from marshmallow import validate

from services.payments.api.schemas.parts import AmountBody
from services.payments.models.orders import METHODS, ORDER_TYPES, STATUSES
from shared.http import Schema, fields


class Order(Schema):
    """A payment."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    user = fields.Integer(required=True)
    payment_method = fields.String(required=True, validate=validate.OneOf(METHODS))
    stripe_payment_intent_id = fields.String(required=True, allow_none=True)
    stripe_payment_method_id = fields.String(required=True, allow_none=True)
    subtotal_amount_cents = fields.Integer(required=True)
    tax_amount_cents = fields.Integer(required=True)
    credits_applied_cents = fields.Integer(required=True)
    total_amount_cents = fields.Integer(required=True)
    subtotal_amount = fields.Money(required=True)
    total_amount = fields.Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    order_type = fields.String(required=True, validate=validate.OneOf(ORDER_TYPES))
    currency = fields.String(required=True)
    service = fields.Integer(required=True, allow_none=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    metadata = fields.Raw(required=True, allow_none=True)
    tax_details = fields.Raw(required=True, allow_none=True)
    is_paid = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    booking = fields.Integer(required=True, allow_none=True)
    booking_uuid = fields.UUID(required=True, allow_none=True)
    refunded_amount_cents = fields.Integer(required=True)
    refunded_amount = fields.Money(required=True)
    credits_applied = fields.Money(required=True)
    tax_amount = fields.Money(required=True)
    failure_code = fields.String(required=True, allow_none=True)
    failure_message = fields.String(required=True, allow_none=True)
    checkout_url = fields.String(required=True, allow_none=True)
    next_action_url = fields.String(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    paid_at = fields.DateTime(required=True, allow_none=True)
    receipt_url = fields.String(required=True, allow_none=True)


class OrderItem(Schema):
    """One practitioner's part of a payment."""

    id = fields.Integer(required=True)
    booking = fields.Integer(required=True, allow_none=True)
    service = fields.Integer(required=True, allow_none=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    description = fields.String(required=True)
    gross_amount_cents = fields.Integer(required=True)
    gross_amount = fields.Money(required=True)
    released_amount_cents = fields.Integer(required=True)
    refunded_amount_cents = fields.Integer(required=True)
    commission_rate = fields.String(required=True, allow_none=True)


class ReceiptLine(Schema):
    """What was paid for."""

    description = fields.String(required=True)
    amount_cents = fields.Integer(required=True)


class Receipt(Schema):
    """What a payer can print."""

    number = fields.String(required=True)
    order_id = fields.UUID(required=True)
    paid_at = fields.DateTime(required=True)
    currency = fields.String(required=True)
    lines = fields.List(fields.Nested(ReceiptLine), required=True)
    subtotal_cents = fields.Integer(required=True)
    tax_cents = fields.Integer(required=True)
    credits_applied_cents = fields.Integer(required=True)
    charged_cents = fields.Integer(required=True)
    refunded_cents = fields.Integer(required=True)


class Refund(Schema):
    """Money that goes back."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    order = fields.Integer(required=True)
    booking = fields.Integer(required=True, allow_none=True)
    amount_cents = fields.Integer(required=True)
    amount = fields.Money(required=True)
    to_card_cents = fields.Integer(required=True)
    to_credits_cents = fields.Integer(required=True)
    status = fields.String(required=True)
    reason = fields.String(required=True)
    stripe_refund_id = fields.String(required=True, allow_none=True)
    failure_reason = fields.String(required=True, allow_none=True)
    created_by = fields.Integer(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class PaymentAttempt(Schema):
    """One try to be paid."""

    number = fields.Integer(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    stripe_id = fields.String(required=True, allow_none=True)
    failure_code = fields.String(required=True, allow_none=True)
    failure_message = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class OrderDetail(Order):
    """A payment with all that belongs to it."""

    items = fields.List(fields.Nested(OrderItem), required=True)
    refunds = fields.List(fields.Nested(Refund), required=True)
    attempts = fields.List(fields.Nested(PaymentAttempt), required=True)
    client_secret = fields.String(required=True, allow_none=True)


class RefundRequest(AmountBody):
    """How much to give back, and where."""

    amount_required = False

    reason = fields.String(load_default="", validate=validate.Length(max=500), multiline=True)
    refund_to_credits = fields.Boolean(load_default=False)
    stripe_reason = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.OneOf(("duplicate", "fraudulent", "requested_by_customer")),
    )


class Config(Schema):
    """What a page needs to know before anybody pays."""

    publishable_key = fields.String(required=True)
    currency = fields.String(required=True)
    sandbox = fields.Boolean(required=True)
    stripe_js_base = fields.String(required=True, allow_none=True)
    minimum_charge_cents = fields.Integer(required=True)
    minimum_payout_cents = fields.Integer(required=True)
    earnings_hold_hours = fields.Integer(required=True)
    credit_purchase_min_cents = fields.Integer(required=True)
    credit_purchase_max_cents = fields.Integer(required=True)


class Received(Schema):
    """A webhook was taken."""

    received = fields.Boolean(required=True)
