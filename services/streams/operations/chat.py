"""Chat and reactions: saved first, then sent to the room by the desk."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.clients.video import Video, VideoFailed
from services.streams.domain import words
from services.streams.domain.errors import (
    ChatDisabled,
    MessageNotFound,
    Muted,
    NotLive,
    NotYours,
    ReactionsDisabled,
    TooManyMessages,
)
from services.streams.models import (
    ChatKey,
    ChatMessage,
    LiveCounters,
    LiveStream,
    ReactionBucket,
    Room,
    User,
    ViewerEngagement,
)
from services.streams.models.access import Access, held, require_access
from services.streams.operations.callers import is_host
from services.streams.operations.log import SEND, intend
from shared.database import transaction
from shared.errors import Invalid
from shared.identity import Identity

MESSAGES_MAX, MESSAGES_IN = 5, timedelta(seconds=10)
REACTIONS_MAX, REACTIONS_IN = 60, timedelta(minutes=1)
OWN_DELETE = timedelta(minutes=5)
_LINK = re.compile(r"(https?://|www\.)\S+|\b[a-z0-9-]+\.(com|net|org|io|de|co|app|dev|link|me)\b", re.IGNORECASE)


def post_message(
    session: Session, live: LiveStream, *, text_: str, client_id: UUID | None, by: Identity, now: datetime
) -> ChatMessage:
    """Keep a message and have it sent; a client's own id of a message that is there already gives that one.

    Raises NotLive, ChatDisabled, Banned, SubscriptionRequired, Muted, TooManyMessages, Invalid (a link, not from the
    host).
    """
    access = _may_take_part(session, live, by, now=now)
    if not live.allow_chat:
        raise ChatDisabled
    # One after the other for a person in a live stream, so that neither repeats nor the rate slip through.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"chat:{live.id}:{by.user_id}", 0))
    session.execute(select(lock))
    known = _known(session, live, by, client_id)
    if known is not None:
        return known
    if not access.is_host:
        _check_rate(session, live, by, now=now)
        if _LINK.search(text_):
            raise Invalid.field("text", "Links are for the host only.")
    message = ChatMessage(
        live_stream_id=live.id,
        user_id=by.user_id,
        is_host=access.is_host,
        text=text_,
        sent_at=now,
        offset_seconds=_offset(live, now),
    )
    session.add(message)
    session.flush()
    if client_id is not None:
        key = {"live_stream_id": live.id, "user_id": by.user_id, "client_id": client_id}
        session.execute(insert(ChatKey).values(**key, message_id=message.id, sent_at=now))
    _count(session, live, by, chat=1)
    _send(session, live, key=f"chat:{message.public_uuid}", topic="chat", message=_wire(session, message))
    return message


def _may_take_part(session: Session, live: LiveStream, by: Identity, *, now: datetime) -> Access:
    """Let those pass who may watch what is on, and are not muted; hosts never are."""
    access = require_access(session, live, by, now=now)
    if live.status != words.LIVE:
        raise NotLive
    if not access.is_host and session.scalar(select(held(words.MUTE, live, by.user_id, now))):
        raise Muted
    return access


def _known(session: Session, live: LiveStream, by: Identity, client_id: UUID | None) -> ChatMessage | None:
    if client_id is None:
        return None
    key = session.get(ChatKey, (live.id, by.user_id, client_id))
    return session.get(ChatMessage, (key.message_id, key.sent_at)) if key else None


def _check_rate(session: Session, live: LiveStream, by: Identity, *, now: datetime) -> None:
    lately = session.scalar(
        select(func.count()).where(
            ChatMessage.user_id == by.user_id,
            ChatMessage.live_stream_id == live.id,
            ChatMessage.sent_at > now - MESSAGES_IN,
        )
    )
    if (lately or 0) >= MESSAGES_MAX:
        raise TooManyMessages(retry_after=int(MESSAGES_IN.total_seconds()))


def _offset(live: LiveStream, now: datetime) -> int:
    return max(int((now - (live.actual_start or now)).total_seconds()), 0)


def _count(session: Session, live: LiveStream, by: Identity, *, chat: int = 0, reactions: int = 0) -> None:
    statement = insert(ViewerEngagement).values(
        live_stream_id=live.id, user_id=by.user_id, chat=chat, reactions=reactions
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["live_stream_id", "user_id"],
            set_={"chat": ViewerEngagement.chat + chat, "reactions": ViewerEngagement.reactions + reactions},
        )
    )
    session.execute(
        update(LiveCounters)
        .where(LiveCounters.live_stream_id == live.id)
        .values(chat=LiveCounters.chat + chat, reactions=LiveCounters.reactions + reactions)
    )


def _wire(session: Session, message: ChatMessage) -> dict[str, Any]:
    name, avatar = session.execute(
        select(User.display_name, User.avatar_url).where(User.id == message.user_id)
    ).first() or ("Member", None)
    return {
        "id": message.id,
        "public_uuid": str(message.public_uuid),
        "user": message.user_id,
        "user_name": name,
        "user_avatar": avatar,
        "is_host": message.is_host,
        "text": message.text,
        "sent_at": message.sent_at.isoformat().replace("+00:00", "Z"),
        "offset_seconds": message.offset_seconds,
    }


def _send(session: Session, live: LiveStream, *, key: str, topic: str, message: dict[str, Any]) -> None:
    room = session.scalar(select(Room.name).where(Room.live_stream_id == live.id))
    intend(session, call=SEND, key=key, params={"room": room, "topic": topic, "message": message})


def send_to_room(session: Session, live: LiveStream, *, key: str, message: dict[str, Any]) -> None:
    """Tell the room what a host has done."""
    _send(session, live, key=key, topic="moderation", message=message)


def delete_message(session: Session, live: LiveStream, message_id: int, *, by: Identity, now: datetime) -> None:
    """Blank a message: its author for five minutes, the host and staff at any time.

    Raises MessageNotFound, NotYours.
    """
    message = session.scalar(
        select(ChatMessage).where(ChatMessage.id == message_id, ChatMessage.live_stream_id == live.id).with_for_update()
    )
    if message is None or message.deleted_by is not None:
        raise MessageNotFound
    own = message.user_id == by.user_id and now - message.sent_at <= OWN_DELETE
    if not (own or by.is_staff or is_host(session, live.practitioner_id, by)):
        raise NotYours
    message.text, message.deleted_by = "", by.user_id
    told = {"action": "delete", "message_id": message.id}
    send_to_room(session, live, key=f"chat-deleted:{message.public_uuid}", message=told)


def react(session: Session, live: LiveStream, *, emoji: str, count: int, by: Identity, now: datetime) -> int:
    """Take reactions, sixty a minute from a person; return how many.

    Raises NotLive, ReactionsDisabled, Muted, Banned, SubscriptionRequired, TooManyMessages.
    """
    _may_take_part(session, live, by, now=now)
    if not live.allow_reactions:
        raise ReactionsDisabled
    _count(session, live, by, reactions=count)
    mine = session.get_one(ViewerEngagement, (live.id, by.user_id), with_for_update=True, populate_existing=True)
    if mine.reacting_since is None or now - mine.reacting_since >= REACTIONS_IN:
        mine.reacting_since, mine.reacted = now, 0
    if mine.reacted + count > REACTIONS_MAX:
        left = REACTIONS_IN - (now - mine.reacting_since)
        raise TooManyMessages(retry_after=max(int(left.total_seconds()), 1))
    mine.reacted += count
    minute = _offset(live, now) // 60
    statement = insert(ReactionBucket).values(live_stream_id=live.id, minute=minute, emoji=emoji, count=count)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["live_stream_id", "minute", "emoji"], set_={"count": ReactionBucket.count + count}
        )
    )
    return count


_GATHER = text(
    "WITH due AS (SELECT live_stream_id, minute, emoji, count, count - sent_count AS n FROM reaction_buckets"
    " WHERE count > sent_count FOR UPDATE SKIP LOCKED LIMIT 1000)"
    " UPDATE reaction_buckets b SET sent_count = due.count FROM due WHERE b.live_stream_id = due.live_stream_id"
    " AND b.minute = due.minute AND b.emoji = due.emoji RETURNING b.live_stream_id, b.emoji, due.n"
)


def send_reactions(video: Video) -> int:
    """Send each room the sums of what was reacted since the last time; what can not be sent is not sent later."""
    sums: dict[int, dict[str, int]] = {}
    with transaction() as session:
        for live_id, emoji, count in session.execute(_GATHER):
            of_live = sums.setdefault(live_id, {})
            of_live[emoji] = of_live.get(emoji, 0) + count
        rooms = session.execute(
            select(Room.live_stream_id, Room.name).where(
                Room.live_stream_id.in_(sums), Room.status.in_((words.ACTIVE, words.IN_USE))
            )
        ).all()
    for live_id, room in rooms:
        try:
            video.send(room, topic="reaction", message={"reactions": sums[int(live_id or 0)]})
        except VideoFailed:
            return 0
    return len(rooms)
