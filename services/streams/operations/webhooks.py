"""LiveKit's news: kept at once, applied afterwards, room by room in their order.

They come twice, late, out of order, or not at all (then `reconciling` repairs). Nothing here depends on their order:
a stay is a participant's sid, whichever of its two ends is told first.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.models import LiveKitEvent, LiveStream, Room
from services.streams.operations.broadcasting import follow_host, mark_started
from services.streams.operations.log import DELETE_ROOM, intend, wake_desk
from services.streams.operations.presence import Stay, close_sessions, follow_counters, take_stays
from services.streams.operations.recordings import apply_egress
from services.streams.operations.rooms import locked_room, put_out_strangers
from shared.clock import utc_now

BATCH = 200
PARKED_AFTER = timedelta(minutes=5)
RETRY_UNKNOWN = timedelta(seconds=30)

_ORDER = ("room_started", "participant_joined", "track_published", "track_unpublished", "participant_left")
KNOWN = (*_ORDER, "participant_connection_aborted", "egress_started", "egress_updated", "egress_ended", "room_finished")


def keep_event(session: Session, event: Mapping[str, Any], body: bytes) -> bool:
    """Keep a verified webhook; whether it is the first of its id."""
    kind = event.get("event", "")
    room = event.get("room", {}).get("name") or event.get("egress", {}).get("room_name", "")
    statement = (
        insert(LiveKitEvent)
        .values(
            event_id=event.get("id") or hashlib.sha256(body).hexdigest(),
            type=kind[:60],
            room_name=room,
            created_at_s=int(event.get("created_at", 0)),
            payload={name: event[name] for name in ("room", "participant", "track", "egress") if name in event},
            status="received" if kind in KNOWN and room else "ignored",
            attempts=0,
            received_at=utc_now(),
            due_at=utc_now(),
        )
        .on_conflict_do_nothing(index_elements=["event_id"])
        .returning(LiveKitEvent.event_id)
    )
    is_new = session.scalar(statement) is not None
    if is_new:
        wake_desk(session)
    return is_new


def waiting_rooms(session: Session, *, now: datetime) -> Sequence[str]:
    """Return the rooms of which something is to be applied."""
    return session.scalars(
        select(LiveKitEvent.room_name)
        .where(LiveKitEvent.status == "received", LiveKitEvent.due_at <= now)
        .distinct()
        .limit(500)
    ).all()


def apply_room(session: Session, name: str, *, now: datetime) -> int:
    """Apply up to 200 of a room's events, in order of their making; return how many. One worker a room at a time."""
    if not session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(f"room:{name}", 0)))):
        return 0
    events = session.execute(
        select(*_READ)
        .where(LiveKitEvent.room_name == name, LiveKitEvent.status == "received", LiveKitEvent.due_at <= now)
        .order_by(LiveKitEvent.created_at_s, LiveKitEvent.event_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    room = locked_room(session, Room.name == name)
    if room is None:
        _wait_for_room(session, name, now)
        return len(events)
    _apply(session, room, sorted(events, key=_place), now=now)
    done = update(LiveKitEvent).where(LiveKitEvent.event_id.in_([event.event_id for event in events]))
    session.execute(done.values(status="done").execution_options(synchronize_session=False))
    return len(events)


Event = Row[Any]
_READ = (LiveKitEvent.event_id, LiveKitEvent.type, LiveKitEvent.created_at_s, LiveKitEvent.payload)


def _place(event: Event) -> tuple[int, int, str]:
    """Return an event's place: seconds, and within one second the order in which things can have happened."""
    rank = _ORDER.index(event.type) if event.type in _ORDER else len(_ORDER)
    return event.created_at_s, rank, event.event_id


def _wait_for_room(session: Session, name: str, now: datetime) -> None:
    """Look again for a room that is not known yet; a shared LiveKit project may carry others' rooms."""
    late = LiveKitEvent.received_at < now - PARKED_AFTER
    session.execute(
        update(LiveKitEvent)
        .where(LiveKitEvent.room_name == name, LiveKitEvent.status == "received", LiveKitEvent.due_at <= now)
        .values(
            status=case((late, "parked"), else_="received"),
            due_at=now + RETRY_UNKNOWN,
            attempts=LiveKitEvent.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _apply(session: Session, room: Room, events: Sequence[Event], *, now: datetime) -> None:
    stays: dict[str, Stay] = {}
    arrived: list[str] = []
    shown_at: datetime | None = None
    for event in events:
        at = datetime.fromtimestamp(event.created_at_s, UTC)
        if event.type.startswith("participant_"):
            _note_stay(stays, event, at)
        elif event.type == "track_published" and _is_host(event):
            shown_at = at
        elif event.type.startswith("egress_"):
            apply_egress(session, room, event.payload.get("egress", {}), now=now)
        elif event.type in ("room_started", "room_finished"):
            # What was told before this belongs to the room's making before.
            arrived += take_stays(session, room, list(stays.values()), now=now)
            stays.clear()
            _follow_room(session, room, event, at)
    arrived += take_stays(session, room, list(stays.values()), now=now)
    follow_counters(session, room)
    if room.status == words.ENDED and arrived:
        # A token outlives its room by up to ten minutes, and LiveKit makes rooms for whoever comes.
        intend(session, call=DELETE_ROOM, key=f"delete:{room.name}:{arrived[0]}", params={"room": room.name})
    elif arrived and room.kind != words.ROOM_LIVE:
        put_out_strangers(session, room, arrived, now=now)
    if room.live_stream_id is not None:
        live = session.get_one(LiveStream, room.live_stream_id)
        follow_host(session, room, live, now=now)
        if shown_at is not None and live.status == words.LIVE:
            mark_started(session, live, room, now=now)


def _is_host(event: Event) -> bool:
    return str(event.payload.get("participant", {}).get("identity", "")).startswith(f"{words.HOST}-")


def _note_stay(stays: dict[str, Stay], event: Event, at: datetime) -> None:
    person = event.payload.get("participant", {})
    stay = Stay.of(person)
    if stay is None:
        return
    stay = stays.setdefault(stay.sid, stay)
    if event.type == "participant_joined":
        joined_ms = int(person.get("joined_at_ms", 0)) or int(person.get("joined_at", 0)) * 1000
        stay.joined_at = datetime.fromtimestamp(joined_ms / 1000, UTC) if joined_ms else at
    elif event.type == "participant_left":
        stay.left_at = at
    else:
        stay.aborted_at = at


def _follow_room(session: Session, room: Room, event: Event, at: datetime) -> None:
    """Follow a room's opening and closing; what is told of an earlier making changes nothing."""
    sid = event.payload.get("room", {}).get("sid")
    if event.type == "room_started":
        if room.status != words.ENDED and room.livekit_sid != sid and (room.closed_at is None or at >= room.closed_at):
            room.livekit_sid, room.generation = sid, room.generation + 1
            room.opened_at = room.opened_at or at
            room.status = words.ACTIVE
            _found_again(session, room)
        return
    if room.livekit_sid not in (None, sid):
        return
    close_sessions(session, room, at=at)
    room.closed_at, room.livekit_sid = at, None
    if room.status != words.ENDED:
        # In its time an empty room is only gone until somebody comes again.
        room.status = words.PENDING
        session.execute(
            update(LiveStream)
            .where(LiveStream.id == room.live_stream_id, LiveStream.status == words.LIVE)
            .values(room_lost_at=func.coalesce(LiveStream.room_lost_at, at), updated_at=LiveStream.updated_at)
            .execution_options(synchronize_session=False)
        )


def _found_again(session: Session, room: Room) -> None:
    session.execute(
        update(LiveStream)
        .where(LiveStream.id == room.live_stream_id)
        .values(room_lost_at=None, updated_at=LiveStream.updated_at)
        .execution_options(synchronize_session=False)
    )


def purge(session: Session, *, now: datetime) -> None:
    """Forget what was applied a month ago."""
    session.execute(
        text("DELETE FROM livekit_events WHERE received_at < :before"), {"before": now - timedelta(days=30)}
    )
    session.execute(text("DELETE FROM participants_seen WHERE seen_at < :before"), {"before": now - timedelta(days=30)})
    session.execute(
        text("DELETE FROM livekit_operations WHERE status <> 'started' AND made_at < :before"),
        {"before": now - timedelta(days=30)},
    )
