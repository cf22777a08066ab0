"""What the tables say of a live stream's audience."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.analytics import Doings, figures
from services.streams.domain.presence import Span
from services.streams.models.audience import ChatMessage, ReactionBucket, ViewerEngagement
from services.streams.models.live import LiveStream, Room, ViewerSession
from shared.clock import utc_now


def spans_of(session: Session, live_ids: Sequence[int], *, now: datetime) -> dict[int, list[Span]]:
    """Return who was inside when, by live stream; open stays reach until now, and none beyond the end."""
    rows = session.execute(
        select(
            Room.live_stream_id,
            ViewerSession.identity,
            func.extract("epoch", ViewerSession.joined_at),
            func.extract("epoch", func.least(func.coalesce(ViewerSession.left_at, now), LiveStream.actual_end)),
            ViewerSession.tier_rank,
            ViewerSession.device,
            ViewerSession.country,
        )
        .join(Room, Room.id == ViewerSession.room_id)
        .join(LiveStream, LiveStream.id == Room.live_stream_id)
        .where(Room.live_stream_id.in_(live_ids), ViewerSession.role == words.VIEWER, ViewerSession.is_counted)
        .order_by(ViewerSession.joined_at)
    )
    found: dict[int, list[Span]] = defaultdict(list)
    # A person is one identity; those who were forgotten have one of no meaning, so it is numbered here.
    people: dict[str, int] = {}
    for live_id, identity, joined, left, rank, device, country in rows:
        number = people.setdefault(identity, len(people) + 1)
        start, end = float(joined), float(left)
        found[int(live_id or 0)].append(Span(number, start, max(start, end), rank, device, country))
    return _with_names(found, people)


def _with_names(found: dict[int, list[Span]], people: dict[str, int]) -> dict[int, list[Span]]:
    """Give everybody the number of their user id where there is one, so that what they wrote is known as theirs."""
    ids = {number: _user_number(identity, number) for identity, number in people.items()}
    return {
        live_id: [Span(ids[one.user_id], one.start, one.end, one.rank, one.device, one.country) for one in spans]
        for live_id, spans in found.items()
    }


def _user_number(identity: str, number: int) -> int:
    tail = identity.rpartition("-")[2]
    return int(tail) if tail.isascii() and tail.isdigit() else -number


def figures_of(session: Session, live: LiveStream) -> dict[str, Any]:
    """Compute everything that is told of a live stream's audience, up to now or to its end."""
    session.flush()
    now = utc_now()
    start = live.actual_start or live.scheduled_start
    end = live.actual_end or max(now, start)
    spans = spans_of(session, [live.id], now=end).get(live.id, [])
    return figures(spans, _doings(session, live), start=start.timestamp(), end=end.timestamp())


def _doings(session: Session, live: LiveStream) -> Doings:
    chat = session.execute(
        select(func.greatest(ChatMessage.offset_seconds, 0) / 60, func.count())
        .where(ChatMessage.live_stream_id == live.id)
        .group_by(func.greatest(ChatMessage.offset_seconds, 0) / 60)
    )
    minutes: Counter[int] = Counter()
    emojis: Counter[str] = Counter()
    for bucket in session.scalars(select(ReactionBucket).where(ReactionBucket.live_stream_id == live.id)):
        minutes[bucket.minute] += bucket.count
        emojis[bucket.emoji] += bucket.count
    engaged = session.execute(
        select(ViewerEngagement.user_id, ViewerEngagement.chat).where(ViewerEngagement.live_stream_id == live.id)
    ).all()
    return Doings(
        chat={int(minute): count for minute, count in chat},
        reactions=dict(minutes),
        by_emoji=dict(emojis),
        chatters=frozenset(row.user_id for row in engaged if row.chat),
        engaged=frozenset(row.user_id for row in engaged),
    )
