"""The demo's streams: five practitioners, their classes to come, and past ones with their figures."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.streams.domain import demo, words
from services.streams.models import (
    ChatMessage,
    LiveCounters,
    LiveStream,
    Practitioner,
    ReactionBucket,
    Room,
    Stream,
    StreamCategory,
    User,
    ViewerEngagement,
    ViewerSession,
)
from services.streams.operations.analytics import keep_figures
from services.streams.operations.announcing import announce_stream
from services.streams.operations.categories import create_category
from services.streams.operations.live import create_live
from services.streams.operations.schedules import create_schedule
from services.streams.operations.streams import create_stream, launch_stream
from services.streams.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.identity import Identity
from shared.messaging import NotYet

log = logging.getLogger(__name__)

PAST_WEEKS = (1, 2, 3)
VIEWERS = 24


def seed() -> None:
    """Add those of the demo's streams that are not there yet. Raises NotYet while no practitioners are known."""
    if settings().is_production:
        raise SystemExit("Demo streams are not for production.")
    connect(settings().database_url, application_name="streams-seed")
    with transaction() as session:
        hosts = session.execute(
            select(Practitioner.id, Practitioner.user_id)
            .where(Practitioner.is_verified, Practitioner.status != "suspended", Practitioner.deleted_at.is_(None))
            .order_by(Practitioner.id)
            .limit(len(demo.STREAMS))
        ).all()
    if len(hosts) < len(demo.STREAMS):
        raise NotYet("The practitioners are not known yet.")
    shelves = _shelves()
    added = 0
    for offer, host in zip(demo.STREAMS, hosts, strict=True):
        with transaction() as session:
            added += _open(session, offer, host.id, host.user_id, shelves)
    log.info("demo streams added", extra={"added": added})


def _shelves() -> list[int]:
    with transaction() as session:
        have = {row.name: row.id for row in session.execute(select(StreamCategory.name, StreamCategory.id))}
        ids = []
        for position, (name, icon, told) in enumerate(demo.CATEGORIES):
            if name not in have:
                body = {"name": name, "icon": icon, "description": told, "position": position}
                have[name] = create_category(session, body).id
            ids.append(have[name])
    return ids


def _open(session: Session, offer: dict[str, Any], host_id: int, user_id: int, shelves: list[int]) -> int:
    """Open one practitioner's stream, unless there is one; return how many were opened."""
    if session.scalar(select(Stream.id).where(Stream.practitioner_id == host_id, Stream.deleted_at.is_(None))):
        return 0
    now, by = utc_now(), Identity(user_id=user_id, roles=frozenset({"user", "practitioner"}))
    stream = create_stream(session, _body(offer, shelves), by=by)
    launch_stream(session, stream, now=now)
    stream.launched_at = now - timedelta(weeks=max(PAST_WEEKS) + 1)
    announce_stream(session, stream)
    for weeks in PAST_WEEKS:
        rng = random.Random(weeks)  # noqa: S311 - a demo, not a secret.
        _past(session, stream, offer, begins=_at(now - timedelta(weeks=weeks), offer["hour"]), rng=rng)
    start = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    body = {
        "stream": stream.id,
        "title": f"Open house: {stream.title}",
        "description": "Come and see what it is like; everybody is welcome.",
        "is_public": True,
        "scheduled_start": start,
        "scheduled_end": start + timedelta(minutes=30),
    }
    create_live(session, body, by=by, now=now)
    schedule = {
        "stream": stream.id,
        "title": offer["class"],
        "recurrence_rule": f"{offer['rule']};BYHOUR={offer['hour']};BYMINUTE=30",
        "duration_minutes": 45,
        "tier_rank": words.rank(words.ENTRY),
        "days_ahead": 14,
    }
    create_schedule(session, schedule, by=by, now=now)
    return 1


def _body(offer: dict[str, Any], shelves: list[int]) -> dict[str, Any]:
    entry, premium = offer["prices"]
    return {
        "title": offer["title"],
        "tagline": offer["tagline"],
        "description": demo.description(offer),
        "entry_price_cents": entry,
        "premium_price_cents": premium,
        "tags": [demo.CATEGORIES[shelf][0].lower() for shelf in offer["shelves"]],
        "category_ids": [shelves[shelf] for shelf in offer["shelves"]],
        "free_tier_perks": ["The monthly open class"],
        "entry_tier_perks": ["Every live class", "Chat with the host"],
        "premium_tier_perks": ["Every live class", "All recordings", "Small groups"],
    }


def _at(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=30, second=0, microsecond=0)


def _past(session: Session, stream: Stream, offer: dict[str, Any], *, begins: datetime, rng: random.Random) -> None:
    """Write a class that is over: who came, what was said, and the figures that follow."""
    ends = begins + timedelta(minutes=45)
    live = LiveStream(
        stream_id=stream.id,
        practitioner_id=stream.practitioner_id,
        title=offer["class"],
        status=words.ENDED,
        tier_rank=words.rank(words.ENTRY),
        scheduled_start=begins,
        scheduled_end=ends,
        actual_start=begins,
        actual_end=ends,
        end_reason=words.BY_HOST,
        started_published=True,
    )
    session.add(live)
    session.flush()
    room = Room(
        kind=words.ROOM_LIVE,
        name=f"live-{live.public_uuid}",
        live_stream_id=live.id,
        status=words.ENDED,
        opened_at=begins,
        closed_at=ends,
    )
    session.add_all([room, LiveCounters(live_stream_id=live.id)])
    session.flush()
    users = session.scalars(select(User.id).where(User.deleted_at.is_(None)).order_by(User.id).limit(VIEWERS)).all()
    for user_id in users:
        _visit(session, live, room, user_id, begins=begins, ends=ends, rng=rng)
    session.flush()
    chat = select(func.count()).where(ChatMessage.live_stream_id == live.id).scalar_subquery()
    session.execute(update(LiveCounters).where(LiveCounters.live_stream_id == live.id).values(chat=chat))
    session.add(ReactionBucket(live_stream_id=live.id, minute=30, emoji="🙏", count=rng.randrange(5, 40)))
    keep_figures(session, live, None, now=utc_now())


def _visit(
    session: Session,
    live: LiveStream,
    room: Room,
    user_id: int,
    *,
    begins: datetime,
    ends: datetime,
    rng: random.Random,
) -> None:
    joined = begins + timedelta(seconds=rng.randrange(0, 600))
    left = min(joined + timedelta(seconds=rng.randrange(120, 2700)), ends)
    session.add(
        ViewerSession(
            room_id=room.id,
            participant_sid=f"PA_demo_{live.id}_{user_id}",
            identity=f"viewer-{user_id}",
            user_id=user_id,
            role=words.VIEWER,
            joined_at=joined,
            left_at=left,
            duration_seconds=int((left - joined).total_seconds()),
            tier_rank=rng.choice([None, 0, 1, 1, 2]),
            device=rng.choice(["desktop", "mobile", "mobile", "tablet"]),
            source="webhook",
        )
    )
    if rng.random() < 0.4:
        offset = int((left - begins).total_seconds() * rng.random())
        session.add(
            ChatMessage(
                live_stream_id=live.id,
                user_id=user_id,
                text=rng.choice(demo.CHAT),
                sent_at=begins + timedelta(seconds=offset),
                offset_seconds=offset,
            )
        )
        session.add(ViewerEngagement(live_stream_id=live.id, user_id=user_id, chat=1, reactions=1))
