"""What media tells: files of covers, thumbnails and recordings that are ready, broken or gone."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.streams.models import MediaFile
from services.streams.operations.media import (
    file_changed,
    file_gone,
    recording_failed,
    recording_gone,
    recording_ready,
)
from shared.messaging import Message, handles, remove_replica, replace_replica

RECORDING = "room_recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """The part of a file's state that streams shows."""

    media_id: UUID
    url: str
    thumbnail_url: str | None = None
    file_size: int | None = None
    entity_type: str | None = None
    entity_id: str | None = None


@handles("media.ready", MediaReady)
def keep_file(session: Session, event: MediaReady, message: Message) -> None:
    """Keep the file's address; a recording's makes it one that can be watched."""
    values = {"url": event.url, "thumbnail_url": event.thumbnail_url}
    if not replace_replica(session, MediaFile, key={"media_id": event.media_id}, values=values, message=message):
        return
    file_changed(session, event.media_id, event.url)
    if event.entity_type == RECORDING:
        file = {name: getattr(event, name) for name in ("media_id", "url", "thumbnail_url", "file_size")}
        recording_ready(session, event.entity_id, file)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailed:
    """A file that can not be shown."""

    media_id: UUID
    entity_type: str | None = None
    entity_id: str | None = None
    error_code: str | None = None


@handles("media.failed", MediaFailed)
def drop_broken_file(session: Session, event: MediaFailed, message: Message) -> None:
    """A recording whose file is broken has failed."""
    if event.entity_type == RECORDING:
        recording_failed(session, event.entity_id, event.error_code or "media_failed")
    if remove_replica(session, MediaFile, key={"media_id": event.media_id}, message=message):
        file_gone(session, event.media_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDeleted:
    """A file that is gone."""

    media_id: UUID


@handles("media.deleted", MediaDeleted)
def drop_file(session: Session, event: MediaDeleted, message: Message) -> None:
    """Show the file no longer."""
    if remove_replica(session, MediaFile, key={"media_id": event.media_id}, message=message):
        file_gone(session, event.media_id)
        recording_gone(session, event.media_id)
