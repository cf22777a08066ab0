"""Planning live streams: making, moving, cancelling, hiding."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.streams.domain import lifecycle, words
from services.streams.domain.errors import (
    InvalidTransition,
    LiveStreamOverlap,
    NotYours,
)
from services.streams.events import LiveStreamCancelled, StreamScheduled
from services.streams.models import LiveCounters, LiveStream, Practitioner, Recording, Room, Stream
from services.streams.operations.announcing import announce_live
from services.streams.operations.callers import is_host, practitioner_in_business
from services.streams.operations.notices import notify_members, plan_reminders_anew
from services.streams.operations.recordings import drop_recording
from shared.errors import Invalid
from shared.identity import Identity


def create_live(session: Session, body: Mapping[str, Any], *, by: Identity, now: datetime) -> LiveStream:
    """Plan a live stream in the caller's own stream.

    Raises NotAPractitioner, PractitionerSuspended, Forbidden (not one's own), LiveStreamOverlap, Invalid. Emits
    StreamScheduled.
    """
    values = dict(body)
    stream = session.get(Stream, values.pop("stream"))
    host = practitioner_in_business(session, by) if not by.is_staff else None
    if stream is None or stream.deleted_at is not None:
        raise Invalid.field("stream", "There is no such stream.")
    if host is not None and stream.practitioner_id != host.id:
        raise NotYours
    if host is None:
        host = session.get(Practitioner, stream.practitioner_id)
    _check_times(values["scheduled_start"], values["scheduled_end"], now)
    values.setdefault("timezone", (host.timezone if host else None) or "UTC")
    live = plan(session, stream, values)
    announce_live(session, StreamScheduled, live, previous=None, schedule_id=None)
    notify_members(session, live, "scheduled")
    return live


def plan(session: Session, stream: Stream, values: Mapping[str, Any]) -> LiveStream:
    """Add a live stream with its room and counters, not yet told of. Raises LiveStreamOverlap."""
    live = LiveStream(stream_id=stream.id, practitioner_id=stream.practitioner_id, **values)
    live.tag_words = " ".join(live.tags or [])
    try:
        with session.begin_nested():
            session.add(live)
            session.flush()
    except IntegrityError as refused:
        raise _refusal(refused) from refused
    session.add(LiveCounters(live_stream_id=live.id))
    session.add(Room(kind=words.ROOM_LIVE, name=f"live-{live.public_uuid}", live_stream_id=live.id))
    session.flush()
    follow_next(session, stream.id)
    return live


def change_live(session: Session, live: LiveStream, body: Mapping[str, Any], *, by: Identity, now: datetime) -> None:
    """Change what the body names, as far as the state allows.

    Raises InvalidTransition, LiveStreamOverlap, Invalid. Emits StreamScheduled when the times moved,
    LiveStreamCancelled when the status says so.
    """
    values = {name: value for name, value in body.items() if name not in ("stream", "practitioner", "status")}
    status = body.get("status", live.status)
    if status != live.status:
        if status != words.CANCELLED:
            raise InvalidTransition
        cancel_live(session, live, reason=None, by=by)
    changed = {name: value for name, value in values.items() if getattr(live, name) != value}
    _check_allowed(live, changed)
    before = {"start": live.scheduled_start, "end": live.scheduled_end}
    moved = changed.keys() & {"scheduled_start", "scheduled_end"}
    if moved:
        start = changed.get("scheduled_start", live.scheduled_start)
        _check_times(start, changed.get("scheduled_end", live.scheduled_end), now)
    for name, value in changed.items():
        setattr(live, name, value)
    if not changed:
        return
    live.touched, live.tag_words = True, " ".join(live.tags or [])
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as refused:
        raise _refusal(refused) from refused
    if moved:
        previous = {name: instant.isoformat().replace("+00:00", "Z") for name, instant in before.items()}
        announce_live(session, StreamScheduled, live, previous=previous, schedule_id=live.schedule_id)
        notify_members(session, live, "rescheduled", occasion=str(live.version))
        plan_reminders_anew(session, live)
        follow_next(session, live.stream_id)


def cancel_live(
    session: Session, live: LiveStream, *, reason: str | None, by: Identity | None, is_missed: bool = False
) -> None:
    """Call a planned live stream off; of one that was missed nobody is told. Raises InvalidTransition.

    Emits LiveStreamCancelled.
    """
    if live.status != words.SCHEDULED:
        raise InvalidTransition
    live.status = words.CANCELLED
    by_staff = by is not None and by.is_staff and not is_host(session, live.practitioner_id, by)
    live.end_reason = words.TIMEOUT if is_missed else words.BY_STAFF if by_staff else words.BY_HOST
    close_room(session, live)
    announce_live(session, LiveStreamCancelled, live, reason=reason)
    if not is_missed:
        notify_members(session, live, "cancelled")
    follow_next(session, live.stream_id)


def delete_live(session: Session, live: LiveStream, *, by: Identity, now: datetime) -> None:
    """Hide a live stream: a planned one is cancelled first, an ended one takes its recordings along.

    Raises InvalidTransition while it is live.
    """
    if live.status == words.LIVE:
        raise InvalidTransition
    if live.status == words.SCHEDULED:
        cancel_live(session, live, reason=None, by=by)
    live.deleted_at = now
    for recording in session.scalars(
        select(Recording).where(Recording.live_stream_id == live.id, Recording.deleted_at.is_(None)).with_for_update()
    ).all():
        drop_recording(session, recording, now=now)


def close_room(session: Session, live: LiveStream) -> None:
    """Let nobody into the room of a live stream that does not take place."""
    session.execute(update(Room).where(Room.live_stream_id == live.id).values(status=words.ENDED))


def follow_next(session: Session, stream_id: int) -> None:
    """Copy to the stream when it is on next, and which is on; this is no change of the stream."""
    session.flush()
    next_at = (
        select(func.min(LiveStream.scheduled_start))
        .where(LiveStream.stream_id == stream_id, LiveStream.status == words.SCHEDULED, LiveStream.deleted_at.is_(None))
        .scalar_subquery()
    )
    on_now = (
        select(func.min(LiveStream.id))
        .where(LiveStream.stream_id == stream_id, LiveStream.status == words.LIVE)
        .scalar_subquery()
    )
    session.execute(
        update(Stream)
        .where(Stream.id == stream_id)
        .values(next_live_at=next_at, live_stream_id=on_now, updated_at=Stream.updated_at)
        .execution_options(synchronize_session=False)
    )
    for held in session.identity_map.values():
        if isinstance(held, Stream) and held.id == stream_id:
            session.expire(held, ["next_live_at", "live_stream_id"])


def _check_times(start: datetime, end: datetime, now: datetime) -> None:
    wrong = lifecycle.times_fit(start, end, now)
    if wrong:
        raise Invalid(errors={name: [sentence] for name, sentence in wrong.items()})


_SHOWN_AFTER = {"title", "description", "tags", "thumbnail_url"}
_TIMES = {"scheduled_start", "scheduled_end", "timezone"}


def _check_allowed(live: LiveStream, changed: Mapping[str, Any]) -> None:
    """Refuse what would shut out people inside, or rewrite what is over. Raises InvalidTransition."""
    if live.status == words.LIVE:
        narrower = changed.get("tier_rank", live.tier_rank) > live.tier_rank or changed.get("is_public") is False
        if narrower or changed.keys() & _TIMES:
            raise InvalidTransition("While live, times stay, and it can not be opened to fewer people.")
    elif live.status != words.SCHEDULED and changed.keys() - _SHOWN_AFTER:
        raise InvalidTransition("Of one that is over, only title, description, tags and thumbnail can be changed.")


def _refusal(refused: IntegrityError) -> Exception:
    if getattr(refused.orig, "pgcode", None) == "23P01":
        return LiveStreamOverlap()
    return refused
