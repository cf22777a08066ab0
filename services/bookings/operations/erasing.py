"""Forgetting a person."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import NotCancellable
from services.bookings.domain.text import folded
from services.bookings.models import Booking, BookingNote, CalendarFeed, Hold, User, WaitlistEntry
from services.bookings.operations.cancelling import Cancellation, cancel_found
from services.bookings.operations.finding import lock_booking
from services.bookings.operations.occupying import drop_holds
from services.bookings.operations.waiting import NOTIFIED, WAITING, leave_line
from shared.clock import utc_now
from shared.identity.caller import SYSTEM

ERASED = "Erased"


def erase_person(session: Session, user_id: int) -> None:
    """Cancel what is to come and remove what is personal.

    As a client: by the client, so that the policy applies; as a practitioner: all is given back. Emits
    BookingCancelled for each.
    """
    now = utc_now()
    _cancel(session, user_id, role=words.CLIENT, now=now)
    _cancel(session, user_id, role=words.PRACTITIONER, now=now)
    drop_holds(session, list(session.scalars(select(Hold).where(Hold.user_id == user_id))))
    for entry in session.scalars(
        select(WaitlistEntry).where(WaitlistEntry.user_id == user_id, WaitlistEntry.status.in_((WAITING, NOTIFIED)))
    ):
        leave_line(session, entry)
    session.execute(update(WaitlistEntry).where(WaitlistEntry.user_id == user_id).values(notes=None))
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == user_id))
    session.execute(update(BookingNote).where(BookingNote.author_id == user_id).values(content=ERASED))
    session.flush()
    for booking in session.scalars(select(Booking).where(Booking.client_id == user_id)):
        # Written past the version: nothing of this is told to other services.
        session.execute(
            update(Booking)
            .where(Booking.id == booking.id)
            .values(
                client_notes=None,
                description=None,
                title=None,
                search_text=folded(booking.service_name_snapshot, booking.practitioner_name_snapshot),
            )
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(email=None, full_name="", phone_number=None, avatar_url=None, is_active=False, deleted_at=now)
    )


def _cancel(session: Session, user_id: int, *, role: str, now: datetime) -> None:
    column = Booking.client_id if role == words.CLIENT else Booking.practitioner_user_id
    ids = session.scalars(
        select(Booking.id)
        .where(
            column == user_id,
            Booking.status.in_((words.DRAFT, words.PENDING, words.CONFIRMED, words.IN_PROGRESS)),
            Booking.start_time.is_(None) | (Booking.start_time > now),
        )
        .order_by(Booking.parent_id.is_not(None), Booking.id)
    ).all()
    how = Cancellation(
        reason="The account was deleted", reason_code="account_deleted", detail=words.ACCOUNT_DELETED, role=role
    )
    for booking_id in ids:
        found = lock_booking(session, booking_id, by=SYSTEM)
        if found.booking.status in words.TERMINAL:
            continue
        # What can not be canceled any more stays, and is held or lapses.
        with suppress(NotCancellable):
            cancel_found(session, found, how, now=now)
