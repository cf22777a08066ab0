"""Shapes of live streams, of getting into them, and of who is there."""

from marshmallow import validate

from services.streams.api.parameters import Link, Tier, one_of, tags
from services.streams.domain import words
from shared.http import Schema, fields

_TITLE = validate.Length(min=1, max=255)


class RoomDetails(Schema):
    """The room of a live stream."""

    id = fields.Integer()
    name = fields.String()
    status = one_of(*words.ROOM_STATUSES)
    livekit_room_name = fields.String(allow_none=True, metadata={"description": "For the host and staff."})


class LiveStream(Schema):
    """A broadcast: planned, on, or over."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    stream = fields.Integer()
    stream_title = fields.String()
    room = fields.Integer(allow_none=True)
    room_details = fields.Nested(RoomDetails, allow_none=True)
    practitioner = fields.Integer()
    practitioner_name = fields.String()
    title = fields.String()
    description = fields.String(allow_none=True)
    status = one_of(*words.STATUSES)
    tier_level = one_of(*words.TIERS)
    is_public = fields.Boolean()
    scheduled_start = fields.DateTime()
    scheduled_end = fields.DateTime()
    actual_start = fields.DateTime(allow_none=True)
    actual_end = fields.DateTime(allow_none=True)
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()
    record_stream = fields.Boolean()
    current_viewers = fields.Integer()
    peak_viewers = fields.Integer()
    total_viewers = fields.Integer()
    unique_viewers = fields.Integer()
    chat_message_count = fields.Integer()
    reaction_count = fields.Integer()
    thumbnail_url = fields.String(allow_none=True, metadata={"format": "uri"})
    tags = fields.List(fields.String())
    is_live = fields.Boolean()
    can_start = fields.Boolean()
    duration_minutes = fields.Integer()
    can_access = fields.Boolean()
    join_url = fields.String(allow_none=True, metadata={"format": "uri"})
    is_host = fields.Boolean()
    viewer_count = fields.Integer()
    phase = one_of(*words.PHASES)
    schedule = fields.Integer(allow_none=True)
    occurrence = fields.String(allow_none=True)
    timezone = fields.String()
    end_reason = one_of(*words.END_REASONS, allow_none=True)
    reminder_set = fields.Boolean()
    recordings_count = fields.Integer()
    required_price_cents = fields.Integer(allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class PatchedLiveStreamRequest(Schema):
    """A change of a live stream; absent fields stay."""

    title = fields.String(validate=_TITLE)
    description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=10_000))
    status = one_of("canceled", *words.STATUSES, metadata={"description": "The present one, or cancelled."})
    tier_rank = Tier(data_key="tier_level")
    is_public = fields.Boolean()
    scheduled_start = fields.DateTime()
    scheduled_end = fields.DateTime()
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()
    record_stream = fields.Boolean()
    thumbnail_url = Link(allow_none=True)
    tags = tags()
    timezone = fields.TimeZone()
    stream = fields.Integer(metadata={"description": "Ignored."})
    practitioner = fields.Integer(metadata={"description": "Ignored."})


class LiveStreamRequest(PatchedLiveStreamRequest):
    """A whole live stream."""

    title = fields.String(required=True, validate=_TITLE)
    scheduled_start = fields.DateTime(required=True)
    scheduled_end = fields.DateTime(required=True)


class LiveStreamCreateRequest(Schema):
    """A new live stream."""

    stream = fields.Integer(required=True)
    title = fields.String(required=True, validate=_TITLE)
    description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=10_000))
    tier_rank = Tier(data_key="tier_level")
    is_public = fields.Boolean()
    scheduled_start = fields.DateTime(required=True)
    scheduled_end = fields.DateTime(required=True)
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()
    record_stream = fields.Boolean()
    thumbnail_url = Link(allow_none=True)
    tags = tags()
    timezone = fields.TimeZone()


class LiveStreamCreate(Schema):
    """A live stream that has just been planned."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    status = fields.String()
    stream = fields.Integer()
    title = fields.String()
    description = fields.String(allow_none=True)
    tier_level = fields.String()
    is_public = fields.Boolean()
    scheduled_start = fields.DateTime()
    scheduled_end = fields.DateTime()
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()
    record_stream = fields.Boolean()
    thumbnail_url = fields.String(allow_none=True, metadata={"format": "uri"})
    tags = fields.List(fields.String())
    timezone = fields.String()


class CancelRequest(Schema):
    """Why it will not take place."""

    reason = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=500))


class RoomAccess(Schema):
    """What a browser needs to get into a room: an address, and a token that is good for ten minutes."""

    name = fields.String()
    token = fields.String()
    url = fields.String(metadata={"description": "ws:// or wss://"})
    identity = fields.String()
    role = one_of("host", "moderator", "participant", "viewer")
    expires_at = fields.DateTime()


class GoLive(Schema):
    """A live stream that is on, and the host's way in."""

    message = fields.String()
    room = fields.Nested(RoomAccess)
    already_live = fields.Boolean()
    live_stream = fields.Nested(LiveStream)


class EndStream(Schema):
    """A live stream that is over."""

    message = fields.String()
    duration_minutes = fields.Integer()
    live_stream = fields.Nested(LiveStream)


class JoinRequest(Schema):
    """From what one watches."""

    device = one_of(*words.DEVICES, load_default=None, allow_none=True)


class TokenRequest(Schema):
    """As what one comes in."""

    role = one_of(words.HOST, words.VIEWER, load_default=None, allow_none=True)


class JoinedStream(Schema):
    """What the page shows beside the picture."""

    title = fields.String()
    current_viewers = fields.Integer()
    allow_chat = fields.Boolean()
    allow_reactions = fields.Boolean()


class Join(Schema):
    """The way in."""

    room = fields.Nested(RoomAccess)
    stream = fields.Nested(JoinedStream)
    phase = one_of(words.WAITING, words.LIVE)


class TimelineMinute(Schema):
    """One minute of a live stream."""

    minute = fields.Integer()
    concurrent = fields.Integer()
    joined = fields.Integer()
    left = fields.Integer()
    chat = fields.Integer()
    reactions = fields.Integer()


class RetentionPoint(Schema):
    """Which share of the viewers watched at least so many minutes."""

    minute = fields.Integer()
    share = fields.String()


class LiveStreamAnalytics(Schema):
    """The figures of a live stream; `computed_at` null: still changing."""

    id = fields.Integer()
    live_stream = fields.Integer()
    stream_title = fields.String()
    total_viewers = fields.Integer()
    unique_viewers = fields.Integer()
    peak_concurrent_viewers = fields.Integer()
    average_view_duration_seconds = fields.Integer()
    median_view_duration_seconds = fields.Integer()
    total_chat_messages = fields.Integer()
    total_reactions = fields.Integer()
    unique_chatters = fields.Integer()
    free_tier_viewers = fields.Integer()
    entry_tier_viewers = fields.Integer()
    premium_tier_viewers = fields.Integer()
    non_subscriber_viewers = fields.Integer()
    viewer_countries = fields.Dict()
    viewer_devices = fields.Dict()
    tips_received_cents = fields.Integer()
    watch_minutes = fields.Integer()
    engagement_rate = fields.String()
    timeline = fields.List(fields.Nested(TimelineMinute))
    retention = fields.List(fields.Nested(RetentionPoint))
    reactions_by_emoji = fields.Dict()
    computed_at = fields.DateTime(allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()
