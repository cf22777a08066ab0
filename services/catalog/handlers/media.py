"""What media tells: files that are ready, broken or gone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.catalog.models import MediaFile
from services.catalog.operations.media import attach, detach
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """The whole public state of a file."""

    media_id: UUID
    url: str
    thumbnail_url: str | None = None
    filename: str | None = None
    file_size: int | None = None
    content_type: str | None = None
    media_type: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    uploaded_by: int = 0
    title: str | None = None
    description: str | None = None
    alt_text: str | None = None
    is_primary: bool = False
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGone:
    """A file that can not, or no longer, be shown."""

    media_id: UUID


_SHOWN = (
    *("filename", "file_size", "content_type", "media_type", "title", "description", "alt_text", "width", "height"),
)


@handles("media.ready", MediaReady)
def keep_file(session: Session, event: MediaReady, message: Message) -> None:
    """Keep the file; one that was uploaded for a service is shown with it."""
    details: dict[str, Any] = {
        "id": str(event.media_id),
        "url": event.url,
        "thumbnail_url": event.thumbnail_url,
        "created_at": event.created_at.isoformat() if event.created_at else None,
        **{name: getattr(event, name) for name in _SHOWN},
        "duration": None if event.duration is None else round(event.duration),
    }
    values = {
        "url": event.url,
        "thumbnail_url": event.thumbnail_url,
        "uploaded_by": event.uploaded_by,
        "entity_type": event.entity_type,
        "entity_id": event.entity_id,
        "details": details,
    }
    if replace_replica(session, MediaFile, key={"media_id": event.media_id}, values=values, message=message):
        attach(session, event.media_id, primary=event.is_primary)


@handles("media.deleted", MediaGone)
def drop_file(session: Session, event: MediaGone, message: Message) -> None:
    """Show the file no longer."""
    if remove_replica(session, MediaFile, key={"media_id": event.media_id}, message=message):
        detach(session, event.media_id)


@handles("media.failed", MediaGone)
def drop_broken_file(session: Session, event: MediaGone, message: Message) -> None:
    """A file that can not be shown is as good as none."""
    if remove_replica(session, MediaFile, key={"media_id": event.media_id}, message=message):
        detach(session, event.media_id)
