"""Notes to oneself and messages of staff over HTTP, and the inbox in groups."""

from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import ValidationError, validate, validates_schema

from services.notifications.api.inbox import shown
from services.notifications.api.links import on_front_end
from services.notifications.api.schemas import PRIORITIES, Notification, NotificationList
from services.notifications.domain.errors import ForStaffOnly, NotificationNotFound, TooManyNotes
from services.notifications.domain.words import CHANNELS, TYPES, Priority
from services.notifications.operations.locking import lock_inbox
from services.notifications.operations.notes import Note, edit_note, write_note
from services.notifications.queries import inbox
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.http import (
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    QuerySchema,
    Schema,
    fields,
    identity,
    require_match,
)

notes = Blueprint("notes", "Notes to oneself, and messages of staff.")

METADATA_BYTES = 8_192
_TITLE = validate.Length(min=1, max=255)
_MESSAGE = validate.Length(min=1, max=5_000)
_RELATED = validate.Length(max=50)


class PatchedNotificationRequest(Schema):
    """What may change: `is_read` always, the rest only of an own note that is not shown yet."""

    title = fields.String(validate=_TITLE)
    message = fields.String(multiline=True, validate=_MESSAGE)
    notification_type = fields.String(validate=validate.OneOf(TYPES))
    delivery_channel = fields.String(validate=validate.OneOf(CHANNELS))
    is_read = fields.Boolean()
    scheduled_for = fields.DateTime(allow_none=True)
    metadata = fields.Dict(keys=fields.String())
    related_object_type = fields.String(validate=_RELATED)
    related_object_id = fields.String(validate=_RELATED)

    @validates_schema
    def check_size(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        """Refuse metadata that would make the inbox heavy."""
        if len(orjson.dumps(data.get("metadata", {}))) > METADATA_BYTES:
            raise ValidationError("At most 8 KiB.", "metadata")


class NotificationRequest(PatchedNotificationRequest):
    """A note to oneself; by staff a message to anybody."""

    title = fields.String(required=True, validate=_TITLE)
    message = fields.String(required=True, multiline=True, validate=_MESSAGE)
    notification_type = fields.String(required=True, validate=validate.OneOf(TYPES))
    delivery_channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    user_id = fields.Integer(allow_none=True, validate=validate.Range(min=1), metadata={"description": "Staff only."})
    action_url = fields.String(validate=validate.Length(max=500))
    priority = fields.String(load_default="normal", validate=validate.OneOf(PRIORITIES[:3]))

    @validates_schema
    def check_link(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        """Refuse links that leave the front end."""
        if "action_url" in data and on_front_end(data["action_url"]) is None:
            raise ValidationError("Must be a path of this site.", "action_url")


class GroupedQuery(QuerySchema):
    """What is grouped."""

    is_unread = fields.Boolean()
    per_group = fields.Integer(load_default=10, validate=validate.Range(min=1, max=50))


class NotificationGroup(Schema):
    """Lines that belong together."""

    group_key = fields.String(metadata={"description": "today, yesterday, or a type."})
    group_type = fields.String(validate=validate.OneOf(("date", "notification_type")))
    count = fields.Integer()
    unread_count = fields.Integer()
    latest_notification = fields.Nested(NotificationList)
    notifications = fields.List(fields.Nested(NotificationList))


@notes.route("/notifications/")
class Notes(MethodView):
    """Notes and messages."""

    @notes.operation(
        "notifications_create",
        SIGNED_IN,
        refuses=[ForStaffOnly, TooManyNotes],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @notes.arguments(NotificationRequest)
    @notes.response(201, Notification)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Leave a note for yourself; as staff write to anybody.

        With `scheduled_for` it is shown then. Staff's messages by email are in the inbox and in the mail.
        """
        note = Note(
            title=body["title"],
            message=body["message"],
            notification_type=body["notification_type"],
            channel=body["delivery_channel"],
            user_id=body.get("user_id"),
            is_read=body.get("is_read", False),
            scheduled_for=body.get("scheduled_for"),
            metadata=body.get("metadata", {}),
            related=(body.get("related_object_type", ""), body.get("related_object_id", "")),
            action_url=on_front_end(body["action_url"]) if "action_url" in body else None,
            priority=Priority[body["priority"].upper()],
        )
        with transaction() as session:
            reader, written = write_note(session, note, by=identity(), now=utc_now())
            line = shown(session.connection(), reader, written)
        return {**line, "delivery_channel": body["delivery_channel"]}


@notes.route("/notifications/<id:notification_id>/")
class OneNote(MethodView):
    """One line."""

    @notes.operation("notifications_update", SIGNED_IN, refuses=[NotificationNotFound], matches=True)
    @notes.arguments(NotificationRequest)
    @notes.response(200, Notification)
    def put(self, body: dict[str, Any], notification_id: int) -> dict[str, Any]:
        """Mark a line, or rewrite an own note that is not shown yet; the rest is ignored."""
        return _edit(notification_id, body)

    @notes.operation("notifications_partial_update", SIGNED_IN, refuses=[NotificationNotFound], matches=True)
    @notes.arguments(PatchedNotificationRequest)
    @notes.response(200, Notification)
    def patch(self, body: dict[str, Any], notification_id: int) -> dict[str, Any]:
        """Mark a line, or change an own note that is not shown yet; the rest is ignored."""
        return _edit(notification_id, body)


@notes.route("/notifications/grouped/")
class Grouped(MethodView):
    """The inbox in groups."""

    @notes.operation("notifications_grouped_retrieve", SIGNED_IN)
    @notes.arguments(GroupedQuery, location="query")
    @notes.response(200, NotificationGroup(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Group the inbox: today, yesterday, then what is older by type, most first."""
        now, me = utc_now(), identity().user_id
        with reading() as connection:
            zone = inbox.person(connection, me)[0]
            return inbox.grouped(
                connection,
                user_id=me,
                zone=zone,
                now=now,
                is_unread=query.get("is_unread"),
                per_group=query["per_group"],
            )


def _edit(notification_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    me = identity().user_id
    with transaction() as session:
        lock_inbox(session, me)
        require_match(shown(session.connection(), me, notification_id)["inbox_version"])
        edit_note(session, user_id=me, notification_id=notification_id, changes=changes, now=utc_now())
        return shown(session.connection(), me, notification_id)
