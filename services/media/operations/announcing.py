"""Telling of a change, in the transaction of the change."""

from uuid import UUID

from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.events import MediaDeleted, MediaFailed, MediaReady
from services.media.models import Media
from shared.clock import utc_now
from shared.database.waiting import notify
from shared.messaging import record

JOBS_CHANNEL = "media_jobs"


def media_channel(media_id: UUID) -> str:
    """Return the name under which those who wait for a file are woken."""
    return f"media_{media_id.hex}"


def announce(session: Session, media: Media) -> None:
    """Count the change, and tell the state of a file that is ready, or why it failed. Emits MediaReady, MediaFailed."""
    media.updated_at = utc_now()
    session.flush()
    if media.status == kinds.READY:
        record(session, MediaReady.of(session, media), subject=media)
    elif media.status == kinds.FAILED:
        record(session, MediaFailed.of(media), subject=media)
    notify(session, media_channel(media.id))


def announce_deleted(session: Session, media: Media, *, uploader: int | None = None) -> None:
    """Count the change, and tell that a file is gone. Emits MediaDeleted."""
    media.updated_at = utc_now()
    record(session, MediaDeleted.of(media, uploader=uploader), subject=media)
    notify(session, media_channel(media.id))


def announce_detached(session: Session, media: Media, *, entity: tuple[str, str]) -> None:
    """Count the change, and tell that a file no longer belongs to `entity`. Emits MediaDeleted."""
    media.updated_at = utc_now()
    record(session, MediaDeleted.of(media, cause="detached", entity=entity), subject=media)
