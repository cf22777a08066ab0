"""Answers that several operations give."""

from typing import Any
from uuid import UUID

from services.media.clients.storage import Storage, configured
from services.media.domain import kinds, parts
from services.media.models import Media
from services.media.operations.announcing import media_channel
from services.media.operations.presigning import Presigned
from services.media.queries.presenting import one_media
from services.media.settings import settings
from shared.database import reading
from shared.database.waiting import Waiting
from shared.http import identity, set_version, wait_seconds

WAIT_USUAL, WAIT_MAX = 5, 10
# Half of a process's threads: the others go on answering while these wait.
WAITING = Waiting(4)


def storage() -> Storage:
    """Return this process's storage."""
    return configured(settings())


def shown(media_id: UUID) -> dict[str, Any]:
    """Return a file as the caller may see it, and name its version. Raises MediaNotFound."""
    with reading() as connection:
        found = one_media(connection, media_id, by=identity())
    set_version(found["version"])
    return found


def shown_when_ready(media: Media) -> dict[str, Any]:
    """Return a file as soon as it is ready or has failed, or after a few seconds as it is then."""
    seconds = wait_seconds(WAIT_MAX, default=WAIT_USUAL)

    def look() -> dict[str, Any] | None:
        found = shown(media.id)
        return None if found["status"] == kinds.PROCESSING else found

    return WAITING.until(media_channel(media.id), look, seconds=seconds) or shown(media.id)


def presigned(one: Presigned) -> dict[str, Any]:
    """Return the permission to upload."""
    size = one.slot.size
    cut = {"part_size": parts.part_size(size), "parts": parts.part_count(size), "upload_id": one.slot.upload_id}
    return {
        "upload_url": one.upload.url if one.upload else None,
        "upload_method": "PUT",
        "upload_headers": dict(one.upload.headers) if one.upload else {},
        "media_id": one.media.id,
        "storage_key": one.slot.key,
        "expires_at": one.expires_at,
        "max_size": size,
        "multipart": cut if one.slot.upload_id else None,
    }
