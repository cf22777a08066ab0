"""Bytes that are here: made into a file, by upload or by the confirmation of an earlier one."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.media.clients.films import film_tools
from services.media.clients.storage import Bucket, Storage
from services.media.domain import kinds
from services.media.models import Blob, Media
from services.media.models.blob import LIVE
from services.media.models.job import FIRST
from services.media.operations import quotas
from services.media.operations.announcing import announce
from services.media.operations.blobs import discard, fresh_key, names, source_key, take_blob
from services.media.operations.inspecting import Inspected, refuse_blocked
from services.media.operations.intake import Wanted, admit, content_url, new_media
from services.media.operations.queueing import queue_job
from services.media.operations.showing import show_blob
from services.media.settings import Settings
from shared.clock import utc_now
from shared.identity import Identity


@dataclass(frozen=True, slots=True)
class Placed:
    """Where checked bytes lie, before any row names them; `live`: nothing is to be made of them."""

    inspected: Inspected
    bucket: Bucket
    key: str
    live: bool


def place_for(inspected: Inspected, *, visibility: str, told: Settings) -> Placed:
    """Return where the bytes are to be put: what is served as it is goes to its place at once."""
    tools = film_tools(told)
    live = (inspected.media_type == kinds.DOCUMENT and not told.media_scan_command) or (
        inspected.media_type == kinds.AUDIO and not tools.ffprobe
    )
    if live:
        bucket: Bucket = "public" if visibility == kinds.PUBLIC else "private"
        return Placed(inspected, bucket, fresh_key(inspected.extension, sha256=inspected.sha256), live)
    return Placed(inspected, "private", source_key(inspected.extension), live)


def receive(session: Session, wanted: Wanted, placed: Placed, *, by: Identity) -> Media:
    """Make a file of bytes that were sent with the request, and have them processed.

    Raises NotYourEntity, Suspended, TooManyUploads, QuotaExceeded, BytesBlocked. Emits MediaReady.
    """
    to = admit(session, wanted, by=by)
    refuse_blocked(session, placed.inspected.sha256)
    size = placed.inspected.size
    most = quotas.quota_of(session, by)
    quotas.charge(session, by.user_id, placed.inspected.media_type, used=size, files=1, most=most)
    media = new_media(session, wanted, to, by=by, declared_size=size, status=kinds.PROCESSING)
    media.counted_bytes = size
    fill(session, media, placed)
    return media


def fill(session: Session, media: Media, placed: Placed) -> None:
    """Give a row its bytes: those that were placed, or equal ones that are here already. Emits MediaReady."""
    found = placed.inspected
    media.content_type, media.media_type = found.content_type, found.media_type
    media.file_size, media.width, media.height = found.size, found.width, found.height
    media.upload_expires_at = None
    media.url = content_url(media.id)
    media.status = kinds.PROCESSING
    blob = take_blob(
        session,
        sha256=found.sha256,
        visibility=media.visibility,
        content_type=found.content_type,
        size=found.size,
        key=placed.key,
        live=placed.live,
    )
    media.blob_id = blob.id
    if not names(blob, placed.key):
        discard(session, placed.bucket, [placed.key])
    settle(session, media, blob)


def settle(session: Session, media: Media, blob: Blob) -> None:
    """Show a blob that is ready, or have it made. Emits MediaReady."""
    if blob.state == LIVE:
        media.status, media.processed_at = kinds.READY, utc_now()
        show_blob(session, media, blob)
    else:
        operations = {kinds.IMAGE: ["thumbnail", "optimize"], kinds.VIDEO: ["thumbnail"]}
        queue_job(session, media, kind=FIRST, operations=operations.get(media.media_type, ["extract_metadata"]))
    announce(session, media)


def store(storage: Storage, placed: Placed, path: Any) -> None:
    """Put checked bytes where they were placed."""
    storage.put(placed.bucket, placed.key, path, content_type=placed.inspected.content_type)
