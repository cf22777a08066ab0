"""Reading live streams: the columns of their lists, and what is shown of a row."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from services.streams.domain import lifecycle, words
from services.streams.domain.errors import LiveStreamNotFound
from services.streams.models import (
    LiveCounters,
    LiveStream,
    Membership,
    Practitioner,
    Recording,
    Reminder,
    Room,
    Stream,
)
from services.streams.models.access import valid_membership
from services.streams.models.links import join_url
from services.streams.models.naming import named
from services.streams.queries.shown import ME, NOW, RANK, binds, live_shown_to
from shared.identity import Identity

_PLAIN = (
    *("id", "public_uuid", "stream_id", "practitioner_id", "title", "description", "status", "tier_rank", "is_public"),
    *("scheduled_start", "scheduled_end", "timezone", "actual_start", "actual_end", "end_reason", "allow_chat"),
    *("allow_reactions", "record_stream", "thumbnail_url", "tags", "schedule_id", "occurrence", "host_present"),
    *("host_last_seen", "version", "created_at", "updated_at"),
)
_RECORDINGS = (
    select(func.count())
    .where(Recording.live_stream_id == LiveStream.id, Recording.status == words.READY)
    .correlate(LiveStream)
    .scalar_subquery()
)
_REMINDER = exists().where(Reminder.live_stream_id == LiveStream.id, Reminder.user_id == ME).correlate(LiveStream)

LIVE_COLUMNS = (
    select(
        *(getattr(LiveStream, name) for name in _PLAIN),
        *(LiveCounters.current, LiveCounters.peak, LiveCounters.total, LiveCounters.uniques),
        *(LiveCounters.chat, LiveCounters.reactions),
        Stream.title.label("stream_title"),
        *(Stream.entry_price_cents, Stream.premium_price_cents),
        Practitioner.user_id.label("host_user_id"),
        Practitioner.display_name.label("practitioner_name"),
        Room.id.label("room_id"),
        Room.name.label("room_name"),
        Room.status.label("room_status"),
        _RECORDINGS.label("recordings_count"),
        _REMINDER.label("reminder_set"),
        RANK.label("rank"),
        NOW.label("now"),
    )
    .select_from(LiveStream)
    .join(Stream, Stream.id == LiveStream.stream_id)
    .outerjoin(Practitioner, Practitioner.id == LiveStream.practitioner_id)
    .outerjoin(LiveCounters, LiveCounters.live_stream_id == LiveStream.id)
    .outerjoin(Room, Room.live_stream_id == LiveStream.id)
)


def accessible(by: Identity) -> ColumnElement[bool]:
    """Return the condition that a live stream is open to the caller: a semi-join, never a list of ids."""
    if not by.is_signed_in:
        return LiveStream.is_public.is_(True)
    member = exists().where(
        Membership.user_id == ME,
        Membership.stream_id == LiveStream.stream_id,
        Membership.tier_rank >= LiveStream.tier_rank,
        valid_membership(NOW),
    )
    return or_(LiveStream.is_public.is_(True), member, Practitioner.user_id == ME)


def live_shown(row: Mapping[str, Any], by: Identity, now: datetime) -> dict[str, Any]:
    """Return a live stream as the caller sees it."""
    is_host = by.is_signed_in and row["host_user_id"] == by.user_id
    rank = row["rank"] if by.is_signed_in else None
    can_access = is_host or by.is_staff or row["is_public"] or (rank is not None and rank >= row["tier_rank"])
    prices = (0, row["entry_price_cents"], row["premium_price_cents"])
    times = {name: row[name] for name in ("scheduled_start", "scheduled_end", "actual_start", "actual_end")}
    phase = lifecycle.phase(
        status=row["status"],
        end_reason=row["end_reason"],
        scheduled_start=row["scheduled_start"],
        host_present=row["host_present"],
        host_last_seen=row["host_last_seen"],
        now=now,
    )
    return {
        **row,
        "stream": row["stream_id"],
        "practitioner": row["practitioner_id"],
        "practitioner_name": row["practitioner_name"] or "Practitioner",
        "room": row["room_id"],
        "room_details": _room(row, full=is_host or by.is_staff),
        "tier_level": words.TIERS[row["tier_rank"]],
        "current_viewers": row["current"] or 0,
        "viewer_count": row["current"] or 0,
        "peak_viewers": row["peak"] or 0,
        "total_viewers": row["total"] or 0,
        "unique_viewers": row["uniques"] or 0,
        "chat_message_count": row["chat"] or 0,
        "reaction_count": row["reactions"] or 0,
        "is_live": row["status"] == words.LIVE,
        "can_start": lifecycle.can_start(row["status"], row["scheduled_start"], now),
        "duration_minutes": lifecycle.duration_minutes(**times, now=now),
        "can_access": can_access,
        "join_url": join_url(row["public_uuid"]) if can_access else None,
        "is_host": is_host,
        "phase": phase,
        "schedule": row["schedule_id"],
        "occurrence": local_text(row["occurrence"]),
        "reminder_set": by.is_signed_in and row["reminder_set"],
        "required_price_cents": None if can_access else prices[row["tier_rank"]],
    }


def local_text(local: datetime | None) -> str | None:
    """Return a wall-clock time as text, without a zone."""
    return local.isoformat(timespec="seconds") if local else None


def _room(row: Mapping[str, Any], *, full: bool) -> dict[str, Any] | None:
    if row["room_id"] is None:
        return None
    return {
        "id": row["room_id"],
        "name": row["title"],
        "status": row["room_status"],
        "livekit_room_name": row["room_name"] if full else None,
    }


def one_live(session: Session, reference: str | int, by: Identity, *, now: datetime) -> dict[str, Any]:
    """Return a live stream that the caller may see. Raises LiveStreamNotFound."""
    clauses, _variant = live_shown_to(by)
    statement = LIVE_COLUMNS.where(named(LiveStream, reference), *clauses)
    row = session.execute(statement, binds(by, now)).mappings().first()
    if row is None:
        raise LiveStreamNotFound
    return live_shown(dict(row), by, now)


def own_live(session: Session, ids: Sequence[int], by: Identity, *, now: datetime) -> list[dict[str, Any]]:
    """Return live streams to somebody who has just changed them, by their beginning."""
    session.flush()
    statement = LIVE_COLUMNS.where(LiveStream.id.in_(bindparam("ids", expanding=True)))
    rows = session.execute(
        statement.order_by(LiveStream.scheduled_start), {**binds(by, now), "ids": list(ids)}
    ).mappings()
    return [live_shown(dict(row), by, now) for row in rows]
