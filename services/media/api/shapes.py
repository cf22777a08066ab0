"""What media answers."""

from marshmallow import validate

from services.media.domain import kinds
from shared.http import Schema, fields
from shared.http.pages import page_schema


def url(**told: object) -> fields.String:
    """Return the field of an address."""
    return fields.String(metadata={"format": "uri", **told})


class MediaVersion(Schema):
    """A variant of a file."""

    id = fields.Integer()
    version_type = fields.String(metadata={"description": "thumbnail, small, medium, large, hd, poster, resize_WxH …"})
    url = url()
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    file_size = fields.Integer()
    format = fields.String()
    created_at = fields.Raw(metadata={"type": "string", "format": "date-time"})


class MediaProcessingJob(Schema):
    """Work on a file."""

    job_id = fields.UUID()
    status = fields.String(metadata={"enum": ["queued", "processing", "completed", "failed", "cancelled"]})
    operations = fields.List(fields.String())
    options = fields.Dict()
    progress = fields.Float(metadata={"description": "0 to 100."})
    current_operation = fields.String(allow_none=True)
    completed_operations = fields.List(fields.String())
    error_message = fields.String(allow_none=True)
    attempts = fields.Integer()
    started_at = fields.DateTime(allow_none=True)
    completed_at = fields.DateTime(allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class Media(Schema):
    """A file. `url`, `thumbnail_url` and the addresses of versions are permanent and never signed."""

    id = fields.UUID()
    # An address, or nothing: the empty text is no "uri", but it is a reference. Source: RFC 3986, section 4.1.
    url = url(format="uri-reference", description="Empty while pending or failed.")
    thumbnail_url = fields.String(allow_none=True, metadata={"format": "uri"})
    signed_url = fields.String(
        allow_none=True, metadata={"format": "uri", "description": "Of private files, to their owner, for an hour."}
    )
    signed_url_expires_at = fields.DateTime(allow_none=True)
    filename = fields.String()
    file_size = fields.Integer()
    content_type = fields.String()
    media_type = fields.String(validate=validate.OneOf(kinds.MEDIA_TYPES))
    entity_type = fields.String(validate=validate.OneOf(kinds.ENTITY_TYPES))
    entity_id = fields.String()
    entity_known = fields.Boolean()
    visibility = fields.String(validate=validate.OneOf(kinds.VISIBILITIES))
    title = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    alt_text = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(kinds.STATUSES))
    processing_metadata = fields.Dict(allow_none=True)
    error_message = fields.String(allow_none=True)
    error_code = fields.String(allow_none=True)
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    duration = fields.Float(allow_none=True, metadata={"description": "Seconds, to three places."})
    is_primary = fields.Boolean()
    display_order = fields.Integer()
    uploaded_by = fields.Integer(allow_none=True)
    uploaded_by_username = fields.String()
    view_count = fields.Integer()
    download_count = fields.Integer()
    processed_at = fields.DateTime(allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()
    versions = fields.List(fields.Nested(MediaVersion))
    processing_jobs = fields.List(fields.Nested(MediaProcessingJob))


MediaPage = page_schema(Media)


class MultipartUpload(Schema):
    """How a large file is cut."""

    part_size = fields.Integer()
    parts = fields.Integer()
    upload_id = fields.String()


class PresignedUpload(Schema):
    """Permission to upload: send exactly these headers and exactly `max_size` bytes."""

    upload_url = fields.String(allow_none=True, metadata={"format": "uri"})
    upload_method = fields.String()
    upload_headers = fields.Dict(keys=fields.String(), values=fields.String())
    media_id = fields.UUID()
    storage_key = fields.String()
    expires_at = fields.DateTime()
    max_size = fields.Integer()
    multipart = fields.Nested(MultipartUpload, allow_none=True)


class MediaCreated(Media):
    """A file, and the permission to upload it where its bytes are still to come."""

    upload = fields.Nested(PresignedUpload, allow_none=True)


class BatchUploadError(Schema):
    """A file of a batch that was refused."""

    file = fields.String()
    index = fields.Integer()
    error = fields.String()
    code = fields.String()


class BatchUploadSummary(Schema):
    """How a batch went."""

    total = fields.Integer()
    successful = fields.Integer()
    failed = fields.Integer()


class BatchUploadResult(Schema):
    """What became of each file."""

    created = fields.List(fields.Nested(Media))
    errors = fields.List(fields.Nested(BatchUploadError))
    summary = fields.Nested(BatchUploadSummary)


class PresignedBatchItem(Schema):
    """One of many permissions, or why there is none."""

    index = fields.Integer()
    upload = fields.Nested(PresignedUpload, allow_none=True)
    error = fields.String(allow_none=True)
    code = fields.String(allow_none=True)


class PresignedBatchResult(Schema):
    """Permissions, in the order asked."""

    results = fields.List(fields.Nested(PresignedBatchItem))


class UploadedPart(Schema):
    """A part that has arrived."""

    part_number = fields.Integer()
    size = fields.Integer()
    etag = fields.String()


class PresignedPart(Schema):
    """Permission to upload a part."""

    part_number = fields.Integer()
    url = url()
    size = fields.Integer()
    expires_at = fields.DateTime()


class BulkDeleteError(Schema):
    """Never used: a deletion is of all or none."""

    media_id = fields.UUID()
    error = fields.String()


class BulkDeleteResult(Schema):
    """How many are gone."""

    deleted = fields.Integer()
    errors = fields.List(fields.Nested(BulkDeleteError))


class BulkUpdateResult(Schema):
    """How many were changed."""

    updated = fields.Integer()


class AttachResult(Schema):
    """What was moved."""

    updated = fields.Integer()
    media = fields.List(fields.Nested(Media))


class SignedUrl(Schema):
    """An address that works for whoever holds it, until it runs out."""

    url = url()
    expires_at = fields.DateTime()


class ViewCount(Schema):
    """How often it was looked at."""

    view_count = fields.Integer()


class DownloadCount(Schema):
    """How often it was fetched."""

    download_count = fields.Integer()


class BytesByType(Schema):
    """Bytes by media type."""

    image = fields.Integer()
    video = fields.Integer()
    audio = fields.Integer()
    document = fields.Integer()


class MediaUsage(Schema):
    """How much room is taken, and left; null where nothing limits it."""

    used_bytes = fields.Integer()
    reserved_bytes = fields.Integer()
    quota_bytes = fields.Integer(allow_none=True)
    available_bytes = fields.Integer(allow_none=True)
    files = fields.Integer()
    by_type = fields.Nested(BytesByType)


class MediaTypeLimit(Schema):
    """What is taken of one media type."""

    media_type = fields.String()
    max_bytes = fields.Integer()
    extensions = fields.List(fields.String())
    content_types = fields.List(fields.String())


class MediaCapabilities(Schema):
    """What this installation can do."""

    avif = fields.Boolean()
    heic = fields.Boolean()
    video_metadata = fields.Boolean()
    video_transcode = fields.Boolean()


class MediaLimits(Schema):
    """What may be uploaded."""

    types = fields.List(fields.Nested(MediaTypeLimit))
    batch_max_files = fields.Integer()
    presign_seconds = fields.Integer()
    multipart_min_bytes = fields.Integer()
    capabilities = fields.Nested(MediaCapabilities)
    storage = fields.String()


class StoredBytes(Schema):
    """What was stored."""

    etag = fields.String()
