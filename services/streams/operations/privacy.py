"""Forgetting people, and telling them what is held."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.streams.models import (
    ChatKey,
    ChatMessage,
    JoinHint,
    LiveStream,
    Membership,
    Practitioner,
    Reminder,
    Room,
    Stream,
    User,
    ViewerEngagement,
    ViewerSession,
)
from services.streams.operations.rooms import put_out
from shared.ids import uuid7

EXPORTED_MAX = 5000


def erase_person(session: Session, user_id: int) -> None:
    """Blank what a person wrote and was; numbers stay, so that figures do."""
    inside = session.execute(
        select(Room, ViewerSession.identity)
        .join(Room, Room.id == ViewerSession.room_id)
        .where(ViewerSession.user_id == user_id, ViewerSession.left_at.is_(None))
    ).all()
    for room, identity in inside:
        put_out(session, room, identity, occasion="erased")
    session.execute(
        update(User).where(User.id == user_id).values(display_name="Member", avatar_url=None, is_active=False)
    )
    session.execute(
        update(ChatMessage)
        .where(ChatMessage.user_id == user_id)
        .values(text="", deleted_by=user_id)
        .execution_options(synchronize_session=False)
    )
    # The same name for all of a person's stays, of no meaning: they still count as one.
    session.execute(
        update(ViewerSession)
        .where(ViewerSession.user_id == user_id)
        .values(user_id=None, identity=f"gone-{uuid7().hex}x", country=None)
        .execution_options(synchronize_session=False)
    )
    for model in (Reminder, ChatKey, JoinHint):
        session.execute(delete(model).where(model.user_id == user_id))


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield what streams holds about a person."""
    user = session.get(User, user_id)
    if user is not None:
        yield {"kind": "profile", "display_name": user.display_name, "avatar_url": user.avatar_url}
    own = session.scalars(
        select(Stream)
        .join(Practitioner, Practitioner.id == Stream.practitioner_id)
        .where(Practitioner.user_id == user_id)
    )
    for stream in own:
        yield {"kind": "stream", "title": stream.title, "description": stream.description, "made": stream.created_at}
    for held in session.scalars(select(Membership).where(Membership.user_id == user_id)):
        yield {"kind": "membership", "stream": held.stream_id, "tier_rank": held.tier_rank, "since": held.since}
    chat = select(ChatMessage).where(ChatMessage.user_id == user_id).order_by(ChatMessage.id).limit(EXPORTED_MAX)
    for message in session.scalars(chat):
        yield {"kind": "chat", "live_stream": message.live_stream_id, "text": message.text, "at": message.sent_at}
    visits = (
        select(LiveStream.title, ViewerSession.joined_at, ViewerSession.left_at)
        .join(Room, Room.id == ViewerSession.room_id)
        .join(LiveStream, LiveStream.id == Room.live_stream_id)
        .where(ViewerSession.user_id == user_id)
        .order_by(ViewerSession.joined_at)
        .limit(EXPORTED_MAX)
    )
    for title, joined, left in session.execute(visits):
        yield {"kind": "attendance", "title": title, "joined_at": joined, "left_at": left}
    for engaged in session.scalars(select(ViewerEngagement).where(ViewerEngagement.user_id == user_id)):
        yield {"kind": "reactions", "live_stream": engaged.live_stream_id, "count": engaged.reactions}
    for reminder in session.scalars(select(Reminder).where(Reminder.user_id == user_id)):
        yield {"kind": "reminder", "live_stream": reminder.live_stream_id}
