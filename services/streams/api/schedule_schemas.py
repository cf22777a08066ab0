"""Shapes of schedules, of their occurrences, and of rules that are tried out."""

from marshmallow import validate

from services.streams.api.live_schemas import LiveStream
from services.streams.api.parameters import LocalTime, Tier, one_of, tags
from services.streams.domain import words
from shared.http import (
    QuerySchema,
    Schema,
    fields,
)


class UpcomingStream(Schema):
    """A live stream that a schedule made."""

    id = fields.Integer()
    title = fields.String()
    scheduled_start = fields.DateTime()
    scheduled_end = fields.DateTime()


class StreamSchedule(Schema):
    """A rule by which live streams are made."""

    id = fields.Integer()
    stream = fields.Integer()
    stream_title = fields.String()
    title = fields.String()
    description = fields.String(allow_none=True)
    recurrence_rule = fields.String()
    duration_minutes = fields.Integer()
    tier_level = one_of(*words.TIERS)
    is_active = fields.Boolean()
    auto_create_days_ahead = fields.Integer()
    next_occurrence = fields.DateTime(allow_none=True)
    upcoming_streams = fields.List(fields.Nested(UpcomingStream))
    starts_at = fields.String(metadata={"description": "Wall clock, without a zone."})
    timezone = fields.String()
    exdates = fields.List(fields.String())
    is_public = fields.Boolean()
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()
    record_stream = fields.Boolean()
    tags = fields.List(fields.String())
    description_text = fields.String()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class PatchedStreamScheduleRequest(Schema):
    """A change of a schedule; absent fields stay."""

    stream = fields.Integer()
    title = fields.String(validate=validate.Length(min=1, max=255))
    description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=10_000))
    recurrence_rule = fields.String(multiline=True, validate=validate.Length(min=1, max=5000))
    duration_minutes = fields.Integer(validate=validate.Range(min=5, max=720))
    tier_rank = Tier(data_key="tier_level")
    is_active = fields.Boolean()
    days_ahead = fields.Integer(data_key="auto_create_days_ahead", validate=validate.Range(min=1, max=90))
    starts_at = LocalTime()
    timezone = fields.TimeZone()
    is_public = fields.Boolean()
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()
    record_stream = fields.Boolean()
    tags = tags()


class StreamScheduleRequest(PatchedStreamScheduleRequest):
    """A whole schedule."""

    stream = fields.Integer(required=True)
    title = fields.String(required=True, validate=validate.Length(min=1, max=255))
    recurrence_rule = fields.String(required=True, multiline=True, validate=validate.Length(min=1, max=5000))


class KeepQuery(QuerySchema):
    """What becomes of what is to come."""

    keep_upcoming = fields.Boolean(load_default=False)


class GenerateRequest(Schema):
    """How far ahead."""

    days = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=90))


class GenerateResult(Schema):
    """What was made."""

    message = fields.String()
    schedule_id = fields.Integer()
    created = fields.Integer()
    existing = fields.Integer()
    live_streams = fields.List(fields.Nested(LiveStream))


class Occurrence(Schema):
    """One time that a rule yields; `occurrence` is its key."""

    occurrence = fields.String()
    start = fields.DateTime()
    end = fields.DateTime()
    skipped = fields.Boolean()
    live_stream = fields.Integer(allow_none=True)
    note = one_of("shifted_by_dst", "repeated_hour_first", allow_none=True)


class RulePreviewRequest(Schema):
    """A rule to be tried."""

    recurrence_rule = fields.String(required=True, multiline=True, validate=validate.Length(min=1, max=5000))
    starts_at = LocalTime()
    timezone = fields.TimeZone()
    duration_minutes = fields.Integer(load_default=60, validate=validate.Range(min=5, max=720))
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=50))


class RulePreview(Schema):
    """What a rule means."""

    description_text = fields.String()
    occurrences = fields.List(fields.Nested(Occurrence))
    total = fields.Integer(allow_none=True, metadata={"description": "null: it has no end."})


class OccurrencesQuery(QuerySchema):
    """Of which time; by default a year from now."""

    after = fields.DateTime(data_key="from")
    until = fields.DateTime(data_key="to")


class OccurrenceRequest(Schema):
    """Which one."""

    occurrence = LocalTime(required=True)
