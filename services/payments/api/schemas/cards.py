"""What payments reads and answers about stored cards."""

from marshmallow import validate

from services.payments.api.fields import PageUrl
from services.payments.api.schemas.parts import Body
from shared.http import Schema, fields


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
