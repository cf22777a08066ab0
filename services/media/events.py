"""Every fact that media announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.domain.variants import POSTER, THUMBNAIL
from services.media.models import Media, find_entity
from shared.messaging import Snapshot, event
from shared.privacy import PRIVACY_EVENTS

_COPIED = (
    *("url", "filename", "file_size", "content_type", "media_type", "entity_type", "entity_id"),
    *("visibility", "title", "description", "alt_text", "is_primary", "display_order", "width", "height"),
    *("created_at",),
)
_OF_VERSION = ("version_type", "url", "width", "height", "file_size", "format")


@event("media.ready", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """A file's whole public state; told again at every change of it. `duration` is seconds to three places."""

    media_id: UUID
    url: str
    thumbnail_url: str | None
    filename: str
    file_size: int
    content_type: str
    media_type: str
    entity_type: str
    entity_id: str
    entity_uuid: str | None
    entity_int_id: int | None
    uploaded_by: int
    visibility: str
    title: str | None
    description: str | None
    alt_text: str | None
    is_primary: bool
    display_order: int
    width: int | None
    height: int | None
    duration: float | None
    dominant_color: str | None
    blurhash: str | None
    versions: list[dict[str, Any]]
    created_at: datetime

    @classmethod
    def of(cls, session: Session, media: Media) -> Self:
        """Tell a file's present state."""
        uuid, number = _named(session, media)
        return cls(
            **{name: getattr(media, name) for name in _COPIED},
            media_id=media.id,
            # Only erasure takes the uploader away, and what is erased is not ready.
            uploaded_by=media.uploaded_by or 0,
            thumbnail_url=thumbnail_url(media.versions),
            entity_uuid=uuid,
            entity_int_id=number,
            duration=None if media.duration is None else float(media.duration),
            dominant_color=media.meta.get("dominant_color"),
            blurhash=media.meta.get("blurhash"),
            versions=[{name: one[name] for name in _OF_VERSION} for one in media.versions],
        )


@event("media.failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailed:
    """A file could not be used; `message` is for whoever uploaded it."""

    media_id: UUID
    entity_type: str
    entity_id: str
    uploaded_by: int | None
    filename: str
    code: str
    message: str

    @classmethod
    def of(cls, media: Media) -> Self:
        """Tell why a file failed."""
        return cls(
            media_id=media.id,
            entity_type=media.entity_type,
            entity_id=media.entity_id,
            uploaded_by=media.uploaded_by,
            filename=media.filename,
            code=media.error_code or "processing_failed",
            message=media.error_message or "The file could not be processed.",
        )


@event("media.deleted")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDeleted:
    """A file is gone, or (cause `detached`) no longer belongs to the entity that is named.

    `cause`: user, staff, erased, entity_deleted, detached or orphan.
    """

    media_id: UUID
    entity_type: str
    entity_id: str
    uploaded_by: int | None
    cause: str
    url: str

    @classmethod
    def of(
        cls,
        media: Media,
        *,
        cause: str | None = None,
        entity: tuple[str, str] | None = None,
        uploader: int | None = None,
    ) -> Self:
        """Tell that a file is gone; `entity` is where it was, `uploader` whose it was, where the row forgot."""
        kind, entity_id = entity or (media.entity_type, media.entity_id)
        return cls(
            media_id=media.id,
            entity_type=kind,
            entity_id=entity_id,
            uploaded_by=media.uploaded_by if uploader is None else uploader,
            cause=cause or media.deleted_cause or "user",
            url=media.url,
        )


def thumbnail_url(versions: list[dict[str, Any]]) -> str | None:
    """Return the address of the small picture that stands for a file, if there is one."""
    by_name = {one["version_type"]: one["url"] for one in versions}
    found: str | None = by_name.get(THUMBNAIL) or by_name.get(POSTER)
    return found


def _named(session: Session, media: Media) -> tuple[str | None, int | None]:
    """Return uuid and number of what the file is attached to, as far as they are known."""
    entity = find_entity(session, media.entity_type, media.entity_id) if media.entity_known else None
    if entity is not None:
        return None if entity.reference.isdigit() else entity.reference, entity.number
    by_number = media.entity_id.isdigit()
    return None if by_number else media.entity_id, int(media.entity_id) if by_number else None


PUBLISHES = [MediaReady, MediaFailed, MediaDeleted, *PRIVACY_EVENTS]
SNAPSHOTS = [
    Snapshot(MediaReady, select(Media).where(Media.status == kinds.READY), build=MediaReady.of),
    Snapshot(MediaDeleted, select(Media).where(Media.status == kinds.DELETED, Media.url != "")),
]
