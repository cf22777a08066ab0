"""What ends by itself: live streams without a host or past their time, missed ones, rooms past their hours, access."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.streams.clients.video import Video, VideoFailed
from services.streams.domain import lifecycle, words
from services.streams.models import LiveStream, Recording, Room
from services.streams.operations.broadcasting import end_live, shut_room
from services.streams.operations.desk import look_at_recording
from services.streams.operations.live import cancel_live
from services.streams.operations.memberships import put_out_lapsed
from services.streams.operations.rooms import meeting_named
from services.streams.settings import settings
from shared.clock import utc_now
from shared.database import retrying, transaction

STUCK_AFTER = timedelta(minutes=2)


def reap_live(session: Session, live_id: int, *, now: datetime) -> bool:
    """End a live stream whose host is gone for good or whose time is over; whether it was ended."""
    live = session.get_one(LiveStream, live_id, with_for_update=True, populate_existing=True)
    if live.status != words.LIVE or live.actual_start is None:
        return False
    reason = lifecycle.why_over(
        actual_start=live.actual_start,
        scheduled_end=live.scheduled_end,
        host_present=live.host_present,
        host_last_seen=live.host_last_seen,
        room_lost_at=live.room_lost_at,
        grace=timedelta(seconds=settings().stream_host_grace_seconds),
        now=now,
    )
    if reason is None:
        return False
    end_live(session, live, reason=reason, now=now)
    return True


def reap_missed(session: Session, *, now: datetime) -> int:
    """Cancel what should have begun and did not, an hour after its planned end."""
    missed = session.scalars(
        select(LiveStream)
        .where(
            LiveStream.status == words.SCHEDULED,
            LiveStream.deleted_at.is_(None),
            LiveStream.scheduled_end < now - lifecycle.MISSED_AFTER,
        )
        .limit(100)
        .with_for_update(skip_locked=True)
    ).all()
    for live in missed:
        cancel_live(session, live, reason="missed", by=None, is_missed=True)
    return len(missed)


def reap_rooms(session: Session, *, now: datetime) -> int:
    """Close rooms of bookings and dated sessions an hour after their end."""
    rooms = session.scalars(
        select(Room)
        .where(
            Room.kind != words.ROOM_LIVE,
            Room.status.in_((words.ACTIVE, words.IN_USE)),
        )
        .order_by(Room.id)
        .limit(500)
        .with_for_update(skip_locked=True)
    ).all()
    closed = 0
    for room in rooms:
        meeting = meeting_named(session, room.name)
        late = meeting is not None and now > meeting.closes_at
        # What is no meeting any more (completed, cancelled) keeps its room for the hour after, then closes.
        orphaned = meeting is None and room.opened_at is not None and now > room.opened_at + lifecycle.LIVE_MAX
        if late or orphaned:
            shut_room(session, room, now=now)
            closed += 1
    return closed


def reap(video: Video) -> int:
    """Do all of it; return how much there was."""
    now = utc_now()
    with transaction() as session:
        live_ids: Sequence[int] = session.scalars(select(LiveStream.id).where(LiveStream.status == words.LIVE)).all()
    done = 0
    for live_id in live_ids:
        done += retrying(lambda session, number=live_id: reap_live(session, number, now=now))  # type: ignore[misc]
    with transaction() as session:
        done += reap_missed(session, now=now)
    with transaction() as session:
        done += reap_rooms(session, now=now)
    with transaction() as session:
        done += put_out_lapsed(session, now=now)
    return done + _look_at_stuck(video, now)


def _look_at_stuck(video: Video, now: datetime) -> int:
    """Ask LiveKit about recordings of which nothing was heard for two minutes."""
    with transaction() as session:
        stuck = session.scalars(
            select(Recording.id).where(
                Recording.status.in_(words.RUNNING),
                Recording.updated_at < now - STUCK_AFTER,
            )
        ).all()
    looked = 0
    for recording_id in stuck:
        try:
            look_at_recording(video, recording_id)
        except VideoFailed:
            break
        looked += 1
    return looked
