"""What payments reads and answers about credits."""

from marshmallow import validate

from services.payments.api.fields import Reference
from services.payments.api.schemas.parts import AmountBody, Body
from shared.http import Schema, fields

CREDIT_TYPES = ("purchase", "usage", "refund", "adjustment", "bonus", "transfer", "expiry")


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
