"""What is held about a person, for that person."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from services.bookings.models import Booking, BookingNote, CalendarFeed, WaitlistEntry

_HIDDEN = frozenset({"practitioner_notes", "search_text", "token_hash", "payment", "policy"})


def exported(session: Session, user_id: int) -> Iterator[Mapping[str, Any]]:
    """Yield the person's bookings as client, own notes, places in lines and calendar feed."""
    owned: tuple[tuple[str, Any, Any], ...] = (
        ("booking", Booking, Booking.client_id),
        ("note", BookingNote, BookingNote.author_id),
        ("waitlist_entry", WaitlistEntry, WaitlistEntry.user_id),
        ("calendar_feed", CalendarFeed, CalendarFeed.user_id),
    )
    for kind, model, owner in owned:
        names = [column.key for column in inspect(model).mapper.column_attrs if column.key not in _HIDDEN]
        for row in session.scalars(select(model).where(owner == user_id)):
            yield {"kind": kind, **{name: getattr(row, name) for name in names}}
