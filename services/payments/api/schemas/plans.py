"""What payments reads and answers about practitioners' plans."""

from marshmallow import validate

from services.payments.api.fields import PageUrl, Reference
from services.payments.api.schemas.parts import Body
from shared.http import Schema, fields

PLAN_STATUSES = ("active", "canceled", "past_due", "trialing", "unpaid", "incomplete")


class SubscriptionTier(Schema):
    """A plan that practitioners can have."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    monthly_price = fields.Money(required=True)
    annual_price = fields.Money(required=True, allow_none=True)
    monthly_price_cents = fields.Integer(required=True)
    annual_price_cents = fields.Integer(required=True, allow_none=True)
    features = fields.Raw(required=True)
    is_active = fields.Boolean(required=True)
    order = fields.Integer(required=True)
    stripe_product_id = fields.String(required=True, allow_none=True)
    stripe_monthly_price_id = fields.String(required=True, allow_none=True)
    stripe_annual_price_id = fields.String(required=True, allow_none=True)
    monthly_savings = fields.Money(required=True)
    annual_savings = fields.Money(required=True)
    is_most_popular = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class PractitionerSubscription(Schema):
    """A practitioner's plan."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    practitioner = fields.Integer(required=True)
    tier = fields.Nested(SubscriptionTier, required=True)
    tier_display = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PLAN_STATUSES))
    start_date = fields.DateTime(required=True)
    end_date = fields.DateTime(required=True, allow_none=True)
    current_period_end = fields.DateTime(required=True, allow_none=True)
    is_active = fields.Boolean(required=True)
    is_annual = fields.Boolean(required=True)
    auto_renew = fields.Boolean(required=True)
    pending_tier = fields.Integer(required=True, allow_none=True)
    stripe_subscription_id = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class SubscriptionCreateRequest(Body):
    """Which plan, and by which card."""

    tier_id = Reference(required=True)
    is_annual = fields.Boolean(load_default=False)
    payment_method_id = Reference(allow_none=True, load_default=None)
    success_url = PageUrl()
    cancel_url = PageUrl()


class SubscriptionCreate(Schema):
    """A plan, and what its first payment still needs."""

    subscription = fields.Nested(PractitionerSubscription, required=True)
    client_secret = fields.String(required=True, allow_none=True)
    requires_action = fields.Boolean(required=True)
    next_action_url = fields.String(required=True, allow_none=True)


class PatchedPractitionerSubscriptionRequest(Body):
    """What may change of a plan; `status` and `end_date` by staff only."""

    tier_id = Reference()
    status = fields.String(validate=validate.OneOf(PLAN_STATUSES[:-1]), metadata={"description": "Staff only."})
    end_date = fields.DateTime(allow_none=True, metadata={"description": "Staff only."})
    is_annual = fields.Boolean()
    auto_renew = fields.Boolean()


class PractitionerSubscriptionRequest(PatchedPractitionerSubscriptionRequest):
    """The same, whole."""

    tier_id = Reference(required=True)


class CancelRequest(Body):
    """Why, and for staff whether at once."""

    immediately = fields.Boolean(load_default=False, metadata={"description": "Staff only."})
    reason = fields.String(load_default="", multiline=True, validate=validate.Length(max=500))


class UpgradeRequest(Body):
    """Which plan instead."""

    tier_id = Reference(required=True)
    is_annual = fields.Boolean()


class ConfirmedSubscription(Schema):
    """How the payment of a plan stands."""

    subscription = fields.Nested(PractitionerSubscription, required=True)
    message = fields.String(required=True)
    stripe_status = fields.String(required=True)


class Invoice(Schema):
    """What was paid for a plan."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    date = fields.DateTime(required=True)
    amount = fields.Money(required=True)
    status = fields.String(required=True)
    description = fields.String(required=True)
    hosted_url = fields.String(required=True, allow_none=True)
    pdf_url = fields.String(required=True, allow_none=True)
