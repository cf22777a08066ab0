"""Secret addresses under which calendar programs read somebody's bookings."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.bookings.models import CalendarFeed
from services.bookings.operations import tokens
from shared.identity import Identity


def make_feed(session: Session, *, include: str, show_names: bool, by: Identity, now: datetime) -> str:
    """Make a new secret for the caller's feed and return it; the earlier one is dead at once."""
    token = tokens.new_token()
    values = {
        "token_hash": tokens.digest(token),
        "include": include,
        "show_names": show_names,
        "created_at": now,
        "last_fetched_at": None,
    }
    session.execute(
        insert(CalendarFeed)
        .values(user_id=by.user_id, **values)
        .on_conflict_do_update(index_elements=[CalendarFeed.user_id], set_=values)
    )
    return token


def drop_feed(session: Session, *, by: Identity) -> None:
    """Let the caller's feed die."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == by.user_id))
