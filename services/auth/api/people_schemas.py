"""The shapes of people's accounts, for staff."""

from marshmallow import validate

from services.auth.api.schemas import Address, PhoneNumber, UserProfile, person_name, time_zone
from shared.http import QuerySchema, Schema, fields


class StaffUser(Schema):
    """One of the list."""

    id = fields.Integer(required=True)
    uuid = fields.UUID(required=True)
    email = fields.String(required=True)
    full_name = fields.String(required=True)
    account_status = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    is_practitioner = fields.Boolean(required=True)
    practitioner_id = fields.Integer(required=True, allow_none=True)
    email_verified = fields.Boolean(required=True)
    mfa_enabled = fields.Boolean(required=True)
    date_joined = fields.DateTime(required=True)
    last_login = fields.DateTime(required=True, allow_none=True)


class StaffUserDetail(Schema):
    """One account, with what it hangs on."""

    id = fields.Integer(required=True)
    uuid = fields.UUID(required=True)
    email = fields.String(required=True)
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    full_name = fields.String(required=True)
    phone_number = fields.String(required=True, allow_none=True)
    timezone = fields.String(required=True)
    account_status = fields.String(required=True)
    status_reason = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    is_staff = fields.Boolean(required=True)
    is_superuser = fields.Boolean(required=True)
    practitioner_id = fields.Integer(required=True, allow_none=True)
    tier = fields.String(required=True, allow_none=True)
    email_verified = fields.Boolean(required=True)
    mfa_enabled = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True)
    password_scheme = fields.String(required=True)
    identities = fields.List(fields.String(), required=True)
    sessions_count = fields.Integer(required=True)
    is_throttled = fields.Boolean(required=True)
    imported_from = fields.String(required=True, allow_none=True)
    deletion_due_at = fields.DateTime(required=True, allow_none=True)
    date_joined = fields.DateTime(required=True)
    last_login = fields.DateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class StaffUserRequest(Schema):
    """What staff change; e-mail and roles need a superuser and a reason."""

    first_name = person_name()
    last_name = person_name()
    phone_number = PhoneNumber(allow_none=True)
    timezone = time_zone()
    email = Address()
    is_staff = fields.Boolean()
    is_superuser = fields.Boolean()
    reason = fields.String(multiline=True, validate=validate.Length(max=500))


class Reason(Schema):
    """Why; it is written down."""

    reason = fields.String(required=True, multiline=True, validate=validate.Length(min=3, max=500))


class ImpersonationReason(Schema):
    """Why, at some length; it is written down."""

    reason = fields.String(required=True, multiline=True, validate=validate.Length(min=10, max=500))


class MfaReset(Reason):
    """Why, and whether the day in which the owner may object is left out."""

    force = fields.Boolean(load_default=False)


class DeletionQuery(QuerySchema):
    """Whether the fourteen days are left out."""

    immediate = fields.Boolean(load_default=False)


class RevokedCount(Schema):
    """How many sessions were ended."""

    revoked_count = fields.Integer(required=True)


class ImpersonationResponse(Schema):
    """An access token that acts for somebody."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    user = fields.Nested(UserProfile, required=True)
    impersonator_id = fields.Integer(required=True)
