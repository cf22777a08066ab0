"""Holding what we believe of a room against LiveKit's own list: repairs what lost news left behind."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from services.streams.clients.video import Inside, Video, VideoFailed
from services.streams.domain import words
from services.streams.models import LiveStream, Room, ViewerSession
from services.streams.operations.broadcasting import follow_host, mark_started
from services.streams.operations.presence import Stay, close_sessions, follow_counters, take_stays
from services.streams.operations.rooms import locked_room
from services.streams.operations.webhooks import waiting_rooms
from shared.clock import utc_now
from shared.database import retrying, transaction
from shared.observability import logger

EVERY = timedelta(seconds=30)
TOO_YOUNG = timedelta(seconds=20)
REOPENED_AFTER = timedelta(seconds=60)
_logger = logger(__name__)


def due_rooms(session: Session, *, now: datetime, limit: int = 500) -> list[tuple[int, str]]:
    """Return open rooms, and those of live streams that are on, that were not looked at for half a minute."""
    on_air = select(LiveStream.id).where(LiveStream.status == words.LIVE)
    rows = session.execute(
        select(Room.id, Room.name)
        .where(
            or_(
                Room.status.in_((words.ACTIVE, words.IN_USE)),
                Room.live_stream_id.in_(on_air),
            ),
            or_(Room.last_reconciled_at.is_(None), Room.last_reconciled_at <= now - EVERY + timedelta(seconds=2)),
        )
        .order_by(Room.last_reconciled_at.asc().nulls_first())
        .limit(limit)
    )
    return [(row.id, row.name) for row in rows]


def reconcile_rooms(video: Video) -> int:
    """Look at every room that is due; return how many were repaired or found right."""
    with transaction() as session:
        due = due_rooms(session, now=utc_now())
        busy = set(waiting_rooms(session, now=utc_now()))
    looked = 0
    for room_id, name in due:
        if name in busy:
            continue
        asked_at = utc_now()
        try:
            inside = video.inside(name)
        except VideoFailed as away:
            _logger.warning("livekit_unanswered", room=name, reason=str(away))
            return looked
        retrying(lambda session, r=room_id, i=inside, a=asked_at: reconcile(session, r, i, asked_at=a))  # type: ignore[misc]
        looked += 1
    return looked


def reconcile(session: Session, room_id: int, inside: list[Inside] | None, *, asked_at: datetime) -> None:
    """Bring a room to what LiveKit listed at `asked_at`; None: there is no such room."""
    room = locked_room(session, Room.id == room_id)
    assert room is not None
    if room.status == words.ENDED:
        return
    here = [one for one in inside or [] if one.is_standard]
    sids = [one.sid for one in here]
    take_stays(session, room, [stay for one in here if (stay := _stay(one)) is not None], now=asked_at)
    _reopen(session, room, sids, before=asked_at - REOPENED_AFTER)
    _close_missing(session, room, sids, asked_at=asked_at)
    if inside is None and room.status in (words.ACTIVE, words.IN_USE):
        close_sessions(session, room, at=room.last_reconciled_at or asked_at)
        room.status, room.livekit_sid, room.closed_at = words.PENDING, None, asked_at
    elif inside is not None and room.status == words.PENDING:
        room.status, room.opened_at = words.ACTIVE, room.opened_at or asked_at
    follow_counters(session, room)
    room.last_reconciled_at = asked_at
    if room.live_stream_id is not None:
        _follow_live(session, room, here, exists=inside is not None, asked_at=asked_at)


def _follow_live(session: Session, room: Room, here: list[Inside], *, exists: bool, asked_at: datetime) -> None:
    live = session.get_one(LiveStream, room.live_stream_id, populate_existing=True)
    if live.status != words.LIVE:
        return
    lost_at = None if exists else (live.room_lost_at or asked_at)
    if lost_at != live.room_lost_at:
        session.execute(
            update(LiveStream)
            .where(LiveStream.id == live.id)
            .values(room_lost_at=lost_at, updated_at=LiveStream.updated_at)
            .execution_options(synchronize_session=False)
        )
    follow_host(session, room, live, now=asked_at, seen=True)
    if any(one.publishes and one.identity.startswith(f"{words.HOST}-") for one in here):
        mark_started(session, live, room, now=asked_at)


def _stay(one: Inside) -> Stay | None:
    stay = Stay.of({"sid": one.sid, "identity": one.identity, "attributes": dict(one.attributes)})
    if stay is not None:
        stay.joined_at, stay.source = one.joined_at, "reconcile"
    return stay


_REOPEN = text(
    "UPDATE viewer_sessions SET left_at = NULL, duration_seconds = 0, is_counted = true"
    " WHERE room_id = :room AND participant_sid = ANY(:sids) AND left_at < :before"
)


def _reopen(session: Session, room: Room, sids: list[str], *, before: datetime) -> None:
    """Open the stays of those again who were taken for gone long ago, and are listed."""
    if sids:
        session.execute(_REOPEN, {"room": room.id, "sids": sids, "before": before})


def _close_missing(session: Session, room: Room, sids: list[str], *, asked_at: datetime) -> None:
    """Close the stays of those who are not listed, at the instant at which they were seen last."""
    seen = room.last_reconciled_at
    missing = session.execute(
        select(ViewerSession.participant_sid, ViewerSession.joined_at).where(
            ViewerSession.room_id == room.id,
            ViewerSession.left_at.is_(None),
            ViewerSession.joined_at < asked_at - TOO_YOUNG,
            ViewerSession.participant_sid.not_in(sids) if sids else ViewerSession.participant_sid.is_not(None),
        )
    ).all()
    stays = [
        Stay(
            sid=row.participant_sid,
            identity="",
            role="",
            user_id=0,
            tier=None,
            left_at=max(row.joined_at, seen) if seen else row.joined_at,
        )
        for row in missing
    ]
    take_stays(session, room, stays, now=asked_at)
