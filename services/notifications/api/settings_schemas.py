"""What the operations on settings read and answer."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from services.notifications.domain.words import TYPES
from shared.http import QuerySchema, Schema, fields


class Channels(Schema):
    """Channels; those that are not named stay as they are."""

    email_enabled = fields.Boolean()
    sms_enabled = fields.Boolean()
    in_app_enabled = fields.Boolean()
    push_enabled = fields.Boolean()


class NotificationSettingRequest(Channels):
    """The channels of a type."""

    notification_type = fields.String(required=True, validate=validate.OneOf(TYPES))


class PatchedNotificationSettingRequest(Channels):
    """Some channels of a type."""

    notification_type = fields.String(validate=validate.OneOf(TYPES))


class NotificationSetting(NotificationSettingRequest):
    """The channels of a type as they are."""

    id = fields.Integer(dump_only=True)
    notification_type_display = fields.String(dump_only=True)
    created_at = fields.DateTime(dump_only=True, allow_none=True, metadata={"description": "Null: never changed."})
    updated_at = fields.DateTime(dump_only=True, allow_none=True)
    is_default = fields.Boolean(dump_only=True)


class BulkNotificationSettingsRequest(Schema):
    """Several types at once, each at most once."""

    preferences = fields.List(fields.Nested(NotificationSettingRequest), required=True, validate=validate.Length(min=1))

    @validates_schema
    def check_types(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        """Refuse a type that is named twice."""
        types = [one["notification_type"] for one in data.get("preferences", [])]
        if len(types) != len(set(types)):
            raise ValidationError("Name each type once.", "preferences")


class SettingsQuery(QuerySchema):
    """Which settings."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1))
    page_size = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))
    notification_type = fields.String(validate=validate.OneOf(TYPES))
    email_enabled = fields.Boolean()
    sms_enabled = fields.Boolean()
    in_app_enabled = fields.Boolean()
    push_enabled = fields.Boolean()
    any_enabled = fields.Boolean()
    all_disabled = fields.Boolean()


class KindChannels(Schema):
    """Channels of a kind; null follows the type."""

    email_enabled = fields.Boolean(allow_none=True)
    in_app_enabled = fields.Boolean(allow_none=True)
    push_enabled = fields.Boolean(allow_none=True)
    sms_enabled = fields.Boolean(allow_none=True)


class ChannelState(Schema):
    """Whether a channel is used, and what says so."""

    enabled = fields.Boolean()
    source = fields.String(validate=validate.OneOf(("default", "type", "kind")))


class ChannelStates(Schema):
    """All channels of a kind."""

    in_app = fields.Nested(ChannelState)
    email = fields.Nested(ChannelState)
    push = fields.Nested(ChannelState)
    sms = fields.Nested(ChannelState)


class KindSetting(Schema):
    """What somebody gets of a kind."""

    kind = fields.String()
    notification_type = fields.String()
    name = fields.String()
    description = fields.String()
    audience = fields.String(validate=validate.OneOf(("client", "practitioner", "staff")))
    mandatory = fields.Boolean()
    channels = fields.Nested(ChannelStates)
