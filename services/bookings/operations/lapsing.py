"""Session credits that lapse unused, and the warnings before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.events import BookingReminderDue
from services.bookings.models import Booking
from services.bookings.operations.cancelling import Cancellation, cancel_found
from services.bookings.operations.finding import Found
from shared.messaging import record

WARNING_DAYS = (14, 3)
BATCH = 200


def lapse(session: Session, due: Sequence[Found], *, now: datetime) -> None:
    """Cancel credits past their day; their share is kept. Emits BookingCancelled for each."""
    how = Cancellation(
        reason="Not used in time",
        reason_code="credit_expired",
        detail=words.CREDIT_EXPIRED,
        role=words.SYSTEM,
        refund_percent=0,
    )
    for found in due:
        cancel_found(session, found, how, now=now)


def warn(session: Session, *, now: datetime) -> int:
    """Remind of purchases whose open credits lapse in 14 and in 3 days, once each; return how many were looked at.

    Emits BookingReminderDue on the purchase.
    """
    soon = now + timedelta(days=WARNING_DAYS[0])
    parents = session.scalars(
        select(Booking)
        .where(
            Booking.kind.in_(words.CREDIT_KINDS),
            Booking.parent_id.is_(None),
            Booking.status.in_((words.CONFIRMED, words.IN_PROGRESS)),
            Booking.valid_until > now,
            Booking.valid_until <= soon,
            (Booking.lapse_warned_days.is_(None))
            | ((Booking.lapse_warned_days > WARNING_DAYS[1]) & (Booking.valid_until <= now + timedelta(days=3))),
        )
        .order_by(Booking.valid_until)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for parent in parents:
        assert parent.valid_until is not None
        days = WARNING_DAYS[1] if parent.valid_until <= now + timedelta(days=WARNING_DAYS[1]) else WARNING_DAYS[0]
        parent.lapse_warned_days = days
        session.flush()
        left = session.scalar(
            select(func.count()).where(
                Booking.parent_id == parent.id,
                Booking.status == words.DRAFT,
                Booking.status_detail == words.UNSCHEDULED,
            )
        )
        if not left:
            continue
        fact = BookingReminderDue.of(
            parent,
            offset_minutes=days * 24 * 60,
            audience=words.CLIENT,
            attendee_count=1,
            sessions_remaining=left,
            place=None,
            room_name=None,
        )
        record(session, fact, subject=parent)
    return len(parents)
