"""What streams tells: streams and live streams that files are attached to, and recordings."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.media.operations.following import entity_gone, keep_entity
from services.media.operations.recordings import KIND, Recording, adopt_recording, drop_recording
from shared.messaging import Message, handles

FILES_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChanged:
    """The part of a stream that decides about files."""

    id: int
    public_uuid: str
    practitioner_id: int
    deleted: bool = False


@handles("stream.changed", StreamChanged)
def keep_stream(session: Session, event: StreamChanged, message: Message) -> None:
    """Keep whose stream it is."""
    if event.deleted:
        entity_gone(session, message, kind="stream", uuid=event.public_uuid, number=event.id, after=FILES_KEPT)
        return
    keep_entity(
        session,
        message,
        kind="stream",
        uuid=event.public_uuid,
        number=event.id,
        practitioner_ids=[event.practitioner_id],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamScheduled:
    """A live stream is planned."""

    live_stream_id: int
    live_stream_uuid: str
    practitioner_id: int
    practitioner_user_id: int


@handles("stream.scheduled", StreamScheduled)
def keep_live_stream(session: Session, event: StreamScheduled, message: Message) -> None:
    """Keep whose live stream it is."""
    keep_entity(
        session,
        message,
        kind="live_stream",
        uuid=event.live_stream_uuid,
        number=event.live_stream_id,
        owner_user_ids=[event.practitioner_user_id],
        practitioner_ids=[event.practitioner_id],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUploaded:
    """A recorder has put a recording into the storage, or holds it on this host."""

    recording_id: int
    recording_uuid: UUID
    practitioner_id: int
    practitioner_user_id: int
    size: int
    content_type: str = "video/mp4"
    storage_key: str | None = None
    source_url: str | None = None


@handles("recording.uploaded", RecordingUploaded)
def take_recording(session: Session, event: RecordingUploaded, message: Message) -> None:
    """Make a private file of it."""
    keep_entity(
        session,
        message,
        kind=KIND,
        uuid=event.recording_uuid,
        number=event.recording_id,
        owner_user_ids=[event.practitioner_user_id],
        practitioner_ids=[event.practitioner_id],
    )
    recording = Recording(
        uuid=event.recording_uuid,
        practitioner_user_id=event.practitioner_user_id,
        content_type=event.content_type,
        size=event.size,
        storage_key=event.storage_key,
        source_url=event.source_url,
    )
    adopt_recording(session, recording)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDeleted:
    """A recording is gone."""

    recording_uuid: UUID
    media_id: UUID | None = None


@handles("recording.deleted", RecordingDeleted)
def forget_recording(session: Session, event: RecordingDeleted, _message: Message) -> None:
    """Delete its file with the bytes."""
    if event.media_id is not None:
        drop_recording(session, event.media_id)
