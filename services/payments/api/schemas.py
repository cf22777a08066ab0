"""What payments reads and answers about orders, credits, cards and checkout."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, pre_load, validate, validates_schema

from services.payments.api.fields import PageUrl, Reference, refuse_card_data
from services.payments.models.orders import METHODS, ORDER_TYPES, STATUSES
from shared.http import Schema, fields
from shared.http.fields import dollars

MONEY_MAX_CENTS = 99_999_999


class Body(Schema):
    """A body in which card data is refused."""

    @pre_load
    def refuse_cards(self, data: Any, **_: Any) -> Any:
        """Refuse card data before anything else is looked at."""
        if isinstance(data, Mapping):
            refuse_card_data(data)
        return data


class AmountBody(Body):
    """A body with `amount` in dollars or `amount_cents`; read as `cents`."""

    least_cents = 1
    most_cents = MONEY_MAX_CENTS
    amount_required = True

    amount = fields.Money()
    amount_cents = fields.Integer()

    @validates_schema
    def check_amount(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want exactly one amount within the limits."""
        name = "amount" if "amount" in data else "amount_cents"
        cents = data.get(name)
        if cents is None:
            if self.amount_required:
                raise ValidationError({"amount": ["Say how much."]})
            return
        if "amount" in data and "amount_cents" in data and data["amount"] != data["amount_cents"]:
            raise ValidationError({"amount_cents": ["amount and amount_cents differ."]})
        if not self.least_cents <= cents <= self.most_cents:
            least, most = dollars(self.least_cents), dollars(self.most_cents)
            raise ValidationError({name: [f"Must be {least} to {most}."]})


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


class UserCreditBalance(Schema):
    """What can be spent, and what is reserved."""

    id = fields.Integer(required=True)
    user = fields.Integer(required=True)
    balance_cents = fields.Integer(required=True)
    balance = fields.Money(required=True, signed=True)
    held_cents = fields.Integer(required=True)
    held = fields.Money(required=True)
    currency = fields.String(required=True)
    last_transaction = fields.Integer(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


CREDIT_TYPES = ("purchase", "usage", "refund", "adjustment", "bonus", "transfer", "expiry")


class UserCreditTransaction(Schema):
    """One line of credit history."""

    id = fields.Integer(required=True)
    user = fields.Integer(required=True)
    amount_cents = fields.Integer(required=True)
    amount = fields.Money(required=True, signed=True)
    transaction_type = fields.String(required=True, validate=validate.OneOf(CREDIT_TYPES))
    service = fields.Integer(required=True, allow_none=True)
    practitioner = fields.Integer(required=True, allow_none=True)
    order = fields.Integer(required=True, allow_none=True)
    booking = fields.Integer(required=True, allow_none=True)
    reference_transaction = fields.Integer(required=True, allow_none=True)
    currency = fields.String(required=True)
    exchange_rate = fields.String(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    is_expired = fields.Boolean(required=True)
    description = fields.String(required=True)
    metadata = fields.Raw(required=True, allow_none=True)
    is_credit = fields.Boolean(required=True)
    is_debit = fields.Boolean(required=True)
    balance_after_cents = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class CreditPurchaseRequest(AmountBody):
    """How many credits, and by which card; without one the answer has what the page needs to ask for it."""

    least_cents = 100
    most_cents = 500_000

    payment_method_id = Reference(allow_none=True, load_default=None)
    save_payment_method = fields.Boolean(load_default=False)
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255))


class CreditPurchase(Schema):
    """How a purchase of credits stands."""

    status = fields.String(
        required=True, validate=validate.OneOf(("success", "requires_action", "requires_payment_method", "processing"))
    )
    order_id = fields.UUID(required=True)
    order = fields.Integer(required=True)
    payment_intent_id = fields.String(required=True, allow_none=True)
    client_secret = fields.String(required=True, allow_none=True)
    credits_added = fields.Money(required=True)
    credits_added_cents = fields.Integer(required=True)
    balance = fields.Money(required=True)
    balance_cents = fields.Integer(required=True)


class CreditTransferRequest(AmountBody):
    """Who gets how much."""

    recipient_email = fields.Email(required=True)
    description = fields.String(load_default="", validate=validate.Length(max=500), multiline=True)


class CreditTransfer(Schema):
    """What was given."""

    message = fields.String(required=True)
    transaction_id = fields.Integer(required=True)
    amount = fields.Money(required=True)
    amount_cents = fields.Integer(required=True)
    recipient_email = fields.String(required=True)
    balance = fields.Money(required=True)
    balance_cents = fields.Integer(required=True)


class CreditAdjustmentRequest(Body):
    """What staff give, or with a minus take away."""

    user_id = Reference(required=True)
    amount = fields.Money(required=True, signed=True, validate=validate.NoneOf((0,), error="Must not be 0."))
    transaction_type = fields.String(load_default="adjustment", validate=validate.OneOf(("adjustment", "bonus")))
    reason = fields.String(required=True, validate=validate.Length(min=3, max=500), multiline=True)
    expires_at = fields.DateTime(load_default=None, allow_none=True)


class PaymentMethod(Schema):
    """A stored card."""

    id = fields.Integer(required=True)
    user = fields.Integer(required=True)
    stripe_payment_method_id = fields.String(required=True)
    brand = fields.String(required=True)
    last4 = fields.String(required=True)
    exp_month = fields.Integer(required=True)
    exp_year = fields.Integer(required=True)
    is_default = fields.Boolean(required=True)
    is_active = fields.Boolean(required=True)
    masked_number = fields.String(required=True)
    is_expired = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class PaymentMethodCreateRequest(Body):
    """A card that Stripe's own form made."""

    stripe_payment_method_id = fields.String(required=True, validate=validate.Length(min=1, max=255))
    is_default = fields.Boolean(load_default=False)


class PaymentMethodRequest(Body):
    """What may change of a card."""

    is_default = fields.Boolean()
    is_active = fields.Boolean()


class PatchedPaymentMethodRequest(PaymentMethodRequest):
    """The same, in part."""


class SetupIntentRequest(Body):
    """Where to return to."""

    return_url = PageUrl(load_default=None, allow_none=True)


class SetupIntent(Schema):
    """What Stripe.js needs to confirm a card before it is stored."""

    setup_intent_id = fields.String(required=True)
    client_secret = fields.String(required=True)
    status = fields.String(required=True)
    publishable_key = fields.String(required=True)
    next_action_url = fields.String(required=True, allow_none=True)


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
