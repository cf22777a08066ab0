"""Following payments: who is a member of which tier, and what it earned."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.models import LiveStream, Membership, Room, Stream, ViewerSession
from services.streams.models.access import rank_of, valid_membership
from services.streams.operations.analytics import touch_day
from services.streams.operations.rooms import put_out
from shared.messaging import Message, replace_replica

RENEWED_WITHIN = timedelta(minutes=1)
_COUNTS = ("free_count", "entry_count", "premium_count")

_WATCHING = (
    select(Room, ViewerSession.identity)
    .join(LiveStream, LiveStream.id == Room.live_stream_id)
    .join(ViewerSession, ViewerSession.room_id == Room.id)
    .where(
        LiveStream.status.in_((words.LIVE, words.SCHEDULED)),
        ~LiveStream.is_public,
        ViewerSession.role == words.VIEWER,
        ViewerSession.left_at.is_(None),
    )
)
"""Rooms of what is open to members only, with the identities of those inside."""


def take_membership(
    session: Session, *, membership_id: int, values: Mapping[str, Any], message: Message, now: datetime
) -> bool:
    """Keep the newest state of a membership, and count members by the difference; whether it was newer."""
    # The stream is locked first, so that two of its memberships count one after the other.
    stream_id = values["stream_id"]
    session.execute(select(Stream.id).where(Stream.id == stream_id).with_for_update())
    held = session.get(Membership, membership_id, populate_existing=True)
    before = _state(held)
    if not replace_replica(session, Membership, key={"membership_id": membership_id}, values=values, message=message):
        return False
    after = (stream_id, values["tier_rank"]) if values["is_active"] else None
    _count(session, before, -1)
    _count(session, after, +1)
    happened = _what(before, after)
    if happened:
        touch_day(session, stream_id, message.occurred_at.date(), add={happened: 1})
    if before is not None and (after is None or after[1] < before[1]) and not message.snapshot:
        put_out_of_live(session, values["user_id"], stream_id, now=now)
    return True


def _state(held: Membership | None) -> tuple[int, int] | None:
    return (held.stream_id, held.tier_rank) if held is not None and held.is_active else None


def _count(session: Session, state: tuple[int, int] | None, change: int) -> None:
    if state is None:
        return
    column = getattr(Stream, _COUNTS[state[1]])
    session.execute(
        update(Stream)
        .where(Stream.id == state[0])
        .values({column: column + change, Stream.updated_at: Stream.updated_at})
        .execution_options(synchronize_session=False)
    )


def _what(before: tuple[int, int] | None, after: tuple[int, int] | None) -> str | None:
    """Return the day's counter that a change belongs to; None when nothing changed that counts."""
    if before == after:
        return None
    if before is None:
        return "joined"
    if after is None:
        return "churned"
    return "upgraded" if after[1] > before[1] else "downgraded"


def put_out_of_live(session: Session, user_id: int, stream_id: int, *, now: datetime) -> None:
    """Put somebody out of what they may not watch any more."""
    rank = rank_of(session, user_id=user_id, stream_id=stream_id, now=now)
    rows = session.execute(
        _WATCHING.where(
            LiveStream.stream_id == stream_id,
            LiveStream.tier_rank > (-1 if rank is None else rank),
            ViewerSession.user_id == user_id,
        )
    ).all()
    for room, identity in rows:
        put_out(session, room, identity, occasion=f"access:{now.timestamp():.0f}")


def put_out_lapsed(session: Session, *, now: datetime) -> int:
    """Put out whoever came in as a member and is none any more, a minute after; return how many these are.

    Of a membership that runs on, payments tells the new end when the old one is reached: the minute is for that. Staff
    and hosts came in without one. Somebody who comes back with a token that is good for some minutes is put out again.
    """
    still = (
        select(func.max(Membership.tier_rank))
        .where(
            Membership.user_id == ViewerSession.user_id,
            Membership.stream_id == LiveStream.stream_id,
            valid_membership(now - RENEWED_WITHIN),
        )
        .correlate(ViewerSession, LiveStream)
        .scalar_subquery()
    )
    rows = session.execute(
        _WATCHING.where(ViewerSession.tier_rank.is_not(None), LiveStream.tier_rank > func.coalesce(still, -1))
    ).all()
    for room, identity in rows:
        put_out(session, room, identity, occasion=f"lapsed:{now:%Y%m%d%H%M}")
    return len(rows)


def take_revenue(session: Session, stream_id: int, *, cents: int, commission_cents: int, at: datetime) -> None:
    """Count money of a membership; refunds are negative."""
    session.execute(
        update(Stream)
        .where(Stream.id == stream_id)
        .values(revenue_cents=Stream.revenue_cents + cents, updated_at=Stream.updated_at)
        .execution_options(synchronize_session=False)
    )
    touch_day(session, stream_id, at.date(), add={"revenue_cents": cents, "commission_cents": commission_cents})
