"""Shapes that several resources share."""

from typing import Any

from marshmallow import ValidationError, validate

from services.auth.domain import emails, names
from services.auth.domain.passwords import INPUT_MAX, LENGTH_MIN
from shared.http import Schema, fields


class Address(fields.String):
    """An e-mail address, normalised: the domain in lower case and punycode."""

    default_error_messages = {"address": "Enter a valid email address."}  # noqa: RUF012 - marshmallow's form.

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "email"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return emails.normalized(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as wrong:
            if isinstance(wrong, ValidationError):
                raise
            raise self.make_error("address") from wrong


class PhoneNumber(fields.String):
    """A phone number; blanks, dashes and brackets are left out, nothing but these is none."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's form.
        "phone": "Phone number must be entered in the format: '+999999999'. Up to 15 digits allowed."
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str | None:  # type: ignore[override]
        try:
            return names.phone_number(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as wrong:
            if isinstance(wrong, ValidationError):
                raise
            raise self.make_error("phone") from wrong


class Password(fields.String):
    """A password: Unicode NFC, blanks kept."""

    def __init__(self, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(trim=False, validate=validate.Length(min=least, max=INPUT_MAX), load_only=True, **kwargs)


class NewPassword(Password):
    """A password that is to be set; the finer rules are told by the operation."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=LENGTH_MIN, **kwargs)


def person_name(*, least: int = 0, **kwargs: Any) -> fields.String:
    """Return the field of a name; no addresses in it, since names are printed in mails."""
    return fields.String(validate=[validate.Length(min=least, max=150), _no_link], **kwargs)


def locale(**kwargs: Any) -> fields.String:
    """Return the field of a language tag."""
    return fields.String(
        validate=_is_locale, metadata={"description": "BCP 47 language tag.", "maxLength": 35}, **kwargs
    )


def time_zone(**kwargs: Any) -> fields.TimeZone:
    """Return the field of an IANA zone."""
    return fields.TimeZone(validate=validate.Length(max=50), **kwargs)


def token(**kwargs: Any) -> fields.String:
    """Return the field of a token."""
    return fields.String(required=True, validate=validate.Length(min=1, max=1024), **kwargs)


class MessageResponse(Schema):
    """A sentence for people."""

    message = fields.String(required=True)
    success = fields.Boolean(required=True)


class UserProfile(Schema):
    """One's own account."""

    id = fields.Integer(required=True)
    uuid = fields.UUID(required=True)
    email = fields.String(required=True, metadata={"format": "email"})
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    full_name = fields.String(required=True)
    display_name = fields.String(required=True)
    preferred_name = fields.String(required=True, allow_none=True)
    phone_number = fields.String(required=True, allow_none=True)
    phone_number_verified = fields.Boolean(required=True)
    timezone = fields.String(required=True)
    locale = fields.String(required=True)
    is_practitioner = fields.Boolean(required=True)
    practitioner_public_id = fields.UUID(required=True, allow_none=True)
    practitioner_id = fields.Integer(required=True, allow_none=True)
    practitioner_slug = fields.String(required=True, allow_none=True)
    account_status = fields.String(required=True)
    last_login = fields.DateTime(required=True, allow_none=True)
    date_joined = fields.DateTime(required=True)
    is_active = fields.Boolean(required=True)
    is_staff = fields.Boolean(required=True)
    is_superuser = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True)
    email_verified = fields.Boolean(required=True)
    pending_email = fields.String(required=True, allow_none=True, metadata={"format": "email"})
    avatar_url = fields.String(required=True, allow_none=True, metadata={"format": "uri"})
    roles = fields.List(fields.String(), required=True)
    tier = fields.String(required=True, allow_none=True)
    mfa_enabled = fields.Boolean(required=True)
    deletion_due_at = fields.DateTime(required=True, allow_none=True)


class TokenResponse(Schema):
    """A session's tokens and whose they are."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    user = fields.Nested(UserProfile, required=True)
    session_id = fields.UUID(required=True)
    device_token = fields.String(required=True, allow_none=True)


def _no_link(value: str) -> None:
    if names.contains_link(value):
        raise ValidationError("Names must not contain links.")


def _is_locale(value: str) -> None:
    if not names.is_locale(value):
        raise ValidationError("Not a language tag, for example en or pt-BR.")
