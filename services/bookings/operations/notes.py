"""Notes about bookings."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from services.bookings.domain import words
from services.bookings.domain.errors import LimitReached, NoteNotFound
from services.bookings.models import Booking, BookingNote
from services.bookings.operations.announcing import announce
from services.bookings.operations.finding import lock_booking
from shared.errors import Forbidden
from shared.identity import Identity

NOTES_MAX = 200


def add_note(
    session: Session, reference: str, *, content: str, is_private: bool, by: Identity, now: datetime
) -> BookingNote:
    """Write a note; private ones are not the client's. Raises BookingNotFound, Forbidden, LimitReached."""
    booking = lock_booking(session, reference, by=by).booking
    role = booking.role_of(by) or words.STAFF
    if is_private and role == words.CLIENT:
        raise Forbidden(errors={"is_private": ["Only the practitioner keeps private notes."]})
    written = session.scalar(select(func.count()).where(BookingNote.booking_id == booking.id))
    if (written or 0) >= NOTES_MAX:
        raise LimitReached(f"A booking has {NOTES_MAX} notes at most.")
    note = BookingNote(
        booking_id=booking.id,
        author_id=by.user_id,
        author_role=role,
        content=content,
        is_private=is_private,
        created_at=now,
        updated_at=now,
    )
    session.add(note)
    _touch(session, booking, "note_added", by=by, now=now)
    return note


def change_note(
    session: Session, reference: str, note_id: int, *, content: str, is_private: bool, by: Identity, now: datetime
) -> BookingNote:
    """Rewrite one's own note. Raises BookingNotFound, NoteNotFound, Forbidden."""
    booking = lock_booking(session, reference, by=by).booking
    note = _visible(session, booking, note_id, by=by)
    if note.author_id != by.user_id or (is_private and booking.role_of(by) == words.CLIENT):
        raise Forbidden
    note.content, note.is_private, note.updated_at = content, is_private, now
    _touch(session, booking, "note_changed", by=by, now=now)
    return note


def remove_note(session: Session, reference: str, note_id: int, *, by: Identity, now: datetime) -> None:
    """Remove one's own note; staff remove any. Raises BookingNotFound, NoteNotFound, Forbidden."""
    booking = lock_booking(session, reference, by=by).booking
    note = _visible(session, booking, note_id, by=by)
    if note.author_id != by.user_id and not by.is_staff:
        raise Forbidden
    session.delete(note)
    _touch(session, booking, "note_removed", by=by, now=now)


def _visible(session: Session, booking: Booking, note_id: int, *, by: Identity) -> BookingNote:
    note = session.get(BookingNote, note_id)
    hidden = note is not None and note.is_private and booking.role_of(by) == words.CLIENT
    if note is None or note.booking_id != booking.id or hidden:
        raise NoteNotFound
    return note


def _touch(session: Session, booking: Booking, action: str, *, by: Identity, now: datetime) -> None:
    """Let the booking's version move with its notes, as the detail shows them."""
    booking.updated_at = now
    flag_modified(booking, "updated_at")
    session.flush()
    announce(session, booking, action=action, by=by)
