"""Working hours."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, post_load, validate

from services.practitioners.api.schemas.writing import text
from services.practitioners.api.times import TimeOfDay
from services.practitioners.domain.hours import window
from services.practitioners.queries.schedules import SCHEDULES
from shared.http import QuerySchema, Schema, fields
from shared.http.pages import page_schema, query_schema


class HoursRequest(Schema):
    """Hours of a day."""

    start_time = TimeOfDay(required=True)
    end_time = TimeOfDay(required=True)

    @post_load
    def check(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Read the hours as minutes; an end at midnight is the day's end. Raises ValidationError."""
        return as_minutes(data)


def as_minutes(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hours as `start_min` and `end_min`. Raises ValidationError if they would pass midnight."""
    read = {name: value for name, value in data.items() if name not in ("start_time", "end_time")}
    start, end = data.get("start_time"), data.get("end_time")
    if start is not None and end is not None:
        try:
            start, end = window(start, end)
        except ValueError as bad:
            raise ValidationError({"end_time": [str(bad)]}) from bad
    if start is not None:
        read["start_min"] = start
    if end is not None:
        read["end_min"] = end or 1440
    return read


class ScheduleTimeSlotRequest(HoursRequest):
    """Hours of a weekday, 0 = Monday. With `id`: that slot is kept and changed."""

    id = fields.Integer()
    day = fields.Integer(required=True, validate=validate.Range(min=0, max=6))
    is_active = fields.Boolean(load_default=True)


class PatchedScheduleTimeSlotRequest(Schema):
    """What changes of a slot."""

    day = fields.Integer(validate=validate.Range(min=0, max=6))
    start_time = TimeOfDay()
    end_time = TimeOfDay()
    is_active = fields.Boolean()

    @post_load
    def check(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Read the hours as minutes. Raises ValidationError."""
        return as_minutes(data)


class ScheduleRequest(Schema):
    """A schedule; `time_slots` is the whole week, and absent leaves it alone."""

    name = text(100, least=1, required=True)
    description = text(1000, multiline=True, allow_none=True)
    timezone = fields.TimeZone(validate=validate.Length(max=64))
    is_default = fields.Boolean()
    is_active = fields.Boolean()
    time_slots = fields.List(fields.Nested(ScheduleTimeSlotRequest), validate=validate.Length(max=100))


class ScheduleCreateRequest(ScheduleRequest):
    """A new schedule."""


class ScheduleTimeSlot(Schema):
    """Hours of a weekday; an end of 00:00:00 is the day's end."""

    id = fields.Integer(dump_only=True)
    day = fields.Integer()
    start_time = fields.String()
    end_time = fields.String()
    is_active = fields.Boolean()


class Hours(Schema):
    """Hours of a date."""

    start_time = fields.String()
    end_time = fields.String()


class DateOverride(Schema):
    """A date's own hours; none: closed."""

    id = fields.Integer(dump_only=True)
    schedule_id = fields.Integer(allow_none=True)
    date = fields.Date()
    time_slots = fields.List(fields.Nested(Hours))
    reason = fields.String(allow_none=True)


class Schedule(Schema):
    """Weekly hours, with the dates that differ."""

    id = fields.Integer(dump_only=True)
    name = fields.String()
    description = fields.String(allow_none=True)
    timezone = fields.String()
    is_default = fields.Boolean()
    is_active = fields.Boolean()
    time_slots = fields.List(fields.Nested(ScheduleTimeSlot))
    date_overrides = fields.List(fields.Nested(DateOverride))
    weekly_hours = fields.String(dump_only=True)
    service_ids = fields.List(fields.Integer(), dump_only=True)
    service_id = fields.Integer(dump_only=True, allow_none=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


SchedulePage = page_schema(Schedule)
SchedulesQuery = query_schema(SCHEDULES, "SchedulesQuery")


class SlotReference(Schema):
    """Which slot, in the body."""

    time_slot_id = fields.Integer(validate=validate.Range(min=1))


class SlotQuery(QuerySchema):
    """Which slot, in the query string."""

    time_slot_id = fields.Integer(validate=validate.Range(min=1))


class WeekRequest(Schema):
    """The whole week."""

    time_slots = fields.List(fields.Nested(ScheduleTimeSlotRequest), required=True, validate=validate.Length(max=100))


class CopyDayRequest(Schema):
    """From which day to which."""

    from_day = fields.Integer(required=True, validate=validate.Range(min=0, max=6))
    to = fields.String(validate=validate.OneOf(("all", "weekdays", "weekend")))
    to_days = fields.List(fields.Integer(validate=validate.Range(min=0, max=6)), validate=validate.Length(max=7))


class DuplicateRequest(Schema):
    """The copy's name."""

    name = text(100, least=1)


class ServiceSchedule(Schema):
    """The hours of one service."""

    service_id = fields.Integer()
    service_name = fields.String()
    schedule_id = fields.Integer()
    timezone = fields.String()
    is_active = fields.Boolean()
    time_slots = fields.List(fields.Nested(ScheduleTimeSlot))


class ServiceScheduleRequest(Schema):
    """The whole week of one service."""

    time_slots = fields.List(fields.Nested(ScheduleTimeSlotRequest), required=True, validate=validate.Length(max=100))
    timezone = fields.TimeZone(validate=validate.Length(max=64))
    is_active = fields.Boolean()
