"""Going live, being live, ending."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.streams.domain import lifecycle, words
from services.streams.domain.errors import AnotherLive, InvalidTransition, PractitionerSuspended, TooEarly
from services.streams.events import LiveStreamEnded, LiveStreamStarted
from services.streams.models import LiveCounters, LiveStream, Practitioner, Recording, Room, ViewerSession
from services.streams.models.attendance import figures_of
from services.streams.operations.analytics import count_day
from services.streams.operations.announcing import announce_live
from services.streams.operations.live import follow_next
from services.streams.operations.log import DELETE_ROOM, STOP_RECORDING, intend
from services.streams.operations.notices import notify_members
from services.streams.operations.presence import close_sessions, follow_counters, host_inside
from services.streams.operations.recordings import begin_recording
from services.streams.settings import settings


def go_live(session: Session, live: LiveStream, *, now: datetime) -> bool:
    """Turn a planned live stream on; whether it was on already. The room at LiveKit is made after the commit.

    The row is locked, so of two tabs one turns it on and the other finds it on. Raises TooEarly, AnotherLive,
    PractitionerSuspended, InvalidTransition.
    """
    if live.status == words.LIVE:
        return True
    if live.status != words.SCHEDULED:
        raise InvalidTransition
    host = session.get(Practitioner, live.practitioner_id)
    if host is None or host.is_suspended:
        raise PractitionerSuspended
    if not lifecycle.can_start(live.status, live.scheduled_start, now):
        raise TooEarly
    live.status, live.actual_start = words.LIVE, now
    live.host_last_seen, live.room_lost_at = None, None
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as taken:
        raise AnotherLive from taken
    follow_next(session, live.stream_id)
    return False


def room_made(session: Session, live_id: int, sid: str, *, now: datetime) -> None:
    """Note that LiveKit has the room of a live stream."""
    room = session.scalar(select(Room).where(Room.live_stream_id == live_id).with_for_update())
    assert room is not None
    _open(room, sid, now=now)
    # Whoever tested the camera before is shown now: the next look at the room sees it.
    room.last_reconciled_at = None


def room_open(session: Session, room_id: int, sid: str, *, now: datetime) -> None:
    """Note that LiveKit has a room."""
    _open(session.get_one(Room, room_id, with_for_update=True), sid, now=now)


def _open(room: Room, sid: str, *, now: datetime) -> None:
    if room.status in (words.PENDING, words.ACTIVE, words.IN_USE):
        if room.livekit_sid != sid:
            room.livekit_sid, room.generation = sid, room.generation + 1
        room.opened_at = room.opened_at or now
        room.status = words.ACTIVE if room.status == words.PENDING else room.status


def back_to_planned(session: Session, live_id: int, *, started_at: datetime) -> None:
    """Take a beginning back that LiveKit did not answer, unless it has gone on meanwhile."""
    live = session.get_one(LiveStream, live_id, with_for_update=True, populate_existing=True)
    if live.status == words.LIVE and live.actual_start == started_at and not live.started_published:
        live.status, live.actual_start = words.SCHEDULED, None
        follow_next(session, live.stream_id)


def mark_started(session: Session, live: LiveStream, room: Room, *, now: datetime) -> None:
    """Tell, once, that there is a picture; and record it if that is wished. Emits LiveStreamStarted."""
    if live.started_published or live.status != words.LIVE or live.actual_start is None:
        return
    live.started_published = True
    announce_live(session, LiveStreamStarted, live, actual_start=live.actual_start)
    notify_members(session, live, "started")
    if live.record_stream and settings().can_record:
        begin_recording(session, room, live=live, now=now, by_desk=True)


def follow_host(session: Session, room: Room, live: LiveStream, *, now: datetime, seen: bool = False) -> None:
    """Note whether the host is inside, and when last; this is no change of the live stream.

    `seen`: LiveKit itself lists who is inside now.
    """
    session.flush()
    present = host_inside(session, room)
    last = session.scalar(
        select(func.max(func.coalesce(ViewerSession.left_at, now if seen else ViewerSession.joined_at))).where(
            ViewerSession.room_id == room.id, ViewerSession.role == words.HOST
        )
    )
    values: dict[str, Any] = {"host_present": present, "updated_at": LiveStream.updated_at}
    if last is not None and live.actual_start is not None:
        values["host_last_seen"] = max(last, live.actual_start) if present or last >= live.actual_start else None
    session.execute(
        update(LiveStream).where(LiveStream.id == live.id).values(**values).execution_options(synchronize_session=False)
    )
    session.refresh(live, ["host_present", "host_last_seen", "room_lost_at", "updated_at"])


def end_live(session: Session, live: LiveStream, *, reason: str, now: datetime) -> int:
    """End a live stream, whatever LiveKit says: its room is closed after the commit, however often it takes.

    Returns its length in minutes. Raises InvalidTransition unless it is live. Emits LiveStreamEnded.
    """
    if live.status != words.LIVE or live.actual_start is None:
        raise InvalidTransition
    room = session.scalar(select(Room).where(Room.live_stream_id == live.id).with_for_update())
    assert room is not None
    live.status, live.actual_end, live.end_reason = words.ENDED, max(now, live.actual_start), reason
    live.host_present = False
    shut_room(session, room, now=now)
    figures = figures_of(session, live)
    session.execute(
        update(LiveCounters)
        .where(LiveCounters.live_stream_id == live.id)
        .values(current=0, peak=figures["peak_concurrent_viewers"])
    )
    minutes = lifecycle.duration_minutes(
        scheduled_start=live.scheduled_start,
        scheduled_end=live.scheduled_end,
        actual_start=live.actual_start,
        actual_end=live.actual_end,
        now=now,
    )
    announce_live(
        session,
        LiveStreamEnded,
        live,
        actual_start=live.actual_start,
        actual_end=live.actual_end,
        duration_minutes=minutes,
        end_reason=reason,
        peak_viewers=figures["peak_concurrent_viewers"],
        unique_viewers=figures["unique_viewers"],
        watch_minutes=figures["watch_minutes"],
    )
    count_day(session, live.stream_id, live.actual_start.date())
    follow_next(session, live.stream_id)
    return minutes


def shut_room(session: Session, room: Room, *, now: datetime) -> None:
    """End a room: nobody is inside any more, recordings stop, and LiveKit closes it."""
    close_sessions(session, room, at=now)
    follow_counters(session, room)
    room.status, room.closed_at = words.ENDED, now
    running = session.scalars(
        select(Recording).where(Recording.room_id == room.id, Recording.status.in_(words.RUNNING)).with_for_update()
    ).all()
    for recording in running:
        if recording.egress_id is not None:
            recording.status = words.STOPPING
            params = {"recording_id": recording.id}
            intend(session, call=STOP_RECORDING, key=f"stop:{recording.public_uuid}", params=params)
    intend(session, call=DELETE_ROOM, key=f"delete:{room.name}:{room.generation}", params={"room": room.name})
