"""Recordings: begun, followed by LiveKit's news, adopted by media, deleted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import RecordingActive, RecordingNotActive
from services.streams.events import RecordingDeleted, RecordingReady, RecordingUploaded
from services.streams.models import Booking as BookingRow
from services.streams.models import LiveStream, Practitioner, Recording, Room, ServiceSession
from services.streams.operations.announcing import claim_media
from services.streams.operations.log import START_RECORDING, STOP_RECORDING, intend
from services.streams.operations.notices import notify_members
from shared.clock import utc_now
from shared.messaging import record


def begin_recording(
    session: Session,
    room: Room,
    *,
    live: LiveStream | None,
    now: datetime,
    practitioner_id: int | None = None,
    title: str | None = None,
    layout: str = "speaker",
    audio_only: bool = False,
    by_desk: bool = False,
) -> Recording | None:
    """Note that a room is to be recorded; LiveKit is asked after the commit, by the caller or the desk.

    Raises RecordingActive; for the desk an active one is enough, and None is returned.
    """
    recording = Recording(
        room_id=room.id,
        live_stream_id=live.id if live else None,
        practitioner_id=live.practitioner_id if live else practitioner_id,
        tier_rank=live.tier_rank if live else 0,
        is_public=False,
        title=live.title if live else title,
        started_at=now,
        layout=layout,
        audio_only=audio_only,
    )
    try:
        with session.begin_nested():
            session.add(recording)
            session.flush()
    except IntegrityError as running:
        if by_desk:
            return None
        raise RecordingActive from running
    if by_desk:
        params = {"recording_id": recording.id}
        intend(session, call=START_RECORDING, key=f"start:{recording.public_uuid}", params=params)
    return recording


def path_of(recording: Recording, room: Room) -> str:
    """Return where a recording is written in the private bucket."""
    return f"recordings/{room.name.removeprefix('live-')}/{recording.public_uuid}.mp4"


def running_in(session: Session, room_id: int) -> Recording:
    """Return the running recording of a room, locked. Raises RecordingNotActive."""
    found = session.scalar(
        select(Recording)
        .where(Recording.room_id == room_id, Recording.status.in_(words.RUNNING))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise RecordingNotActive
    return found


def stop_soon(session: Session, recording: Recording) -> None:
    """Have a running recording stopped; one that LiveKit has not answered for is stopped when it has."""
    recording.status = words.STOPPING
    if recording.egress_id is not None:
        params = {"recording_id": recording.id}
        intend(session, call=STOP_RECORDING, key=f"stop:{recording.public_uuid}", params=params)


def apply_egress(session: Session, room: Room, info: Mapping[str, Any], *, now: datetime) -> None:
    """Follow what LiveKit tells of a recording; an older state changes nothing. Emits RecordingUploaded."""
    recording = session.scalar(select(Recording).where(Recording.egress_id == info.get("egress_id")).with_for_update())
    if recording is None:
        # Its news may come before the answer to the call that began it.
        recording = session.scalar(
            select(Recording)
            .where(Recording.room_id == room.id, Recording.egress_id.is_(None), Recording.status.in_(words.RUNNING))
            .with_for_update()
        )
        if recording is None:
            return
        recording.egress_id = info["egress_id"]
    follow_egress(session, recording, info, now=now)


def follow_egress(session: Session, recording: Recording, info: Mapping[str, Any], *, now: datetime) -> None:
    """Bring a recording to what an EgressInfo says."""
    status = info.get("status")
    if recording.status not in words.RUNNING:
        return
    if status == "active" and recording.status == words.STARTING:
        recording.status = words.ACTIVE
    elif status == "ending":
        recording.status = words.STOPPING
    elif status in ("complete", "limit_reached") and info.get("size"):
        _uploaded(session, recording, info, now=now)
    elif status in ("complete", "limit_reached", "failed", "aborted"):
        recording.status, recording.ended_at = words.FAILED, now
        recording.error_code = (info.get("error") or str(status))[:200]


def _uploaded(session: Session, recording: Recording, info: Mapping[str, Any], *, now: datetime) -> None:
    recording.status = words.PROCESSING
    recording.ended_at = datetime.fromtimestamp(info["ended_at"], UTC) if info.get("ended_at") else now
    recording.duration_seconds, recording.file_size_bytes = info["duration_seconds"], info["size"]
    location = str(info.get("location") or "")
    # Without a bucket the sandbox keeps the file and serves it itself.
    is_served = "/_sandbox/recordings/" in location
    recording.source_url = location if is_served else None
    recording.storage_key = None if is_served else info.get("filename")
    session.flush()
    told = RecordingUploaded(
        recording_id=recording.id,
        recording_uuid=recording.public_uuid,
        live_stream_id=recording.live_stream_id,
        practitioner_id=recording.practitioner_id,
        practitioner_user_id=_user_of(session, recording.practitioner_id),
        storage_key=recording.storage_key,
        source_url=recording.source_url,
        content_type="video/mp4",
        size=recording.file_size_bytes,
        duration_seconds=recording.duration_seconds,
    )
    record(session, told, subject=recording)


def _user_of(session: Session, practitioner_id: int) -> int:
    host = session.get(Practitioner, practitioner_id)
    return host.user_id if host else 0


def file_ready(session: Session, recording: Recording, *, file: Mapping[str, Any], now: datetime) -> None:
    """Show a recording that media has adopted. Emits RecordingReady, the first time."""
    is_first = recording.status != words.READY
    recording.media_id, recording.file_url = file["media_id"], file["url"]
    recording.thumbnail_url = file["thumbnail_url"]
    recording.file_size_bytes = file["file_size"] or recording.file_size_bytes
    if not is_first:
        return
    recording.status, recording.processed_at = words.READY, now
    session.flush()
    live = session.get(LiveStream, recording.live_stream_id) if recording.live_stream_id else None
    room = session.get_one(Room, recording.room_id)
    told = RecordingReady(
        recording_id=recording.id,
        recording_uuid=recording.public_uuid,
        live_stream_id=recording.live_stream_id,
        stream_id=live.stream_id if live else None,
        booking_id=room.booking_id,
        practitioner_id=recording.practitioner_id,
        practitioner_user_id=_user_of(session, recording.practitioner_id),
        title=recording.title or _title(session, room),
        duration_seconds=recording.duration_seconds,
        tier_level=words.TIERS[recording.tier_rank],
        is_public=recording.is_public,
        media_id=recording.media_id,
        thumbnail_url=recording.thumbnail_url,
    )
    record(session, told, subject=recording)
    claim_media(session, file["media_id"], kind="room_recording", entity_id=recording.public_uuid)
    if live is not None:
        notify_members(session, live, "recording_ready", occasion=str(recording.id))


def _title(session: Session, room: Room) -> str:
    if room.booking_id is not None:
        booking = session.get(BookingRow, room.booking_id)
        return booking.title if booking and booking.title else "Session"
    dated = session.get(ServiceSession, room.service_session_id) if room.service_session_id else None
    return (dated.title if dated else None) or "Session"


def file_failed(recording: Recording, *, error: str) -> None:
    """Note that media could not take the file."""
    if recording.status == words.PROCESSING:
        recording.status, recording.error_code = words.FAILED, error


def drop_recording(session: Session, recording: Recording, *, now: datetime | None = None) -> None:
    """Delete a recording, and its file with it. Raises RecordingActive. Emits RecordingDeleted."""
    if recording.status in words.RUNNING:
        raise RecordingActive
    recording.status, recording.deleted_at = words.DELETED, now or utc_now()
    session.flush()
    record(session, RecordingDeleted.of(recording), subject=recording)
