"""What payments reads and answers about accounts at Stripe Connect."""

from marshmallow import validate

from services.payments.api.fields import PageUrl
from services.payments.api.schemas.parts import Body
from shared.http import Schema, fields


class Requirements(Schema):
    """What Stripe still wants to know."""

    currently_due = fields.List(fields.String(), required=True)
    eventually_due = fields.List(fields.String(), required=True)
    past_due = fields.List(fields.String(), required=True)
    current_deadline = fields.String(required=True, allow_none=True)
    disabled_reason = fields.String(required=True, allow_none=True)


class ConnectStatus(Schema):
    """How a practitioner's account stands."""

    has_stripe_account = fields.Boolean(required=True)
    stripe_account_id = fields.String(required=True, allow_none=True)
    is_connected = fields.Boolean(required=True)
    details_submitted = fields.Boolean(required=True)
    charges_enabled = fields.Boolean(required=True)
    payouts_enabled = fields.Boolean(required=True)
    can_receive_payouts = fields.Boolean(required=True)
    requirements = fields.Nested(Requirements, required=True)
    country = fields.String(required=True, allow_none=True)
    synced_at = fields.DateTime(required=True, allow_none=True)


class ConnectRequest(Body):
    """Where Stripe's form leads back to."""

    refresh_url = PageUrl()
    return_url = PageUrl()
    country = fields.String(validate=validate.Regexp(r"^[A-Za-z]{2}$", error="Two letters (ISO 3166)."))


class ConnectLink(Schema):
    """A single-use link to Stripe's form."""

    url = fields.String(required=True)
    expires_at = fields.DateTime(required=True)


class LoginLink(Schema):
    """A single-use link to Stripe's dashboard."""

    url = fields.String(required=True)
