"""How somebody can be booked, and free times."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate

from services.practitioners.api.schemas.schedules import HoursRequest
from services.practitioners.api.schemas.writing import text
from services.practitioners.domain.countries import country_code
from services.practitioners.domain.hours import PATTERNS
from shared.http import QuerySchema, Schema, fields


class Country(fields.Field[str]):
    """A country as locations' id (ISO 3166-1 numeric) or its two letters; read as the letters."""

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> str:
        code = None if isinstance(value, bool) else country_code(str(value))
        if code is None:
            raise ValidationError("Not a country.")
        return code


_DAY = fields.Date()


class Holiday(fields.Field[dict[str, str]]):
    """A date, or {date, name}; read as the latter."""

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> dict[str, str]:
        given: Mapping[str, Any] = value if isinstance(value, dict) else {"date": value}
        name = given.get("name") or ""
        day = _DAY.deserialize(given.get("date"))
        if not isinstance(name, str) or len(name) > 100:
            raise ValidationError("The name is a text of at most 100 characters.")
        return {"date": str(day), "name": name}


class SchedulePreferenceRequest(Schema):
    """How somebody can be booked; what is absent stays."""

    timezone = fields.TimeZone(validate=validate.Length(max=64))
    country = Country(allow_none=True)
    region = text(10, allow_none=True)
    holidays = fields.List(Holiday(), validate=validate.Length(max=366))
    respect_holidays = fields.Boolean()
    advance_booking_min_hours = fields.Integer(validate=validate.Range(min=0, max=2160))
    advance_booking_max_days = fields.Integer(validate=validate.Range(min=1, max=365))
    slot_interval_minutes = fields.Integer(validate=validate.OneOf((5, 10, 15, 20, 30, 60)))
    buffer_time = fields.Integer(validate=validate.Range(min=0, max=240))
    is_active = fields.Boolean()
    auto_accept_bookings = fields.Boolean()


class SchedulePreference(Schema):
    """How somebody can be booked."""

    id = fields.Integer(dump_only=True)
    timezone = fields.String()
    country = fields.Integer(allow_none=True)
    country_code = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    holidays = fields.List(fields.Raw())
    respect_holidays = fields.Boolean()
    advance_booking_min_hours = fields.Integer()
    advance_booking_max_days = fields.Integer()
    slot_interval_minutes = fields.Integer()
    buffer_time = fields.Integer()
    is_active = fields.Boolean()
    auto_accept_bookings = fields.Boolean()


class OutOfOfficeRequest(Schema):
    """Whole days away, both ends included."""

    from_date = fields.Date(required=True)
    to_date = fields.Date(required=True)
    title = text(255, least=1, required=True)
    is_archived = fields.Boolean()


class OutOfOffice(Schema):
    """Whole days away."""

    id = fields.Integer(dump_only=True)
    from_date = fields.Date()
    to_date = fields.Date()
    title = fields.String()
    is_archived = fields.Boolean()
    conflicting_bookings = fields.Integer(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class OutOfOfficeQuery(QuerySchema):
    """Which days away."""

    include_past = fields.Boolean()
    include_archived = fields.Boolean()


class DateOverrideRequest(Schema):
    """Dates with hours of their own; no hours: closed."""

    date = fields.Date()
    dates = fields.List(fields.Date(), validate=validate.Length(max=60))
    time_slots = fields.List(fields.Nested(HoursRequest), required=True, validate=validate.Length(max=24))
    schedule_id = fields.Integer(allow_none=True)
    reason = text(255, allow_none=True)


class OverridesQuery(QuerySchema):
    """Which dates."""

    start_date = fields.Date()
    end_date = fields.Date()
    schedule_id = fields.Integer()


class TimeBlockRequest(Schema):
    """A stretch of time that is not available."""

    start_datetime = fields.DateTime(required=True)
    end_datetime = fields.DateTime(required=True)
    reason = text(255, allow_none=True)
    is_recurring = fields.Boolean(load_default=False)
    recurrence_pattern = fields.String(validate=validate.OneOf(tuple(PATTERNS)))
    recurrence_end_date = fields.Date()


class TimeBlock(Schema):
    """A stretch of time that is not available."""

    id = fields.Integer(dump_only=True)
    start_datetime = fields.DateTime()
    end_datetime = fields.DateTime()
    reason = fields.String(allow_none=True)
    is_recurring = fields.Boolean()
    rrule = fields.String(dump_only=True, allow_none=True)
    recurrence_end_date = fields.Date(allow_none=True)
    conflicting_bookings = fields.Integer(dump_only=True)


class BlocksQuery(QuerySchema):
    """Which blocks."""

    start_date = fields.Date()
    end_date = fields.Date()


class ServiceSchedulesQuery(QuerySchema):
    """Of which service."""

    service_id = fields.Integer()


_DURATION = validate.Range(min=5, max=1440)


class AvailabilityQuery(QuerySchema):
    """Whose free times, on which days."""

    practitioner_id = fields.String(required=True)
    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True)
    service_id = fields.Integer()
    service_type = fields.String(validate=validate.Length(max=20))
    duration_minutes = fields.Integer(validate=_DURATION)
    timezone = fields.TimeZone(load_default="UTC")


class AvailabilitySlot(Schema):
    """A free time."""

    date = fields.Date()
    start_time = fields.DateTime()
    end_time = fields.DateTime()
    local_start = fields.DateTime()
    duration_minutes = fields.Integer()
    is_available = fields.Boolean()
    service_types = fields.List(fields.String())
    booking_id = fields.Integer(allow_none=True, metadata={"description": "Always null."})
    service_name = fields.String(allow_none=True)


class AvailabilityAnswer(Schema):
    """Free times, or why there are none."""

    practitioner_id = fields.Integer()
    timezone = fields.String()
    practitioner_timezone = fields.String()
    available_slots = fields.List(fields.Nested(AvailabilitySlot))
    reason = fields.String(allow_none=True)
    next_available_date = fields.DateTime(allow_none=True)


class SlotCheckRequest(Schema):
    """One start."""

    practitioner_id = fields.Raw(required=True, metadata={"description": "Integer, uuid or slug."})
    service_id = fields.Integer()
    date = fields.Date(required=True)
    start_time = fields.Time(required=True)
    duration_minutes = fields.Integer(validate=_DURATION)
    timezone = fields.TimeZone(load_default="UTC")


class RequestedSlot(Schema):
    """What was asked about."""

    start_time = fields.DateTime()
    end_time = fields.DateTime()
    timezone = fields.String()


class SlotCheck(Schema):
    """Whether a start is free, or why not."""

    available = fields.Boolean()
    message = fields.String()
    reason = fields.String(allow_none=True)
    requested_slot = fields.Nested(RequestedSlot)


class NextAvailable(Schema):
    """The next free time, as just computed."""

    next_available_date = fields.DateTime(allow_none=True)
    reason = fields.String(allow_none=True)


class NextSlotsQuery(QuerySchema):
    """Whose next free times."""

    practitioner_id = fields.String(required=True)
    service_id = fields.Integer()
    from_day = fields.Date(data_key="from")
    count = fields.Integer(load_default=5, validate=validate.Range(min=1, max=20))
    timezone = fields.TimeZone(load_default="UTC")


class NextSlots(Schema):
    """The next free times."""

    practitioner_id = fields.Integer()
    timezone = fields.String()
    next_available_slots = fields.List(fields.Nested(AvailabilitySlot))


class HolidaysQuery(QuerySchema):
    """Whose holidays."""

    country = Country()
    region = fields.String(validate=validate.Length(max=10))
    year = fields.Integer(validate=validate.Range(min=2000, max=2100))


class PublicHoliday(Schema):
    """A holiday, and whether it closes."""

    date = fields.Date()
    name = fields.String()
    blocked = fields.Boolean()
