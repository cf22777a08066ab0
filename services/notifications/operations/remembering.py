"""Remembering what was last heard of something, so that only what changed since is told, and only once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.models import LastState
from shared.messaging import Message

NEWS_FOR = timedelta(hours=24)
BOOKING = "booking"


def hear(
    session: Session, kind: str, key: object, state: Mapping[str, Any], *, message: Message, now: datetime
) -> Mapping[str, Any] | None:
    """Remember a state and return the former one, empty for the first; None where nothing is to be told of it.

    Nothing is told of what is older than the state held, older than a day, or published again.
    """
    session.execute(
        insert(LastState)
        .values(kind=kind, key=str(key), epoch=0, sequence=0, state={}, heard_at=now)
        .on_conflict_do_nothing()
    )
    held = session.get_one(LastState, (kind, str(key)), with_for_update=True, populate_existing=True)
    if (message.epoch, message.sequence) <= (held.epoch, held.sequence):
        return None
    former = held.state
    held.epoch, held.sequence, held.state, held.heard_at = message.epoch, message.sequence, dict(state), now
    session.flush()
    return None if message.snapshot or now - message.occurred_at > NEWS_FOR else former


def note_end(session: Session, booking_id: int, *, message: Message, now: datetime) -> None:
    """Remember that what was said of a booking before this event no longer holds."""
    hear(session, BOOKING, booking_id, {}, message=message, now=now)


def is_overtaken(session: Session, booking_id: int, *, message: Message) -> bool:
    """Whether something later that undoes this event was heard first: events arrive in any order."""
    later = select(LastState.epoch, LastState.sequence).where(
        LastState.kind == BOOKING, LastState.key == str(booking_id)
    )
    held = session.execute(later).one_or_none()
    return held is not None and (held.epoch, held.sequence) > (message.epoch, message.sequence)
