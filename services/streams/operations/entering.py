"""Letting people into live streams: the checks, and what LiveKit is to let them do. Nothing is counted here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import lifecycle, words
from services.streams.domain.errors import NotLive, NotYours, PractitionerSuspended, RoomFull, TooEarly
from services.streams.models import JoinHint, LiveCounters, LiveStream, Practitioner, Room, User, ViewerSession
from services.streams.models.access import Access, require_access
from services.streams.operations.presence import close_sessions, follow_counters
from services.streams.operations.rooms import identity_in, put_out
from services.streams.settings import settings
from shared.identity import Identity

SOMEBODY = "Member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a token is made of, and what the page shows beside."""

    room: str
    identity: str
    name: str
    role: str
    tier: str | None
    live: LiveStream | None = None
    phase: str = words.LIVE
    viewers: int = 0


def enter_live(session: Session, live: LiveStream, *, by: Identity, now: datetime, role: str | None = None) -> Entry:
    """Let the caller into a live stream that is on, or opens within a quarter of an hour.

    `role` may ask for less than the caller is. Raises NotLive, Banned, SubscriptionRequired, RoomFull, NotYours (a
    viewer who asks for the host's place), TooEarly (the host, before the room opens), PractitionerSuspended.
    """
    access = require_access(session, live, by, now=now)
    as_host = _as_host(access, role)
    counters = session.get_one(LiveCounters, live.id)
    room = session.scalar(select(Room).where(Room.live_stream_id == live.id))
    assert room is not None
    if live.status not in (words.LIVE, words.SCHEDULED):
        raise NotLive
    if live.status == words.SCHEDULED:
        host = session.get(Practitioner, live.practitioner_id)
        if host is None or host.is_suspended:
            raise PractitionerSuspended if as_host else NotLive
        if not lifecycle.can_start(live.status, live.scheduled_start, now):
            raise TooEarly if as_host else NotLive
    role = words.HOST if as_host else words.VIEWER
    identity = identity_in(role, by.user_id)
    if not as_host and counters.current >= settings().stream_max_viewers and not _is_inside(session, room, identity):
        raise RoomFull
    return Entry(
        room=room.name,
        identity=identity,
        name=display_name(session, by.user_id),
        role=role,
        tier=None if access.rank is None else words.TIERS[access.rank],
        live=live,
        phase=words.LIVE if live.status == words.LIVE else words.WAITING,
        viewers=counters.current,
    )


def _as_host(access: Access, role: str | None) -> bool:
    may_host = access.is_host or access.is_staff
    if role == words.HOST and not may_host:
        raise NotYours
    return access.is_host if role is None else role == words.HOST


def _is_inside(session: Session, room: Room, identity: str) -> bool:
    found = select(ViewerSession.id).where(
        ViewerSession.room_id == room.id, ViewerSession.identity == identity, ViewerSession.left_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None


def host_entry(session: Session, live: LiveStream, *, by: Identity) -> Entry:
    """Return the host's entry into a live stream that has just been turned on."""
    room = session.scalar(select(Room.name).where(Room.live_stream_id == live.id))
    assert room is not None
    name = display_name(session, by.user_id)
    identity = identity_in(words.HOST, by.user_id)
    return Entry(room=room, identity=identity, name=name, role=words.HOST, tier=None, live=live)


def display_name(session: Session, user_id: int) -> str:
    """Return the name that others see; never an e-mail address."""
    return session.scalar(select(User.display_name).where(User.id == user_id)) or SOMEBODY


def note_hint(session: Session, live: LiveStream, *, by: Identity, device: str, country: str | None) -> None:
    """Keep what a viewer's device and country were at the first join; the room itself does not know."""
    room_id = select(Room.id).where(Room.live_stream_id == live.id).scalar_subquery()
    session.execute(
        insert(JoinHint)
        .values(room_id=room_id, user_id=by.user_id, device=device, country=country)
        .on_conflict_do_nothing()
    )


def leave_live(session: Session, live: LiveStream, *, by: Identity, now: datetime) -> None:
    """Let the caller go: their stay ends now, and what LiveKit tells of it later changes nothing."""
    room = session.scalar(select(Room).where(Room.live_stream_id == live.id).with_for_update())
    assert room is not None
    identity = identity_in(words.VIEWER, by.user_id)
    if _is_inside(session, room, identity):
        close_sessions(session, room, at=now, identities=[identity])
        follow_counters(session, room)
        put_out(session, room, identity, occasion=f"leave:{now.timestamp():.3f}")
