"""What media reads."""

from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from services.media.api.forms import EntityId, File, FormSchema
from services.media.domain import kinds, variants
from shared.http import QuerySchema, Schema, fields

BATCH_MAX = 10
PRESIGN_MAX = 20
MANY_MAX = 100
ORDER_MAX = 100_000


def line(most: int, **told: Any) -> fields.String:
    """Return a field of one line."""
    least = told.pop("least", 0)
    return fields.String(validate=validate.Length(min=least, max=most), **told)


def entity_type(**told: Any) -> fields.String:
    """Return the field that says what kind of thing a file is attached to."""
    return fields.String(validate=validate.OneOf(kinds.ENTITY_TYPES), **told)


def media_ids(least: int = 1, **told: Any) -> fields.List[Any]:
    """Return a field of many files' ids."""
    return fields.List(fields.UUID(), validate=validate.Length(min=least, max=MANY_MAX), **told)


class Told(Schema):
    """What is said of a file."""

    entity_type = entity_type(required=True)
    entity_id = EntityId(required=True)
    title = line(255, allow_none=True)
    description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=5000))
    alt_text = line(500, allow_none=True)
    is_primary = fields.Boolean()
    display_order = fields.Integer(validate=validate.Range(0, ORDER_MAX))
    visibility = fields.String(validate=validate.OneOf(kinds.VISIBILITIES))


class MediaRequest(Told):
    """A file's own words; its bytes never change."""

    filename = line(255, least=1, required=True)


class MediaCreateRequest(Told):
    """A file, with its bytes or before them."""

    filename = fields.String(required=True, validate=validate.Length(min=1, max=1000))
    file = File()
    content_type = line(100)
    file_size = fields.Integer(validate=validate.Range(min=1))


class MediaUploadRequest(Told, FormSchema):
    """A file with what is said of it."""

    file = File(required=True)


class BatchUploadRequest(FormSchema):
    """Several files for the same thing; the field may be called files, files[] or file."""

    files = fields.List(File(), required=True, validate=validate.Length(min=1, max=BATCH_MAX))
    entity_type = entity_type(required=True)
    entity_id = EntityId(required=True)
    visibility = fields.String(validate=validate.OneOf(kinds.VISIBILITIES))


class PresignedUploadRequest(Told):
    """An upload that is to come, to the byte."""

    filename = fields.String(required=True, validate=validate.Length(min=1, max=1000))
    content_type = line(100, required=True)
    file_size = fields.Integer(required=True, validate=validate.Range(min=1))
    sha256 = fields.String(validate=validate.Regexp(r"\A[0-9A-Fa-f]{64}\Z", error="64 hexadecimal digits."))
    multipart = fields.Boolean()


class Unread(fields.List[Any]):
    """A list whose members are read one by one later, so that one that is wrong does not spoil the others."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> list[Any]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise ValidationError("Must be a list of objects.")
        return value


class PresignedBatchRequest(Schema):
    """Several uploads that are to come; each is judged alone."""

    uploads = Unread(
        fields.Nested(PresignedUploadRequest), required=True, validate=validate.Length(min=1, max=PRESIGN_MAX)
    )


class PartEtag(Schema):
    """A part as its upload was answered."""

    part_number = fields.Integer(required=True, validate=validate.Range(1, 10_000))
    etag = fields.String(required=True)


class ConfirmUploadRequest(Schema):
    """May be empty."""

    file_size = fields.Integer()
    parts = fields.List(fields.Nested(PartEtag))


class RenewUploadRequest(Schema):
    """What is to come instead, where that changed."""

    file_size = fields.Integer(validate=validate.Range(min=1))
    content_type = line(100)
    sha256 = fields.String(validate=validate.Regexp(r"\A[0-9A-Fa-f]{64}\Z", error="64 hexadecimal digits."))


class PartsRequest(Schema):
    """Which parts are to be sent next."""

    part_numbers = fields.List(
        fields.Integer(validate=validate.Range(1, 10_000)), required=True, validate=validate.Length(min=1, max=MANY_MAX)
    )


class ProcessOptions(Schema):
    """How a file is processed."""

    width = fields.Integer(validate=validate.Range(1, 4096), allow_none=True)
    height = fields.Integer(validate=validate.Range(1, 4096), allow_none=True)
    fit = fields.String(validate=validate.OneOf(("inside", "cover", "fill")))
    quality = fields.Integer(validate=validate.Range(1, 95))
    format = fields.String(validate=validate.OneOf((*variants.IMAGE_FORMATS, *variants.VIDEO_FORMATS)))


class ProcessRequest(Schema):
    """What is to be done with a file; options may also stand under the name of their operation."""

    operations = fields.List(
        fields.String(validate=validate.OneOf(variants.OPERATIONS)), required=True, validate=validate.Length(1, 5)
    )
    options = fields.Dict()

    @validates_schema
    def refuse_repeats(self, data: dict[str, Any], **_: Any) -> None:
        """Each operation once."""
        if len(set(data.get("operations", ()))) != len(data.get("operations", ())):
            raise ValidationError("Name each operation once.", "operations")


class BulkDeleteRequest(Schema):
    """Which files go."""

    media_ids = media_ids(required=True)


class Updates(Schema):
    """What may be changed of many files at once."""

    title = line(255, allow_none=True)
    description = fields.String(multiline=True, allow_none=True, validate=validate.Length(max=5000))
    alt_text = line(500, allow_none=True)
    display_order = fields.Integer(validate=validate.Range(0, ORDER_MAX))
    visibility = fields.String(validate=validate.OneOf(kinds.VISIBILITIES))


class BulkUpdateRequest(Schema):
    """Which files change, and how."""

    media_ids = media_ids(required=True)
    updates = fields.Dict(required=True)


class AttachRequest(Schema):
    """Which uploads, and what they belong to now."""

    media_ids = media_ids()
    from_entity_id = EntityId()
    entity_type = entity_type(required=True)
    entity_id = EntityId(required=True)

    @validates_schema
    def demand_files(self, data: dict[str, Any], **_: Any) -> None:
        """Files are named by their ids, or by the temporary id that they were put under."""
        if not data.get("media_ids") and not data.get("from_entity_id"):
            raise ValidationError("Name files, or the temporary id that they were put under.", "media_ids")


class ReorderRequest(Schema):
    """The wished order."""

    entity_type = entity_type(required=True)
    entity_id = EntityId(required=True)
    media_ids = media_ids(required=True)


class SignedUrlRequest(Schema):
    """For how long, and what of the file."""

    expires_in = fields.Integer(validate=validate.Range(60, 86_400), load_default=3_600)
    version = line(30)
    download = fields.Boolean(load_default=False)


class TakedownRequest(Schema):
    """Why a file is taken down."""

    reason = line(500, least=1, required=True)
    block_hash = fields.Boolean(load_default=False)


class ContentQuery(QuerySchema):
    """What of a file, and the permission that an address carries."""

    version = line(30)
    download = fields.Boolean()
    exp = fields.String(metadata={"type": "integer"})
    sig = fields.String()
    kid = fields.String()
    expires = fields.String(metadata={"description": "With `signature`: the form that other services sign."})
    signature = fields.String()


class BytesQuery(QuerySchema):
    """The permission that an upload's address carries."""

    exp = fields.String(required=True, metadata={"type": "integer"})
    sig = fields.String(required=True)
    kid = fields.String(required=True)
    part = fields.Integer(validate=validate.Range(1, 10_000))


class UsageQuery(QuerySchema):
    """Whose; staff only."""

    user = fields.Integer(validate=validate.Range(min=1))
