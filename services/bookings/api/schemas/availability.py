"""Free times and holds, asked and answered."""

from marshmallow import validate

from services.bookings.api.fields import Id, Reference
from services.bookings.api.schemas.parts import BookingCancellationPolicy
from shared.http import QuerySchema, Schema, fields

_REASON = {"description": "Why there are none."}


class AvailabilityCheckRequest(Schema):
    """Which day is asked about; `exclude_booking_id` is one's own booking that is to be moved."""

    practitioner_id = Reference(load_default=None, allow_none=True)
    service_id = Reference(required=True)
    date = fields.Date(required=True)
    timezone = fields.TimeZone(load_default="UTC")
    exclude_booking_id = Id(load_default=None, allow_none=True)


class AvailableDatesRequest(Schema):
    """Which days are asked about."""

    service_id = Reference(required=True)
    practitioner_id = Reference(load_default=None, allow_none=True)
    start_date = fields.Date(load_default=None, allow_none=True)
    days_ahead = fields.Integer(load_default=30, validate=validate.Range(min=1, max=90))
    timezone = fields.TimeZone(load_default="UTC")


class SlotsQuery(QuerySchema):
    """Which days are asked about."""

    service_id = Reference(required=True)
    practitioner_id = Reference()
    start_date = fields.Date(required=True)
    end_date = fields.Date()
    timezone = fields.TimeZone(load_default="UTC")
    exclude_booking_id = Id()


class AvailableSlot(Schema):
    """A start that is on offer."""

    start_time = fields.DateTime()
    end_time = fields.DateTime()
    duration_minutes = fields.Integer()
    is_available = fields.Boolean()
    local_start = fields.String(metadata={"format": "date-time", "description": "In `timezone`, with offset."})
    service_session_id = fields.Integer(allow_none=True)
    spots_available = fields.Integer(allow_none=True)


class AvailabilityCheck(Schema):
    """The offered starts of a day of `timezone`."""

    practitioner_id = fields.Integer()
    service_id = fields.Integer()
    date = fields.Date()
    timezone = fields.String()
    duration_minutes = fields.Integer()
    practitioner_timezone = fields.String()
    available_slots = fields.List(fields.Nested(AvailableSlot))
    reason = fields.String(allow_none=True, metadata=_REASON)
    next_available_date = fields.Date(allow_none=True)


class AvailableDate(Schema):
    """A day with free times."""

    date = fields.Date()
    slot_count = fields.Integer()


class AvailableDates(Schema):
    """The days that have free times."""

    service_id = fields.Integer()
    available_dates = fields.List(fields.Nested(AvailableDate))
    start_date = fields.Date()
    end_date = fields.Date()
    timezone = fields.String()
    total_slots_found = fields.Integer()
    reason = fields.String(allow_none=True, metadata=_REASON)


class DaySlots(Schema):
    """The offered starts of one day."""

    date = fields.Date()
    slots = fields.List(fields.Nested(AvailableSlot))
    reason = fields.String(allow_none=True, metadata=_REASON)


class SlotsResult(Schema):
    """The offered starts of several days of `timezone`."""

    practitioner_id = fields.Integer()
    service_id = fields.Integer()
    start_date = fields.Date()
    end_date = fields.Date()
    timezone = fields.String()
    practitioner_timezone = fields.String()
    duration_minutes = fields.Integer()
    days = fields.List(fields.Nested(DaySlots))


class HoldRequest(Schema):
    """The time or the seat that is to be kept."""

    service_id = Reference(required=True)
    practitioner_id = Reference(load_default=None, allow_none=True)
    start_time = fields.DateTime(load_default=None, allow_none=True)
    service_session_id = Id(load_default=None, allow_none=True)


class Hold(Schema):
    """What is kept, and the token that books it."""

    hold_token = fields.String()
    expires_at = fields.DateTime()
    service_id = fields.Integer()
    practitioner_id = fields.Integer()
    start_time = fields.DateTime()
    end_time = fields.DateTime()
    service_session_id = fields.Integer(allow_none=True)


class QuotedChild(Schema):
    """What is given back of one session."""

    id = fields.Integer()
    refund_cents = fields.Integer()
    reason = fields.String()


class CancellationQuote(Schema):
    """What cancelling now would amount to."""

    booking_id = fields.Integer()
    can_be_canceled = fields.Boolean()
    canceled_by = fields.String()
    refund_percent = fields.Integer()
    refund_cents = fields.Integer()
    refund_amount = fields.Money()
    retained_cents = fields.Integer()
    credit_restored = fields.Boolean()
    free_cancellation_until = fields.DateTime(allow_none=True)
    policy = fields.Nested(BookingCancellationPolicy)
    children = fields.List(fields.Nested(QuotedChild))
    reason = fields.String(allow_none=True)
