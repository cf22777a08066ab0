"""Who wants to be told before a live stream begins."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.streams.domain import words
from services.streams.domain.errors import InvalidTransition
from services.streams.models import LiveStream, Reminder
from shared.identity import Identity


def set_reminder(session: Session, live: LiveStream, *, by: Identity, now: datetime) -> None:
    """Have the caller reminded. Raises InvalidTransition for what is not still to come."""
    if live.status != words.SCHEDULED or live.scheduled_start <= now:
        raise InvalidTransition("A reminder is for what is still to come.")
    session.execute(
        insert(Reminder).values(live_stream_id=live.id, user_id=by.user_id, made_at=now).on_conflict_do_nothing()
    )


def drop_reminder(session: Session, live: LiveStream, *, by: Identity) -> None:
    """Have the caller reminded no longer."""
    session.execute(delete(Reminder).where(Reminder.live_stream_id == live.id, Reminder.user_id == by.user_id))
