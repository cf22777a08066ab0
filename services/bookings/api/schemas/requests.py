"""What clients send about bookings."""

from typing import Any

from marshmallow import validate

from services.bookings.api.fields import Id, Reference, web_address
from services.bookings.domain import words
from shared.http import Schema, fields

TEXT_MAX = 5_000
PRICE_MAX_CENTS = 99_999_999
"""What a card can be charged at most."""
_CENTS = validate.Range(min=0, max=PRICE_MAX_CENTS)
_ADDRESS = validate.And(validate.Length(max=2_000), web_address)


def _collect(**options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf((words.PLATFORM, words.IN_PERSON)), **options)


class BookingCreateRequest(Schema):
    """What is to be booked. Prices, discounts, `user_id`, `collect` and overrides are for practitioners and staff."""

    practitioner_id = Reference(load_default=None, allow_none=True)
    service_id = Reference(required=True)
    location_id = Id(load_default=None, allow_none=True)
    service_session_id = Id(load_default=None, allow_none=True)
    start_time = fields.DateTime(load_default=None, allow_none=True)
    end_time = fields.DateTime(load_default=None, allow_none=True)
    timezone = fields.TimeZone(load_default=None, allow_none=True)
    title = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255))
    description = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX)
    )
    client_notes = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX)
    )
    notes = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX))
    price_override_cents = fields.Integer(load_default=None, allow_none=True, validate=_CENTS)
    discount_amount_cents = fields.Integer(load_default=0, validate=_CENTS)
    parent_booking_id = Reference(load_default=None, allow_none=True)
    use_session_credit = fields.Boolean(load_default=False)
    hold_token = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    waitlist_entry_id = fields.UUID(load_default=None, allow_none=True)
    payment_method_id = Id(load_default=None, allow_none=True)
    apply_credits = fields.Boolean(load_default=True)
    collect = _collect(load_default=words.PLATFORM)
    success_url = fields.String(load_default=None, allow_none=True, validate=_ADDRESS)
    cancel_url = fields.String(load_default=None, allow_none=True, validate=_ADDRESS)
    user_id = Id(load_default=None, allow_none=True)
    override_availability = fields.Boolean(load_default=False)


class BookingMultiRequest(Schema):
    """A package, bundle or course that is to be bought."""

    service_id = Reference(required=True)
    timezone = fields.TimeZone(load_default=None, allow_none=True)
    client_notes = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX)
    )
    start_time = fields.DateTime(load_default=None, allow_none=True)
    payment_method_id = Id(load_default=None, allow_none=True)
    apply_credits = fields.Boolean(load_default=True)
    success_url = fields.String(load_default=None, allow_none=True, validate=_ADDRESS)
    cancel_url = fields.String(load_default=None, allow_none=True, validate=_ADDRESS)
    user_id = Id(load_default=None, allow_none=True)


class BookingUpdateRequest(Schema):
    """What is to be changed; absent fields stay as they are."""

    title = fields.String(allow_none=True, validate=validate.Length(max=255))
    description = fields.String(allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX))
    client_notes = fields.String(allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX))
    practitioner_notes = fields.String(allow_none=True, multiline=True, validate=validate.Length(max=10_000))
    location_id = Id(allow_none=True)
    meeting_url = fields.String(allow_none=True, validate=validate.And(validate.Length(max=200), web_address))
    meeting_id = fields.String(allow_none=True, validate=validate.Length(max=100))
    timezone = fields.TimeZone()


class BookingCancelRequest(Schema):
    """Why it is canceled. Who canceled is known; `refund_percent` and `notify` are for staff."""

    reason = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=1_000))
    cancellation_reason = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=1_000)
    )
    canceled_by = fields.String(load_default=None, allow_none=True, metadata={"description": "Ignored."})
    refund_percent = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0, max=100))
    refund_to = fields.String(load_default="original", validate=validate.OneOf(("original", "credits")))
    notify = fields.Boolean(load_default=True)


class BookingRescheduleRequest(Schema):
    """The new time, or the other session of the same workshop."""

    start_time = fields.DateTime(required=True)
    end_time = fields.DateTime(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=1_000))
    timezone = fields.TimeZone(load_default=None, allow_none=True)
    service_session_id = Id(load_default=None, allow_none=True)
    override_availability = fields.Boolean(load_default=False)
    notify = fields.Boolean(load_default=True)


class BookingScheduleRequest(Schema):
    """The time of a session that is paid for already."""

    start_time = fields.DateTime(load_default=None, allow_none=True)
    end_time = fields.DateTime(load_default=None, allow_none=True)
    service_session_id = Id(load_default=None, allow_none=True)
    timezone = fields.TimeZone(load_default=None, allow_none=True)
    practitioner_id = Reference(load_default=None, allow_none=True)
    location_id = Id(load_default=None, allow_none=True)
    client_notes = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=TEXT_MAX)
    )


class RequestRescheduleRequest(Schema):
    """Why the time is given back, and which ones would suit."""

    reason = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=1_000))
    suggested_times = fields.List(fields.DateTime(), load_default=list, validate=validate.Length(max=20))


class BookingConfirmRequest(Schema):
    """How an unpaid booking is collected."""

    collect = _collect(load_default=None, allow_none=True)


class BookingCompleteRequest(Schema):
    """When it ended, and what the practitioner notes."""

    actual_end_time = fields.DateTime(load_default=None, allow_none=True)
    practitioner_notes = fields.String(
        load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=10_000)
    )


class BookingNoShowRequest(Schema):
    """Who did not come, and how much is given back."""

    by = fields.String(load_default=words.CLIENT, validate=validate.OneOf((words.CLIENT, words.PRACTITIONER)))
    reason = fields.String(load_default=None, allow_none=True, multiline=True, validate=validate.Length(max=1_000))
    refund_percent = fields.Integer(load_default=0, validate=validate.Range(min=0, max=100))
