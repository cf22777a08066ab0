"""Who is inside, and was: stays by participant sid, and the counters that follow from them.

Counters are counted from the stays, never added up, so they can not drift nor fall below zero.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.models import JoinHint, ParticipantSeen, Room, ViewerSession

_IDENTITY = re.compile(r"(host|viewer|participant)-([1-9][0-9]{0,18})", re.ASCII)


@dataclass(slots=True, kw_only=True)
class Stay:
    """What is known of one stay; either end may still be missing."""

    sid: str
    identity: str
    role: str
    user_id: int
    tier: str | None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    aborted_at: datetime | None = None
    source: str = field(default="webhook")

    @classmethod
    def of(cls, person: Mapping[str, Any]) -> Self | None:
        """Read a participant; None for what is no person of ours (recorders, agents, hidden ones)."""
        read = _IDENTITY.fullmatch(str(person.get("identity", "")))
        if read is None or not person.get("sid") or person.get("kind", "STANDARD") != "STANDARD":
            return None
        if person.get("permission", {}).get("hidden"):
            return None
        tier = person.get("attributes", {}).get("tier") or None
        return cls(
            sid=person["sid"],
            identity=person["identity"],
            role=read[1],
            user_id=int(read[2]),
            tier=tier if tier in words.TIERS else None,
        )


def take_stays(session: Session, room: Room, stays: Sequence[Stay], *, now: datetime) -> list[str]:
    """Take in what is known of stays, whichever end came first; return the identities that are inside anew."""
    if not stays:
        return []
    seen = upsert(ParticipantSeen).on_conflict_do_nothing().returning(ParticipantSeen.sid)
    new = set(session.scalars(seen, [{"sid": stay.sid, "seen_at": now} for stay in stays]))
    fresh = [stay for stay in stays if stay.sid in new]
    if fresh:
        hints = _hints(session, room, fresh)
        session.execute(insert(ViewerSession), [_row(room, stay, hints) for stay in fresh])
    known = [stay for stay in stays if stay.sid not in new]
    if known:
        _complete(session, room, known)
    return [stay.identity for stay in fresh if stay.joined_at and not (stay.left_at or stay.aborted_at)]


def _hints(session: Session, room: Room, stays: Sequence[Stay]) -> dict[int, tuple[str, str | None]]:
    users = [stay.user_id for stay in stays]
    rows = session.execute(
        select(JoinHint.user_id, JoinHint.device, JoinHint.country).where(
            JoinHint.room_id == room.id, JoinHint.user_id.in_(users)
        )
    )
    return {row.user_id: (row.device, row.country) for row in rows}


def _row(room: Room, stay: Stay, hints: Mapping[int, tuple[str, str | None]]) -> dict[str, Any]:
    """Return the new row of a stay. One that is told of after the room's end lasted until then at most."""
    end = stay.aborted_at or stay.left_at
    joined_at = stay.joined_at or end
    assert joined_at is not None
    if end is None and room.status == words.ENDED:
        end = max(room.closed_at or joined_at, joined_at)
    if end is not None:
        end = max(end, joined_at)
    device, country = hints.get(stay.user_id, ("other", None))
    is_counted = stay.joined_at is not None and stay.aborted_at is None
    return {
        "room_id": room.id,
        "participant_sid": stay.sid,
        "identity": stay.identity,
        "user_id": stay.user_id,
        "role": stay.role,
        "joined_at": joined_at if is_counted or end is None else end,
        "left_at": end,
        "duration_seconds": int((end - joined_at).total_seconds()) if end and is_counted else 0,
        "tier_rank": None if stay.tier is None else words.rank(stay.tier),
        "device": device,
        "country": country,
        "source": "aborted" if stay.aborted_at else stay.source,
        "is_counted": is_counted,
    }


_CLOSE = text(
    "UPDATE viewer_sessions s SET left_at = greatest(v.at, s.joined_at),"
    " duration_seconds = CASE WHEN s.is_counted THEN greatest(extract(epoch FROM v.at - s.joined_at), 0) ELSE 0 END"
    " FROM unnest(CAST(:sids AS text[]), CAST(:at AS timestamptz[])) AS v(sid, at)"
    " WHERE s.room_id = :room AND s.participant_sid = v.sid AND s.left_at IS NULL"
)
# Ends are told in whole seconds, beginnings to the millisecond.
_BEGIN = text(
    "UPDATE viewer_sessions s SET joined_at = v.at, is_counted = true, left_at = greatest(s.left_at, v.at),"
    " duration_seconds = greatest(extract(epoch FROM s.left_at - v.at), 0)"
    " FROM unnest(CAST(:sids AS text[]), CAST(:at AS timestamptz[])) AS v(sid, at)"
    " WHERE s.room_id = :room AND s.participant_sid = v.sid AND NOT s.is_counted AND s.source <> 'aborted'"
    " AND v.at < s.left_at + interval '1 second'"
)
_ABORT = text(
    "UPDATE viewer_sessions s SET left_at = s.joined_at, duration_seconds = 0, is_counted = false, source = 'aborted'"
    " FROM unnest(CAST(:sids AS text[]), CAST(:at AS timestamptz[])) AS v(sid, at)"
    " WHERE s.room_id = :room AND s.participant_sid = v.sid"
)


def _complete(session: Session, room: Room, stays: Sequence[Stay]) -> None:
    """Take what is newly known of stays that have rows: the end, the beginning that was late, or that it was none."""
    for statement, name in ((_CLOSE, "left_at"), (_BEGIN, "joined_at"), (_ABORT, "aborted_at")):
        told = [(stay.sid, getattr(stay, name)) for stay in stays if getattr(stay, name) is not None]
        if told:
            sids, at = zip(*told, strict=True)
            session.execute(statement, {"sids": list(sids), "at": list(at), "room": room.id})


def close_sessions(session: Session, room: Room, *, at: datetime, identities: Sequence[str] | None = None) -> None:
    """Close the open stays in a room, or those of some identities, at an instant."""
    statement = (
        update(ViewerSession)
        .where(ViewerSession.room_id == room.id, ViewerSession.left_at.is_(None))
        .values(
            left_at=func.greatest(ViewerSession.joined_at, at),
            duration_seconds=func.greatest(func.extract("epoch", at - ViewerSession.joined_at), 0),
        )
        .execution_options(synchronize_session=False)
    )
    if identities is not None:
        statement = statement.where(ViewerSession.identity.in_(identities))
    session.execute(statement)


_COUNT = text(
    "UPDATE live_counters c SET current = x.current, total = x.total, uniques = x.uniques,"
    " peak = greatest(c.peak, x.current) FROM ("
    " SELECT count(DISTINCT identity) FILTER (WHERE left_at IS NULL) AS current, count(*) AS total,"
    " count(DISTINCT identity) AS uniques FROM viewer_sessions"
    " WHERE room_id = :room AND role = 'viewer' AND is_counted) x WHERE c.live_stream_id = :live"
)


def follow_counters(session: Session, room: Room) -> None:
    """Count who is, and was, inside; and whether the room is in use."""
    session.flush()
    if room.live_stream_id is not None:
        session.execute(_COUNT, {"room": room.id, "live": room.live_stream_id})
    if room.status in (words.ACTIVE, words.IN_USE, words.PENDING):
        inside = session.scalar(
            select(ViewerSession.id).where(ViewerSession.room_id == room.id, ViewerSession.left_at.is_(None)).limit(1)
        )
        if inside is not None:
            room.status = words.IN_USE
        elif room.status == words.IN_USE:
            room.status = words.ACTIVE


def host_inside(session: Session, room: Room) -> bool:
    """Whether a host is inside."""
    found = select(ViewerSession.id).where(
        ViewerSession.room_id == room.id, ViewerSession.role == words.HOST, ViewerSession.left_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None
