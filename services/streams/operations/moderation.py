"""What hosts do about people: putting out, banning, muting, and taking it back."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import NotYours, PersonNotFound
from services.streams.models import LiveStream, Moderation, Practitioner, Room, User, ViewerSession
from services.streams.operations.chat import send_to_room
from services.streams.operations.presence import close_sessions, follow_counters
from services.streams.operations.rooms import identity_in, put_out
from shared.audit import audit
from shared.identity import Identity


def remove_viewer(
    session: Session,
    live: LiveStream,
    user_id: int,
    *,
    ban: bool,
    whole_stream: bool,
    reason: str | None,
    by: Identity,
    now: datetime,
) -> None:
    """Put somebody out, and with `ban` keep them out. Raises PersonNotFound, NotYours (of the host)."""
    _check_person(session, live, user_id)
    room = session.scalar(select(Room).where(Room.live_stream_id == live.id).with_for_update())
    assert room is not None
    identity = identity_in(words.VIEWER, user_id)
    if ban:
        _hold(session, live, user_id, kind=words.BAN, until=None, whole_stream=whole_stream, reason=reason, by=by)
    close_sessions(session, room, at=now, identities=[identity])
    follow_counters(session, room)
    put_out(session, room, identity, occasion=f"host:{now.timestamp():.3f}")
    audit(
        session,
        "viewer.banned" if ban else "viewer.removed",
        by=by,
        subject=("live_stream", live.id),
        details={"user_id": user_id, "reason": reason},
    )


def mute_viewer(
    session: Session, live: LiveStream, user_id: int, *, minutes: int, by: Identity, now: datetime
) -> datetime | None:
    """Let somebody write nothing for so long; 0: until the end. Raises PersonNotFound, NotYours (of the host)."""
    _check_person(session, live, user_id)
    until = now + timedelta(minutes=minutes) if minutes else None
    _hold(session, live, user_id, kind=words.MUTE, until=until, whole_stream=False, reason=None, by=by)
    told = {"action": "mute", "user": user_id, "until": until.isoformat() if until else None}
    send_to_room(session, live, key=f"mute:{live.id}:{user_id}:{now.timestamp():.3f}", message=told)
    return until


def pardon_viewer(session: Session, live: LiveStream, user_id: int, *, now: datetime) -> None:
    """Lift whatever is held against somebody here, a ban of the whole stream too."""
    session.execute(
        delete(Moderation).where(
            Moderation.stream_id == live.stream_id,
            Moderation.user_id == user_id,
            or_(Moderation.live_stream_id.is_(None), Moderation.live_stream_id == live.id),
        )
    )
    told = {"action": "unmute", "user": user_id}
    send_to_room(session, live, key=f"unmute:{live.id}:{user_id}:{now.timestamp():.3f}", message=told)


def _check_person(session: Session, live: LiveStream, user_id: int) -> None:
    host = session.get(Practitioner, live.practitioner_id)
    if host is not None and host.user_id == user_id:
        raise NotYours("The host stays.")
    known = session.scalar(select(User.id).where(User.id == user_id, User.deleted_at.is_(None)))
    if (
        known is None
        and session.scalar(select(ViewerSession.id).where(ViewerSession.user_id == user_id).limit(1)) is None
    ):
        raise PersonNotFound


def _hold(
    session: Session,
    live: LiveStream,
    user_id: int,
    *,
    kind: str,
    until: datetime | None,
    whole_stream: bool,
    reason: str | None,
    by: Identity,
) -> None:
    """Hold something against somebody; once more replaces it."""
    live_id = None if whole_stream else live.id
    session.execute(
        delete(Moderation).where(
            Moderation.stream_id == live.stream_id,
            Moderation.live_stream_id.is_not_distinct_from(live_id),
            Moderation.user_id == user_id,
            Moderation.kind == kind,
        )
    )
    session.execute(
        insert(Moderation)
        .values(
            stream_id=live.stream_id,
            live_stream_id=live_id,
            user_id=user_id,
            kind=kind,
            until=until,
            by_user_id=by.user_id,
            reason=reason,
        )
        .on_conflict_do_nothing()
    )
