"""Doing what was noted: calls to LiveKit, notices to many, webhooks that wait."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from services.streams.clients.video import Video, VideoDeclined, VideoFailed
from services.streams.domain import words
from services.streams.domain.errors import RecordingUnavailable, VideoAway, VideoRefused
from services.streams.models import LiveKitOperation, Recording, Room
from services.streams.operations import log
from services.streams.operations.notices import tell_batches
from services.streams.operations.recordings import follow_egress, path_of, stop_soon
from services.streams.operations.webhooks import apply_room, waiting_rooms
from services.streams.settings import settings
from shared.clock import utc_now
from shared.database import retrying, transaction
from shared.observability import logger

LEASE = timedelta(seconds=60)
GIVEN_UP_AFTER = timedelta(hours=24)
LONGEST_PAUSE = timedelta(minutes=10)
_logger = logger(__name__)


def clear_desk(video: Video) -> int:
    """Apply every waiting webhook and do everything that is due; return how much there was."""
    done = 0
    with transaction() as session:
        rooms = waiting_rooms(session, now=utc_now())
    for room in rooms:
        done += retrying(lambda session, room=room: apply_room(session, room, now=utc_now()))  # type: ignore[misc]
    for number in _claim(utc_now()):
        perform(video, number)
        done += 1
    return done


def _claim(now: datetime) -> list[int]:
    """Take up to twenty due operations for this process; another takes them over if it dies."""
    due = (
        select(LiveKitOperation.id)
        .where(LiveKitOperation.status == "started", LiveKitOperation.due_at <= now)
        .order_by(LiveKitOperation.due_at)
        .limit(20)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        numbers = list(session.scalars(due))
        if numbers:
            session.execute(
                update(LiveKitOperation)
                .where(LiveKitOperation.id.in_(numbers))
                .values(due_at=now + LEASE, attempts=LiveKitOperation.attempts + 1)
            )
    return numbers


def perform(video: Video, number: int) -> None:
    """Do one noted thing; what fails is tried again, later and later, for a day."""
    with transaction() as session:
        operation = session.get_one(LiveKitOperation, number)
        call, params = operation.call, dict(operation.params)
    try:
        left = _CALLS[call](video, params)
    except VideoDeclined as refused:
        _logger.warning("livekit_declined", call=call, code=refused.code)
        _settle(number, "failed", error=f"{refused.code}: {refused}")
    except (VideoRefused, RecordingUnavailable) as refused:
        _settle(number, "failed", error=refused.message)
    except (VideoFailed, VideoAway) as away:
        _put_off(number, str(away))
    else:
        if left is None:
            _settle(number, "done")
        else:
            with transaction() as session:
                values = {"params": left, "due_at": utc_now()}
                session.execute(update(LiveKitOperation).where(LiveKitOperation.id == number).values(**values))


def _settle(number: int, status: str, *, error: str | None = None) -> None:
    with transaction() as session:
        session.execute(
            update(LiveKitOperation).where(LiveKitOperation.id == number).values(status=status, last_error=error)
        )


def _put_off(number: int, error: str) -> None:
    with transaction() as session:
        operation = session.get_one(LiveKitOperation, number)
        pause = min(timedelta(seconds=2 ** min(operation.attempts, 10)), LONGEST_PAUSE)
        operation.due_at, operation.last_error = utc_now() + pause, error
        # A message that nobody saw in a minute is history; closing a room is worth a day.
        limit = timedelta(minutes=1) if operation.call == log.SEND else GIVEN_UP_AFTER
        if utc_now() - operation.made_at > limit:
            operation.status = "failed"


def _delete_room(video: Video, params: Mapping[str, Any]) -> None:
    video.delete_room(params["room"])


def _remove(video: Video, params: Mapping[str, Any]) -> None:
    video.remove(params["room"], params["identity"])


def _send(video: Video, params: Mapping[str, Any]) -> None:
    video.send(params["room"], topic=params["topic"], message=params["message"])


def _notice(_video: Video, params: dict[str, Any]) -> dict[str, Any] | None:
    with transaction() as session:
        return tell_batches(session, params)


def _stop(video: Video, params: Mapping[str, Any]) -> None:
    stop_recording(video, params["recording_id"])


def _start(video: Video, params: Mapping[str, Any]) -> None:
    start_recording(video, params["recording_id"])


_CALLS: dict[str, Callable[[Video, dict[str, Any]], dict[str, Any] | None]] = {
    log.DELETE_ROOM: _delete_room,
    log.REMOVE: _remove,
    log.SEND: _send,
    log.NOTICE: _notice,
    log.START_RECORDING: _start,
    log.STOP_RECORDING: _stop,
}


def start_recording(video: Video, recording_id: int) -> None:
    """Ask LiveKit to record what was noted, and follow its answer.

    Raises VideoAway, VideoRefused, RecordingUnavailable; the recording has failed then.
    """
    with transaction() as session:
        recording = session.get_one(Recording, recording_id)
        room = session.get_one(Room, recording.room_id)
        path, known = path_of(recording, room), recording.egress_id
        if recording.status not in words.RUNNING or known is not None:
            return
    if not settings().can_record:
        _failed(recording_id, "not_configured")
        raise RecordingUnavailable
    try:
        info = video.start_recording(room.name, path=path, layout=recording.layout, audio_only=recording.audio_only)
    except VideoDeclined as refused:
        _failed(recording_id, refused.code)
        raise VideoRefused from refused
    except VideoFailed as away:
        _failed(recording_id, "unavailable")
        raise VideoAway from away
    with transaction() as session:
        begun = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
        begun.egress_id = info["egress_id"]
        follow_egress(session, begun, info, now=utc_now())
        ended = session.get_one(Room, begun.room_id, populate_existing=True).status == words.ENDED
        if begun.status == words.STOPPING or (ended and begun.status in words.RUNNING):
            stop_soon(session, begun)


def _failed(recording_id: int, code: str) -> None:
    with transaction() as session:
        recording = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
        recording.status, recording.error_code, recording.ended_at = words.FAILED, code, utc_now()


def stop_recording(video: Video, recording_id: int) -> None:
    """Ask LiveKit to end a recording, and follow its answer. Raises VideoFailed."""
    with transaction() as session:
        egress_id = session.get_one(Recording, recording_id).egress_id
    if egress_id is None:
        return
    try:
        info = video.stop_recording(egress_id)
    except VideoDeclined:
        # It has ended by itself; how, its own record says.
        info = video.recording(egress_id) or {"egress_id": egress_id, "status": "aborted"}
    with transaction() as session:
        recording = session.get_one(Recording, recording_id, with_for_update=True)
        follow_egress(session, recording, info, now=utc_now())


def look_at_recording(video: Video, recording_id: int) -> None:
    """Ask LiveKit about a recording of which nothing was heard. Raises VideoFailed."""
    with transaction() as session:
        egress_id = session.get_one(Recording, recording_id).egress_id
    info = video.recording(egress_id) if egress_id else None
    with transaction() as session:
        recording = session.get_one(Recording, recording_id, with_for_update=True)
        follow_egress(session, recording, info or {"status": "aborted", "error": "lost"}, now=utc_now())
