"""Giving seats of dated sessions to clients: as with time, whoever comes next clears what nobody paid for."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from services.bookings.domain.errors import SessionFull
from services.bookings.operations.expiring import clear_stale_seats
from services.bookings.operations.occupying import keep_seat, take_seat


def give_seat(session: Session, session_id: int, *, now: datetime, was_offered: bool = False) -> None:
    """Take a seat, one kept for this person if `was_offered`. Raises SessionFull, SessionUnavailable."""
    _clearing(session, session_id, lambda: take_seat(session, session_id, now=now, was_offered=was_offered), now=now)


def hold_seat(session: Session, session_id: int, *, now: datetime) -> None:
    """Keep a seat without taking it. Raises SessionFull, SessionUnavailable."""
    _clearing(session, session_id, lambda: keep_seat(session, session_id, now=now), now=now)


def _clearing(session: Session, session_id: int, take: Callable[[], None], *, now: datetime) -> None:
    """Take, and if all is taken once more after what was kept in vain is given back."""
    try:
        take()
    except SessionFull:
        if not clear_stale_seats(session, session_id, now=now):
            raise
        take()
