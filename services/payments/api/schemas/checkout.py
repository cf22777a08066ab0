"""What payments reads and answers about paying now."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from services.payments.api.fields import PageUrl, Reference
from services.payments.api.schemas.parts import Body
from services.payments.models.orders import METHODS, ORDER_TYPES
from shared.http import Schema, fields


class DirectPaymentRequest(Body):
    """What is to be paid, and by which card."""

    booking_id = Reference()
    service_id = Reference()
    payment_method_id = Reference(allow_none=True, load_default=None)
    apply_credits = fields.Boolean(load_default=True)
    special_requests = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=2000)
    )
    start_time = fields.DateTime(load_default=None, allow_none=True)
    end_time = fields.DateTime(load_default=None, allow_none=True)
    timezone = fields.TimeZone(load_default="UTC")
    service_session_id = fields.Integer(load_default=None, allow_none=True)
    location_id = fields.Integer(load_default=None, allow_none=True)
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255))
    return_url = PageUrl(load_default=None, allow_none=True)

    @validates_schema
    def check_what(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want exactly one of booking and service."""
        if bool(data.get("booking_id")) == bool(data.get("service_id")):
            raise ValidationError({"booking_id": ["Name either booking_id or service_id."]})


class DirectPayment(Schema):
    """How a payment stands. `status` is what old clients read."""

    status = fields.String(
        required=True, validate=validate.OneOf(("success", "requires_action", "processing", "error"))
    )
    order_id = fields.UUID(required=True)
    order = fields.Integer(required=True)
    booking_id = fields.UUID(required=True, allow_none=True)
    payment_intent_id = fields.String(required=True, allow_none=True)
    client_secret = fields.String(required=True, allow_none=True)
    next_action_url = fields.String(required=True, allow_none=True)
    amount_charged = fields.Money(required=True)
    amount_charged_cents = fields.Integer(required=True)
    credits_applied = fields.Money(required=True)
    credits_applied_cents = fields.Integer(required=True)
    message = fields.String(required=True)


class CheckoutSessionRequest(Body):
    """What is to be paid on Stripe's page."""

    order_type = fields.String(required=True, validate=validate.OneOf(ORDER_TYPES))
    payment_method = fields.String(load_default="stripe", validate=validate.OneOf(METHODS))
    service_id = Reference(allow_none=True, load_default=None)
    booking_id = Reference(allow_none=True, load_default=None)
    credit_amount = fields.Money(allow_none=True, load_default=None)
    subscription_tier_id = Reference(allow_none=True, load_default=None)
    is_annual = fields.Boolean(load_default=False)
    success_url = PageUrl(required=True, validate=validate.Length(min=1))
    cancel_url = PageUrl(required=True, validate=validate.Length(min=1))
    apply_credits = fields.Boolean(load_default=False)
    start_time = fields.DateTime(load_default=None, allow_none=True)
    end_time = fields.DateTime(load_default=None, allow_none=True)
    timezone = fields.TimeZone(load_default="UTC")
    service_session_id = fields.Integer(load_default=None, allow_none=True)
    special_requests = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=2000)
    )
    booking_data = fields.Dict(load_default=dict, metadata={"description": "Read by no one; older clients send it."})
    payment_method_types = fields.Raw(metadata={"description": "Ignored; older clients send it."})


class CheckoutSession(Schema):
    """A page of Stripe's, or none where nothing is left to pay."""

    session_id = fields.String(required=True, allow_none=True)
    url = fields.String(required=True, allow_none=True)
    order_id = fields.UUID(required=True)
    order = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("open", "completed")))
    expires_at = fields.DateTime(required=True, allow_none=True)
    total_amount = fields.Money(required=True)
    total_amount_cents = fields.Integer(required=True)
    credits_applied = fields.Money(required=True)


class QuoteRequest(Body):
    """What is to be priced."""

    booking_id = Reference(allow_none=True, load_default=None)
    service_id = Reference(allow_none=True, load_default=None)
    apply_credits = fields.Boolean(load_default=True)


class Quote(Schema):
    """What it will cost."""

    subtotal_amount = fields.Money(required=True)
    credits_available = fields.Money(required=True)
    credits_applied = fields.Money(required=True)
    tax_amount = fields.Money(required=True)
    total_amount = fields.Money(required=True)
    subtotal_amount_cents = fields.Integer(required=True)
    credits_applied_cents = fields.Integer(required=True)
    tax_amount_cents = fields.Integer(required=True)
    total_amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
