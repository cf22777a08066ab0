"""What the inbox's operations read and answer."""

from marshmallow import validate

from services.notifications.domain.words import CHANNELS, STATUSES, TYPES
from shared.http import QuerySchema, Schema, fields

PRIORITIES = ("low", "normal", "high", "urgent")


class NotificationList(Schema):
    """A line of the inbox."""

    id = fields.Integer(dump_only=True)
    title = fields.String(dump_only=True)
    message = fields.String(dump_only=True)
    notification_type = fields.String(dump_only=True, validate=validate.OneOf(TYPES))
    is_read = fields.Boolean(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    time_since = fields.String(dump_only=True)
    kind = fields.String(dump_only=True, metadata={"example": "booking.confirmed"})
    priority = fields.String(dump_only=True, validate=validate.OneOf(PRIORITIES))
    action_url = fields.String(dump_only=True, allow_none=True)
    action_label = fields.String(dump_only=True, allow_none=True)
    read_at = fields.DateTime(dump_only=True, allow_none=True)
    seq = fields.Integer(dump_only=True, metadata={"description": "Grows per person."})
    count = fields.Integer(dump_only=True, metadata={"description": "How many were folded into this one."})
    related_object_type = fields.String(dump_only=True)
    related_object_id = fields.String(dump_only=True)
    metadata = fields.Dict(dump_only=True)


class Notification(NotificationList):
    """A line of the inbox with everything about it."""

    delivery_channel = fields.String(dump_only=True, validate=validate.OneOf(CHANNELS))
    scheduled_for = fields.DateTime(dump_only=True, allow_none=True)
    sent_at = fields.DateTime(dump_only=True, allow_none=True)
    status = fields.String(dump_only=True, validate=validate.OneOf(STATUSES))
    updated_at = fields.DateTime(dump_only=True)
    user = fields.Integer(dump_only=True)
    user_name = fields.String(dump_only=True)


class MarkResult(Schema):
    """A line after it was marked."""

    message = fields.String()
    id = fields.Integer()
    is_read = fields.Boolean()
    read_at = fields.DateTime(allow_none=True)
    unread_count = fields.Integer()


class MarkReadRequest(Schema):
    """Which lines to mark; without ids all of them, with an empty list none."""

    notification_ids = fields.List(
        fields.Integer(validate=validate.Range(min=1)), validate=validate.Length(max=500), allow_none=True
    )
    is_read = fields.Boolean(load_default=True)
    notification_type = fields.String(validate=validate.OneOf(TYPES))
    up_to_seq = fields.Integer(validate=validate.Range(min=0))


class MarkedMany(Schema):
    """How many lines were changed."""

    message = fields.String()
    updated_count = fields.Integer()
    unread_count = fields.Integer()


class BulkDeleteRequest(Schema):
    """Which lines to delete."""

    notification_ids = fields.List(
        fields.Integer(validate=validate.Range(min=1)), required=True, validate=validate.Length(min=1, max=500)
    )


class Deleted(Schema):
    """How many lines are gone."""

    message = fields.String()
    deleted_count = fields.Integer()
    unread_count = fields.Integer()


class UnreadCount(Schema):
    """How much is unread."""

    unread_count = fields.Integer()
    by_type = fields.Dict(keys=fields.String(), values=fields.Integer())
    last_seq = fields.Integer()


class TypeNumbers(Schema):
    """The lines of one type."""

    total = fields.Integer()
    unread = fields.Integer()


class NotificationStats(Schema):
    """The inbox in numbers."""

    unread_count = fields.Integer()
    total_count = fields.Integer()
    by_type = fields.Dict(keys=fields.String(), values=fields.Nested(TypeNumbers))
    recent_notifications = fields.List(fields.Nested(NotificationList))


class SyncQuery(QuerySchema):
    """Since when, and how much."""

    after = fields.Integer(required=True, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=200))


class SyncAnswer(Schema):
    """What is new since `after`."""

    notifications = fields.List(fields.Nested(Notification))
    removed_ids = fields.List(fields.Integer())
    last_seq = fields.Integer()
    unread_count = fields.Integer()
    has_more = fields.Boolean()


class SocketTicket(Schema):
    """The permission to open one socket."""

    ticket = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds."})
    url = fields.String()


class SocketQuery(QuerySchema):
    """How a socket is opened."""

    ticket = fields.String(metadata={"description": "From ws-ticket; works once, for thirty seconds."})
    after = fields.Integer(validate=validate.Range(min=0), metadata={"description": "The `seq` to resume after."})
