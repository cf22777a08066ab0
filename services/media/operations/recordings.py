"""Recordings of streams: files that a recorder put into the storage, taken over as a practitioner's."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.clients.loopback import is_loopback
from services.media.domain import kinds
from services.media.models import Entity, Media
from services.media.models.job import FIRST
from services.media.operations import quotas
from services.media.operations.announcing import announce
from services.media.operations.attaching import known_key
from services.media.operations.blobs import take_blob
from services.media.operations.intake import content_url
from services.media.operations.lifecycle import USER, delete_media, let_bytes_go
from services.media.operations.queueing import queue_job
from shared.clock import utc_now

KIND = "room_recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording as streams told of it; it lies at `storage_key`, or at `source_url` of a recorder on this host."""

    uuid: UUID
    practitioner_user_id: int
    content_type: str
    size: int
    storage_key: str | None
    source_url: str | None


def adopt_recording(session: Session, recording: Recording) -> Media | None:
    """Make a private file of a recording, and have it processed; again, nothing. Emits MediaFailed.

    Recordings count towards nobody's limit in advance: they are here already. What can not be read fails.
    """
    entity = session.get(Entity, (KIND, str(recording.uuid)))
    key = known_key(entity) if entity is not None else f"{KIND}:{recording.uuid}"
    held = select(Media).where(Media.entity_type == KIND, Media.entity_id == str(recording.uuid))
    if session.scalar(held.limit(1)) is not None:
        return None
    extension = "webm" if recording.content_type == "video/webm" else "mp4"
    media = Media(
        uploaded_by=recording.practitioner_user_id,
        filename=f"recording-{utc_now():%Y-%m-%d}.{extension}",
        ext=extension,
        declared_size=recording.size,
        declared_type=recording.content_type,
        content_type=recording.content_type,
        media_type=kinds.VIDEO,
        entity_type=KIND,
        entity_id=str(recording.uuid),
        entity_known=True,
        entity_key=key,
        visibility=kinds.PRIVATE,
        status=kinds.PROCESSING,
        file_size=recording.size,
        counted_bytes=recording.size,
        meta={},
        versions=[],
    )
    session.add(media)
    session.flush()
    quotas.charge(session, recording.practitioner_user_id, kinds.VIDEO, used=recording.size, files=1)
    media.url = content_url(media.id)
    source = recording.storage_key or ""
    if recording.source_url is not None:
        source = f"inbox/{media.id}.recording"
    blob = take_blob(
        session,
        sha256=None,
        visibility=kinds.PRIVATE,
        content_type=recording.content_type,
        size=recording.size,
        key=source,
    )
    media.blob_id = blob.id
    options: dict[str, Any] = {}
    if recording.source_url is not None:
        options["source_url"] = recording.source_url if is_loopback(recording.source_url) else None
    queue_job(session, media, kind=FIRST, operations=["thumbnail"], options=options)
    announce(session, media)
    return media


def drop_recording(session: Session, media_id: UUID) -> None:
    """Delete a recording with its bytes at once. Emits MediaDeleted."""
    media = session.scalar(select(Media).where(Media.id == media_id).with_for_update())
    if media is None or media.entity_type != KIND:
        return
    delete_media(session, media, cause=USER, now=utc_now())
    let_bytes_go(session, media, now=utc_now(), at_once=True)
