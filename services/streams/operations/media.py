"""Files that media holds: covers, profile pictures and thumbnails follow them by their address; recordings by name."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.streams.models import LiveStream, MediaFile, Recording, Stream
from services.streams.operations.announcing import announce_stream, claim_media, release_media
from services.streams.operations.recordings import drop_recording, file_failed, file_ready
from shared.clock import utc_now

_PICTURES: tuple[tuple[Any, str, str, str], ...] = (
    (Stream, "cover_image_url", "cover_media_id", "stream"),
    (Stream, "profile_image_url", "profile_media_id", "stream"),
    (LiveStream, "thumbnail_url", "thumbnail_media_id", "live_stream"),
)


def follow_pictures(session: Session, row: Stream | LiveStream) -> None:
    """Claim the files that a row's addresses name, and release those that they no longer name."""
    for model, url_name, id_name, kind in _PICTURES:
        if not isinstance(row, model):
            continue
        url, held = getattr(row, url_name), getattr(row, id_name)
        known = _file_at(session, url)
        if known == held:
            continue
        setattr(row, id_name, known)
        if held is not None:
            release_media(session, held, kind=kind, entity_id=row.id)
        if known is not None:
            claim_media(session, known, kind=kind, entity_id=row.id)


def _file_at(session: Session, url: str | None) -> UUID | None:
    if not url:
        return None
    return session.scalar(
        select(MediaFile.media_id).where(MediaFile.url == url, MediaFile.deleted_at.is_(None)).limit(1)
    )


def file_changed(session: Session, media_id: UUID, url: str) -> None:
    """Show a file at its new address wherever it is shown."""
    _show(session, media_id, url)


def file_gone(session: Session, media_id: UUID) -> None:
    """Show a file no longer."""
    _show(session, media_id, None)


def _show(session: Session, media_id: UUID, url: str | None) -> None:
    for model, url_name, id_name, _kind in _PICTURES:
        for row in session.scalars(select(model).where(getattr(model, id_name) == media_id).with_for_update()).all():
            if getattr(row, url_name) == url:
                continue
            setattr(row, url_name, url)
            if url is None:
                setattr(row, id_name, None)
            if isinstance(row, Stream):
                announce_stream(session, row)


def recording_named(session: Session, entity_id: str | None) -> Recording | None:
    """Return the recording that media names by its uuid, locked."""
    try:
        uuid = UUID(str(entity_id))
    except ValueError:
        return None
    return session.scalar(
        select(Recording).where(Recording.public_uuid == uuid, Recording.deleted_at.is_(None)).with_for_update()
    )


def recording_ready(session: Session, entity_id: str | None, file: dict[str, Any]) -> None:
    """Show the recording whose file media has adopted."""
    recording = recording_named(session, entity_id)
    if recording is not None:
        file_ready(session, recording, file=file, now=utc_now())


def recording_failed(session: Session, entity_id: str | None, error: str) -> None:
    """Note that media could not take a recording's file."""
    recording = recording_named(session, entity_id)
    if recording is not None:
        file_failed(recording, error=error)


def recording_gone(session: Session, media_id: UUID) -> None:
    """Delete the recording whose file is gone."""
    recording = session.scalar(
        select(Recording).where(Recording.media_id == media_id, Recording.deleted_at.is_(None)).with_for_update()
    )
    if recording is not None:
        recording.media_id = recording.file_url = None
        drop_recording(session, recording)
