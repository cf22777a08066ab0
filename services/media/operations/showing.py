"""What a file shows of its blob: size, type, variants with their addresses."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.clients.storage import configured
from services.media.domain import kinds
from services.media.models import Blob, BlobVersion, Media
from services.media.operations.intake import content_url
from services.media.settings import settings


def show_blob(session: Session, media: Media, blob: Blob) -> None:
    """Copy what the blob is into the file's row."""
    assert blob.storage_key is not None, "only a live blob is shown"
    assert blob.content_type is not None, "only a live blob is shown"
    versions = session.scalars(select(BlobVersion).where(BlobVersion.blob_id == blob.id).order_by(BlobVersion.id)).all()
    media.content_type = blob.content_type
    media.file_size = blob.size or 0
    media.width, media.height, media.duration = blob.width, blob.height, blob.duration
    media.meta = {**blob.meta}
    media.url = address(media, blob.storage_key)
    media.versions = [_shown(media, one) for one in versions]
    media.error_code = media.error_message = None


def address(media: Media, key: str, version: str | None = None) -> str:
    """Return the permanent address of an object: of the storage's own domain where it has one, else ours."""
    outside = configured(settings()).public_url(key) if media.visibility == kinds.PUBLIC else None
    return outside or content_url(media.id, version)


def _shown(media: Media, one: BlobVersion) -> dict[str, Any]:
    return {
        "id": one.id,
        "version_type": one.version_type,
        "url": address(media, one.storage_key, one.version_type),
        "width": one.width,
        "height": one.height,
        "file_size": one.file_size,
        "format": one.format,
        "created_at": one.created_at.isoformat().replace("+00:00", "Z"),
    }
