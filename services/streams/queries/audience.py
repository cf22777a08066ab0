"""Reading who is inside, what was said, and who the members are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.models import (
    ChatMessage,
    LiveStream,
    Membership,
    Moderation,
    Room,
    User,
    ViewerEngagement,
    ViewerSession,
)
from services.streams.models.access import valid_membership
from services.streams.queries.shown import NOW

_NOBODY = "Member"

# Of a person's stays the newest stands for all; those who are inside come before those who left.
_NEWEST = (
    select(
        ViewerSession.id,
        ViewerSession.user_id,
        ViewerSession.joined_at,
        ViewerSession.left_at,
        ViewerSession.tier_rank,
        func.sum(ViewerSession.duration_seconds).over(partition_by=ViewerSession.identity).label("closed_seconds"),
        func.row_number()
        .over(
            partition_by=ViewerSession.identity,
            order_by=(ViewerSession.left_at.desc().nulls_first(), ViewerSession.joined_at.desc()),
        )
        .label("place"),
    )
    .join(Room, Room.id == ViewerSession.room_id)
    .where(
        Room.live_stream_id == bindparam("live"),
        ViewerSession.role == words.VIEWER,
        ViewerSession.is_counted,
    )
    .subquery()
)
_ENGAGED = (ViewerEngagement.live_stream_id == bindparam("live")) & (ViewerEngagement.user_id == _NEWEST.c.user_id)
_MUTED = (
    select(Moderation.id)
    .where(
        Moderation.user_id == _NEWEST.c.user_id,
        Moderation.stream_id == bindparam("stream"),
        Moderation.kind == words.MUTE,
        or_(Moderation.live_stream_id.is_(None), Moderation.live_stream_id == bindparam("live")),
        or_(Moderation.until.is_(None), Moderation.until > NOW),
    )
    .correlate(_NEWEST)
    .exists()
)
VIEWER_COLUMNS = (
    select(
        *(_NEWEST.c.id, _NEWEST.c.user_id, _NEWEST.c.joined_at, _NEWEST.c.left_at, _NEWEST.c.tier_rank),
        _NEWEST.c.closed_seconds,
        User.display_name,
        User.avatar_url,
        func.coalesce(ViewerEngagement.chat, 0).label("chat"),
        func.coalesce(ViewerEngagement.reactions, 0).label("reactions"),
        _MUTED.label("is_muted"),
    )
    .select_from(_NEWEST)
    .outerjoin(User, User.id == _NEWEST.c.user_id)
    .outerjoin(ViewerEngagement, _ENGAGED)
    .where(_NEWEST.c.place == 1)
)
VIEWER_KEY = _NEWEST.c.id
VIEWER_JOINED = _NEWEST.c.joined_at
PRESENT = _NEWEST.c.left_at.is_(None)


def viewer_shown(row: dict[str, Any], live_id: int, now: datetime) -> dict[str, Any]:
    """Return a viewer as the host sees them."""
    running = int((now - row["joined_at"]).total_seconds()) if row["left_at"] is None else 0
    return {
        "id": row["id"],
        "live_stream": live_id,
        "user": row["user_id"] or 0,
        "user_name": row["display_name"] or _NOBODY,
        "user_avatar": row["avatar_url"],
        "joined_at": row["joined_at"],
        "left_at": row["left_at"],
        "duration_seconds": int(row["closed_seconds"] or 0) + max(running, 0),
        "chat_messages_sent": row["chat"],
        "reactions_sent": row["reactions"],
        "tier": None if row["tier_rank"] is None else words.TIERS[row["tier_rank"]],
        "is_muted": row["is_muted"],
        "created_at": row["joined_at"],
    }


CHAT_COLUMNS = (
    select(
        *(ChatMessage.id, ChatMessage.public_uuid, ChatMessage.user_id, ChatMessage.is_host, ChatMessage.text),
        *(ChatMessage.sent_at, ChatMessage.offset_seconds),
        ChatMessage.deleted_by.is_not(None).label("is_deleted"),
        User.display_name,
        User.avatar_url,
    )
    .select_from(ChatMessage)
    .outerjoin(User, User.id == ChatMessage.user_id)
)


def message_shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a message as everybody sees it."""
    return {
        **row,
        "user": row["user_id"],
        "user_name": row["display_name"] or _NOBODY,
        "user_avatar": row["avatar_url"],
    }


def chat_page(
    session: Session, live: LiveStream, *, before: int | None, before_offset: int | None, size: int
) -> list[dict[str, Any]]:
    """Return up to `size` messages, newest first; `before` is a message's id, `before_offset` seconds of a replay."""
    statement = CHAT_COLUMNS.where(ChatMessage.live_stream_id == live.id)
    if before is not None:
        statement = statement.where(ChatMessage.id < before)
    if before_offset is not None:
        statement = statement.where(ChatMessage.offset_seconds < before_offset)
    rows = session.execute(statement.order_by(ChatMessage.id.desc()).limit(size)).mappings()
    return [message_shown(dict(row)) for row in rows]


def one_message(session: Session, message_id: int) -> dict[str, Any]:
    """Return a message."""
    return message_shown(dict(session.execute(CHAT_COLUMNS.where(ChatMessage.id == message_id)).mappings().one()))


MEMBER_COLUMNS = (
    select(
        Membership.membership_id.label("id"),
        Membership.user_id,
        Membership.tier_rank,
        Membership.since,
        Membership.access_until,
        User.display_name,
        User.avatar_url,
    )
    .select_from(Membership)
    .outerjoin(User, User.id == Membership.user_id)
)


def members_of_stream(stream: Any, now: Any) -> Sequence[Any]:
    """Return the conditions for a stream's members."""
    return [Membership.stream_id == stream, valid_membership(now)]


def member_shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a member as the owner sees them."""
    return {
        "user": row["user_id"],
        "user_name": row["display_name"] or _NOBODY,
        "user_avatar": row["avatar_url"],
        "tier": words.TIERS[row["tier_rank"]],
        "since": row["since"],
        "access_until": row["access_until"],
    }
