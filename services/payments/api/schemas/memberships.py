"""What payments reads and answers about memberships of streams."""

from marshmallow import validate

from services.payments.api.fields import PageUrl, Reference
from services.payments.api.schemas.parts import Body
from shared.http import Schema, fields

MEMBERSHIP_TIERS = ("free", "entry", "premium")


class Membership(Schema):
    """A fan's membership of a stream."""

    id = fields.Integer(required=True)
    public_uuid = fields.UUID(required=True)
    user = fields.Integer(required=True)
    user_name = fields.String(required=True)
    stream = fields.Integer(required=True)
    stream_title = fields.String(required=True)
    practitioner = fields.Integer(required=True)
    practitioner_name = fields.String(required=True)
    tier = fields.String(required=True, validate=validate.OneOf(MEMBERSHIP_TIERS))
    status = fields.String(required=True)
    is_active = fields.Boolean(required=True)
    price_cents = fields.Integer(required=True)
    price = fields.Money(required=True)
    currency = fields.String(required=True)
    started_at = fields.DateTime(required=True)
    current_period_start = fields.DateTime(required=True, allow_none=True)
    current_period_end = fields.DateTime(required=True, allow_none=True)
    ends_at = fields.DateTime(required=True, allow_none=True)
    canceled_at = fields.DateTime(required=True, allow_none=True)
    auto_renew = fields.Boolean(required=True)
    previous_tier = fields.String(required=True, allow_none=True)
    pending_tier = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class MembershipCreateRequest(Body):
    """Which stream, as what, and by which card."""

    stream_id = Reference(required=True)
    tier = fields.String(required=True, validate=validate.OneOf(MEMBERSHIP_TIERS))
    payment_method_id = Reference(allow_none=True, load_default=None)
    success_url = PageUrl()
    cancel_url = PageUrl()


class MembershipCreate(Schema):
    """A membership, and what its first payment still needs."""

    membership = fields.Nested(Membership, required=True)
    client_secret = fields.String(required=True, allow_none=True)
    requires_action = fields.Boolean(required=True)
    next_action_url = fields.String(required=True, allow_none=True)
    checkout_url = fields.String(required=True, allow_none=True)


class ChangeTierRequest(Body):
    """Which tier instead."""

    tier = fields.String(required=True, validate=validate.OneOf(MEMBERSHIP_TIERS))
    payment_method_id = Reference(allow_none=True, load_default=None)


class CardRequest(Body):
    """Which card from now on."""

    payment_method_id = Reference(required=True)
