"""What the operations on templates read and answer."""

from marshmallow import validate

from services.notifications.domain.words import CHANNELS, TYPES
from shared.http import Schema, fields

NAME, SUBJECT = validate.Length(max=100), validate.Length(max=255)
BODY, HTML = validate.Length(min=1, max=20_000), validate.Length(max=60_000)


class PatchedNotificationTemplateRequest(Schema):
    """What is to change; what is not named stays."""

    name = fields.String(validate=NAME)
    subject_template = fields.String(validate=SUBJECT)
    body_template = fields.String(multiline=True, validate=BODY)
    html_template = fields.String(
        multiline=True, validate=HTML, metadata={"description": "E-mail; empty: made of the body."}
    )
    is_active = fields.Boolean(metadata={"description": "False: the shipped words are used."})


class NotificationTemplateRequest(PatchedNotificationTemplateRequest):
    """Words of a known kind, on one of its channels, in a language."""

    kind = fields.String(required=True, validate=NAME, metadata={"example": "booking.confirmed"})
    delivery_channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    locale = fields.String(
        load_default="en",
        validate=validate.Regexp(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", error="Must be like en or pt-BR."),
    )
    subject_template = fields.String(load_default="", validate=SUBJECT)
    body_template = fields.String(required=True, multiline=True, validate=BODY)
    html_template = fields.String(load_default="", multiline=True, validate=HTML)
    is_active = fields.Boolean(load_default=True)


class NotificationTemplate(Schema):
    """The words of one kind on one channel in one language."""

    id = fields.Integer(dump_only=True)
    name = fields.String()
    notification_type = fields.String(validate=validate.OneOf(TYPES))
    delivery_channel = fields.String(validate=validate.OneOf(CHANNELS), attribute="channel")
    subject_template = fields.String(attribute="subject")
    body_template = fields.String(attribute="body")
    html_template = fields.String(attribute="html")
    is_active = fields.Boolean()
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)
    kind = fields.String()
    locale = fields.String()
    is_default = fields.Boolean(metadata={"description": "The shipped text."})
    version = fields.Integer()
    variables = fields.List(fields.String(), metadata={"description": "What it may name."})


class TemplateVersion(Schema):
    """What a template said once."""

    version = fields.Integer()
    subject_template = fields.String(attribute="subject")
    body_template = fields.String(attribute="body")
    html_template = fields.String(attribute="html")
    edited_by = fields.Integer(allow_none=True)
    edited_at = fields.DateTime()


class TemplatePreviewRequest(Schema):
    """Drafts instead of what is saved, values over the sample's, and a zone."""

    subject_template = fields.String(validate=SUBJECT)
    body_template = fields.String(multiline=True, validate=BODY)
    html_template = fields.String(multiline=True, validate=HTML)
    context = fields.Dict(keys=fields.String(), load_default=dict)
    timezone = fields.TimeZone(load_default="UTC")


class TemplatePreview(Schema):
    """What the template would say."""

    subject = fields.String()
    body = fields.String()
    html = fields.String(allow_none=True, metadata={"description": "The whole mail; null on other channels."})
    missing_variables = fields.List(
        fields.String(), metadata={"description": "Values that the template names and that are empty."}
    )


class RestoreRequest(Schema):
    """To which version; absent: the shipped words."""

    version = fields.Integer(allow_none=True, validate=validate.Range(min=1))


class TestSent(Schema):
    """A sentence."""

    message = fields.String()
