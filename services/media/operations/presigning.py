"""Permission to upload: a row that waits, room that is kept for it, and an address that takes exactly what was said."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.media.clients.storage import Slot, Storage, StorageAway, Upload
from services.media.domain import kinds, parts
from services.media.domain.errors import InvalidTransition, MediaNotPending
from services.media.models import Media
from services.media.operations import quotas
from services.media.operations.inspecting import refuse_blocked
from services.media.operations.intake import Wanted, admit, limit_pending, new_media
from services.media.settings import settings
from shared.clock import utc_now
from shared.errors import Invalid
from shared.identity import Identity


@dataclass(frozen=True, slots=True)
class Presigned:
    """An upload that may begin; `upload` is None where it comes in parts."""

    media: Media
    slot: Slot
    upload: Upload | None
    expires_at: datetime


def begin_upload(
    session: Session,
    wanted: Wanted,
    *,
    by: Identity,
    size: int | None,
    sha256: str | None = None,
) -> Media:
    """Note an upload that is to come and keep room for it; without a size none is kept yet.

    Raises FileTooLarge, QuotaExceeded, NotYourEntity, Suspended, TooManyUploads, TooManyPending, BytesBlocked.
    """
    kind = wanted.declared.media_type
    if size is not None:
        kinds.check_size(kind, size, settings())
    to = admit(session, wanted, by=by)
    refuse_blocked(session, sha256)
    most = quotas.quota_of(session, by)
    quotas.charge(session, by.user_id, kind, reserved=size or 0, most=most)
    limit_pending(session, by.user_id)
    return new_media(
        session,
        wanted,
        to,
        by=by,
        declared_size=size,
        declared_sha256=sha256,
        file_size=size or 0,
        counted_bytes=size or 0,
        upload_expires_at=utc_now() + timedelta(seconds=settings().media_presign_seconds),
    )


def slot_of(media: Media) -> Slot:
    """Return where the file's upload goes."""
    return Slot(
        media_id=media.id,
        generation=media.upload_generation,
        size=media.declared_size or 0,
        content_type=media.declared_type,
        sha256=media.declared_sha256,
        upload_id=media.multipart_upload_id,
    )


def permit(storage: Storage, media: Media) -> Presigned:
    """Return the permission to upload what the row says; nothing is sent anywhere. Raises StorageAway."""
    if storage.trouble() is not None:
        raise StorageAway(retry_after=30)
    assert media.upload_expires_at is not None, "a pending upload runs out"
    slot = slot_of(media)
    upload = None if media.multipart_upload_id else storage.presign_put(slot, expires_at=media.upload_expires_at)
    return Presigned(media, slot, upload, media.upload_expires_at)


def check_multipart(size: int) -> None:
    """Refuse parts for what is too small to be cut. Raises Invalid."""
    if size <= parts.MULTIPART_MIN_BYTES:
        raise Invalid.field("multipart", "Only files of more than 5 MiB are sent in parts.")


def renew_upload(
    session: Session, media: Media, *, by: Identity, size: int | None, content_type: str | None, sha256: str | None
) -> Media:
    """Give an unfinished upload a new address; the former one no longer works, and room is kept for the new size.

    The caller holds the row. Raises MediaNotPending, FileTooLarge, QuotaExceeded, TypeRefused.
    """
    if media.status != kinds.PENDING:
        raise MediaNotPending
    if content_type is not None:
        declared = kinds.declared(media.filename, content_type)
        if declared.media_type != media.media_type:
            raise InvalidTransition("The media type of an upload can not change.")
    wanted = size if size is not None else media.declared_size
    if wanted is None:
        raise Invalid.field("file_size", "Say how many bytes are to come.")
    kinds.check_size(media.media_type, wanted, settings())
    most = quotas.quota_of(session, by)
    quotas.charge(session, by.user_id, media.media_type, reserved=wanted - media.counted_bytes, most=most)
    media.declared_size = media.file_size = media.counted_bytes = wanted
    if sha256 is not None or size is not None:
        media.declared_sha256 = sha256
    media.upload_generation += 1
    media.upload_expires_at = utc_now() + timedelta(seconds=settings().media_presign_seconds)
    session.flush()
    return media
