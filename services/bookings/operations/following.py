"""Children that follow their purchase, and purchases that follow their sessions."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.credits import valid_until
from services.bookings.events import BookingCompleted
from services.bookings.models import Booking
from services.bookings.operations.announcing import announce, announce_children, set_reminders
from services.bookings.operations.occupying import children_of, follow_children


def open_credits(parent: Booking, children: Sequence[Booking], *, now: datetime) -> list[Booking]:
    """Let the children of a confirmed purchase follow it; return those that changed.

    Waiting ones become session credits, those that hold a time or a seat are confirmed.
    """
    changed = []
    for child in children:
        if child.status == words.DRAFT and child.status_detail == words.AWAITING_PARENT:
            child.become(words.DRAFT, detail=words.UNSCHEDULED, now=now)
        elif child.status == words.PENDING:
            child.become(words.CONFIRMED, now=now)
            child.confirmed_at = now
        else:
            continue
        if parent.kind in words.CREDIT_KINDS:
            child.valid_until = valid_until(
                confirmed_at=parent.confirmed_at or now,
                validity_days=parent.validity_days,
                zone=ZoneInfo(parent.timezone),
            )
        child.payment_status = parent.payment_status
        child.paid_cents = child.allocated_cents if parent.paid_cents else 0
        child.collect = parent.collect if parent.kind not in words.CREDIT_KINDS else child.collect
        changed.append(child)
    if parent.kind in words.CREDIT_KINDS:
        parent.valid_until = valid_until(
            confirmed_at=parent.confirmed_at or now, validity_days=parent.validity_days, zone=ZoneInfo(parent.timezone)
        )
    return changed


def confirm_children(session: Session, parent: Booking, *, now: datetime) -> None:
    """Let the children of a purchase that has just been confirmed follow it."""
    changed = open_credits(parent, children_of(session, parent.id, lock=True), now=now)
    for child in changed:
        if child.status == words.CONFIRMED:
            set_reminders(session, child, now=now)
    announce_children(session, changed, action="confirmed")


def let_parent_follow(session: Session, parent: Booking | None, *, now: datetime) -> None:
    """Bring a locked purchase into step with its sessions. Emits BookingCompleted when all of them are done."""
    if parent is None:
        return
    session.flush()
    was = parent.status
    if not follow_children(parent, children_of(session, parent.id), now=now):
        return
    session.flush()
    facts = []
    if parent.status == words.COMPLETED:
        facts.append(BookingCompleted.of(parent, earned_cents=0, earned_from=now, early=False))
    announce(session, parent, *facts, action=parent.status, from_status=was)
