"""Shapes of who is there, and of what they say."""

from marshmallow import validate

from services.streams.api.parameters import ChatText, one_of
from services.streams.domain import words
from shared.http import Schema, fields


class Said(Schema):
    """A sentence."""

    message = fields.String()


class LiveStreamViewer(Schema):
    """Somebody who watches, or did."""

    id = fields.Integer()
    live_stream = fields.Integer()
    user = fields.Integer()
    user_name = fields.String()
    user_avatar = fields.String(allow_none=True, metadata={"format": "uri"})
    joined_at = fields.DateTime()
    left_at = fields.DateTime(allow_none=True)
    duration_seconds = fields.Integer()
    chat_messages_sent = fields.Integer()
    reactions_sent = fields.Integer()
    tier = fields.String(allow_none=True)
    is_muted = fields.Boolean()
    created_at = fields.DateTime()


class Viewers(Schema):
    """Who is present; `count` is all of them, `viewers` this page."""

    count = fields.Integer()
    viewers = fields.List(fields.Nested(LiveStreamViewer))
    next = fields.String(allow_none=True, metadata={"format": "uri"})


class RemovalRequest(Schema):
    """How somebody is put out."""

    ban = fields.Boolean(load_default=False)
    scope = one_of("live_stream", "stream", load_default="live_stream")
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))


class MuteRequest(Schema):
    """For how long somebody writes nothing; 0: until the end."""

    minutes = fields.Integer(load_default=0, validate=validate.Range(min=0, max=10_080))


class Muted(Schema):
    """Until when."""

    muted_until = fields.DateTime(allow_none=True)


class ChatRequest(Schema):
    """A message; `client_id` makes a repetition the same message."""

    text = ChatText(required=True)
    client_id = fields.UUID(load_default=None, allow_none=True)


class ChatMessage(Schema):
    """Something that was said."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    user = fields.Integer()
    user_name = fields.String()
    user_avatar = fields.String(allow_none=True, metadata={"format": "uri"})
    is_host = fields.Boolean()
    text = fields.String()
    sent_at = fields.DateTime()
    offset_seconds = fields.Integer()
    is_deleted = fields.Boolean()


class ChatPage(Schema):
    """Messages, newest first; `next` goes back in time."""

    results = fields.List(fields.Nested(ChatMessage))
    next = fields.String(allow_none=True, metadata={"format": "uri"})
    previous = fields.String(allow_none=True, metadata={"format": "uri"})


class ReactionRequest(Schema):
    """A reaction, several times."""

    emoji = one_of(*words.EMOJIS, required=True)
    count = fields.Integer(load_default=1, validate=validate.Range(min=1, max=20))


class Accepted(Schema):
    """How many were taken."""

    accepted = fields.Integer()


class ReminderSet(Schema):
    """Whether one is reminded."""

    reminder_set = fields.Boolean()
