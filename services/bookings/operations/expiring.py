"""Unpaid bookings and forgotten holds give their time back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.events import BookingExpired
from services.bookings.models import Booking, Hold
from services.bookings.models.busy import Taken
from services.bookings.models.occupancy import BOOKING, HOLD
from services.bookings.operations.announcing import announce, announce_children, wake_waiting
from services.bookings.operations.occupying import children_of, drop_holds, release


def expire(session: Session, booking: Booking, *, now: datetime, reason: str | None = None) -> None:
    """Give up a booking that was not paid, with its children. The row is locked and pending.

    Emits BookingExpired.
    """
    release(session, booking)
    booking.become(words.CANCELED, detail=words.EXPIRED, now=now)
    booking.canceled_at, booking.canceled_by = now, words.CANCELED_BY[words.SYSTEM]
    booking.cancellation_reason = reason or "Not paid in time"
    children = []
    if booking.is_parent:
        children = [
            child for child in children_of(session, booking.id, lock=True) if child.status not in words.TERMINAL
        ]
        release(session, *children)
        for child in children:
            child.become(words.CANCELED, detail=words.EXPIRED, now=now)
            child.canceled_at, child.canceled_by = now, words.CANCELED_BY[words.SYSTEM]
    session.flush()
    announce(session, booking, BookingExpired.of(booking), action="expired", from_status=words.PENDING, reason=reason)
    announce_children(session, children, action="expired")
    wake_waiting(session, booking)


def clear_stale(session: Session, taken: Sequence[Taken], *, now: datetime) -> list[Taken]:
    """Give back overlapping time that nobody paid for or finished booking; return what still takes time.

    A row that somebody else holds at this moment, perhaps to confirm it, stays.
    """
    stale = [one for one in taken if one.is_stale]
    if not stale:
        return list(taken)
    cleared: set[tuple[str, int]] = set()
    wanted = [one.source_id for one in stale if one.source == BOOKING]
    if wanted:
        roots = _roots(session, wanted)
        for booking in _locked_pending(session, list(roots), now=now):
            expire(session, booking, now=now)
            cleared |= {(BOOKING, source_id) for source_id in roots[booking.id]}
    held = [one.source_id for one in stale if one.source == HOLD]
    if held:
        holds = list(session.scalars(select(Hold).where(Hold.id.in_(held)).with_for_update(skip_locked=True)))
        drop_holds(session, holds)
        cleared |= {(HOLD, hold.id) for hold in holds}
    left = []
    for one in taken:
        if (one.source, one.source_id) in cleared:
            continue
        left.append(Taken(one.start, one.end, one.source, one.source_id, is_stale=False))
    return left


def clear_stale_seats(session: Session, session_id: int, *, now: datetime) -> bool:
    """Give back seats of a dated session that nobody paid for or finished booking; return whether there were any.

    Rows that somebody else holds at this moment stay as they are. Emits BookingExpired.
    """
    stale = session.scalars(
        select(Booking.id).where(
            Booking.service_session_id == session_id,
            Booking.status == words.PENDING,
            Booking.hold_expires_at <= now,
        )
    ).all()
    expired = _locked_pending(session, list(_roots(session, list(stale))), now=now) if stale else []
    for booking in expired:
        expire(session, booking, now=now)
    dead = session.scalars(
        select(Hold)
        .where(Hold.service_session_id == session_id, Hold.expires_at <= now)
        .with_for_update(skip_locked=True)
    ).all()
    drop_holds(session, dead)
    return bool(expired or dead)


def _roots(session: Session, booking_ids: list[int]) -> dict[int, list[int]]:
    """Return which of the bookings hang on which purchase; one by itself is its own."""
    rows = session.execute(select(Booking.id, Booking.parent_id).where(Booking.id.in_(booking_ids)))
    roots: dict[int, list[int]] = {}
    for booking_id, parent_id in rows:
        roots.setdefault(parent_id or booking_id, []).append(booking_id)
    return roots


def _locked_pending(session: Session, ids: list[int], *, now: datetime) -> list[Booking]:
    return list(
        session.scalars(
            select(Booking)
            .where(Booking.id.in_(ids), Booking.status == words.PENDING, Booking.hold_expires_at <= now)
            .order_by(Booking.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
