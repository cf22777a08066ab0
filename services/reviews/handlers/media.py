"""What media tells: images that people upload for their reviews."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.models import MediaFile
from services.reviews.operations.following import follow_file
from shared.messaging import Message, handles, remove_replica, replace_replica

ENTITY, IMAGE, PUBLIC = "review", "image", "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """The part of a file that reviews show."""

    media_id: UUID
    url: str
    thumbnail_url: str | None = None
    media_type: str | None = None
    entity_type: str | None = None
    uploaded_by: int | None = None
    visibility: str = PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGone:
    """A file that can not, or no longer, be shown."""

    media_id: UUID
    entity_type: str | None = None


@handles("media.ready", MediaReady)
def keep_file(session: Session, event: MediaReady, message: Message) -> None:
    """Keep a public image for a review; a file that is no such thing any more goes."""
    if (event.entity_type, event.media_type, event.visibility) != (ENTITY, IMAGE, PUBLIC):
        _drop(session, event.media_id, event.entity_type, message)
        return
    values = {
        "url": event.url,
        "thumbnail_url": event.thumbnail_url,
        "media_type": event.media_type,
        "uploaded_by": event.uploaded_by or 0,
    }
    if replace_replica(session, MediaFile, key={"media_id": event.media_id}, values=values, message=message):
        follow_file(session, event.media_id)


@handles("media.deleted", MediaGone)
@handles("media.failed", MediaGone)
def drop_file(session: Session, event: MediaGone, message: Message) -> None:
    """Show the file no longer."""
    _drop(session, event.media_id, event.entity_type, message)


def _drop(session: Session, media_id: UUID, entity_type: str | None, message: Message) -> None:
    is_known = session.scalar(select(MediaFile.media_id).where(MediaFile.media_id == media_id)) is not None
    if not is_known and entity_type != ENTITY:
        return
    gone = {"url": None, "thumbnail_url": None}
    if remove_replica(session, MediaFile, key={"media_id": media_id}, values=gone, message=message):
        follow_file(session, media_id)
