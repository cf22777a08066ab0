"""Loading bookings to change them: who may see them, and locked in one order everywhere."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from services.bookings.domain.errors import BookingNotFound
from services.bookings.models import Booking
from services.bookings.operations.occupying import lock_calendar
from shared.identity import Identity

INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Found:
    """A locked booking with its locked parent, if it is a child."""

    booking: Booking
    parent: Booking | None


def naming(reference: str | int | UUID) -> ColumnElement[bool]:
    """Return the clause for the booking that an id or a uuid names. Raises BookingNotFound for anything else."""
    if isinstance(reference, int):
        return Booking.id == reference
    if isinstance(reference, UUID):
        return Booking.public_uuid == reference
    if reference.isascii() and reference.isdigit():
        if int(reference) > INT64_MAX:
            raise BookingNotFound
        return Booking.id == int(reference)
    try:
        return Booking.public_uuid == UUID(reference)
    except ValueError as strange:
        raise BookingNotFound from strange


def visible_to(by: Identity) -> ColumnElement[bool]:
    """Return the clause for the bookings that the caller takes part in; staff and the system see all."""
    if by.is_staff or "system" in by.roles:
        return true()
    return or_(Booking.client_id == by.user_id, Booking.practitioner_user_id == by.user_id)


def lock_booking(session: Session, reference: str | int | UUID, *, by: Identity, and_calendar: bool = False) -> Found:
    """Return the booking that the caller takes part in, locked, after its parent.

    `and_calendar` holds the practitioner's calendar first, for changes of time. Raises BookingNotFound.
    """
    row = session.execute(
        select(Booking.id, Booking.parent_id, Booking.practitioner_id).where(naming(reference), visible_to(by))
    ).first()
    if row is None:
        raise BookingNotFound
    if and_calendar:
        lock_calendar(session, row.practitioner_id)
    locked = {
        booking.id: booking
        for booking in session.scalars(
            select(Booking)
            .where(Booking.id.in_([row.id] if row.parent_id is None else [row.id, row.parent_id]))
            .order_by(Booking.parent_id.is_not(None), Booking.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    return Found(locked[row.id], locked.get(row.parent_id) if row.parent_id else None)
