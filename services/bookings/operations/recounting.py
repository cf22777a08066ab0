"""Counting seats and time anew, in case anything ever drifted."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models import Booking, Hold, SessionSeat, WaitlistEntry
from shared.observability import logger

log = logger(__name__)


def recount_seats(session: Session, *, after: int, limit: int) -> tuple[int | None, int]:
    """Correct `taken` and `offered` of up to `limit` sessions behind id `after`, each under its lock.

    Returns the last id looked at, None when there was none, and how many were wrong.
    """
    seats = session.scalars(
        select(SessionSeat).where(SessionSeat.id > after).order_by(SessionSeat.id).limit(limit).with_for_update()
    ).all()
    wrong = 0
    for seat in seats:
        taken = session.scalar(
            select(func.count()).where(Booking.service_session_id == seat.id, Booking.status.in_(words.OPEN))
        )
        held = session.scalar(select(func.count()).where(Hold.service_session_id == seat.id))
        offered = session.scalar(
            select(func.count()).where(
                WaitlistEntry.service_session_id == seat.id,
                WaitlistEntry.status == "notified",
                WaitlistEntry.offer_exclusive,
            )
        )
        right = (taken or 0, (held or 0) + (offered or 0))
        if (seat.taken, seat.offered) != right:
            wrong += 1
            log.error("seats_were_wrong", session_id=seat.id, taken=seat.taken, offered=seat.offered, right=right)
            seat.taken, seat.offered = right
    return (seats[-1].id if seats else None), wrong


def drop_stray_blocks(session: Session, *, now: datetime) -> int:
    """Remove taken time whose booking or hold takes none any more; return how many."""
    gone = session.execute(
        text("""
            DELETE FROM calendar_blocks AS block
            WHERE (block.source = 'booking' AND NOT EXISTS (
                     SELECT 1 FROM bookings WHERE bookings.id = block.source_id
                     AND bookings.status IN ('pending_payment', 'confirmed', 'in_progress')))
               OR (block.source = 'hold' AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.id = block.source_id))
            RETURNING block.id
        """)
    ).all()
    if gone:
        log.error("stray_blocks_were_removed", count=len(gone), at=now.isoformat())
    return len(gone)
