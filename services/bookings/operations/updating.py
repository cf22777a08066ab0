"""Changing what is written on a booking; which fields depends on who changes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import FieldForbidden, InvalidTransition
from services.bookings.domain.text import folded
from services.bookings.models import Booking, Location, User
from services.bookings.operations.announcing import announce
from services.bookings.operations.finding import lock_booking
from shared.errors import Invalid
from shared.identity import Identity

CLIENTS = frozenset({"title", "description", "client_notes", "timezone"})
PRACTITIONERS = frozenset(
    {"title", "description", "timezone", "practitioner_notes", "meeting_url", "meeting_id", "location_id"}
)
_PRIVATE = frozenset({"client_notes", "practitioner_notes", "description"})


def update_booking(
    session: Session, reference: str, given: Mapping[str, Any], *, by: Identity, now: datetime
) -> Booking:
    """Change the given fields. What would not change is passed over; nothing changed, nothing announced.

    Raises BookingNotFound, FieldForbidden for a field of the other role, InvalidTransition on a closed booking.
    """
    booking = lock_booking(session, reference, by=by).booking
    changes = {name: value for name, value in given.items() if getattr(booking, name) != value}
    if not changes:
        return booking
    role = booking.role_of(by)
    allowed = CLIENTS if role == words.CLIENT else PRACTITIONERS
    foreign = sorted(set(changes) - allowed)
    if foreign:
        raise FieldForbidden.named(*foreign)
    if booking.status in words.TERMINAL and set(changes) - {"practitioner_notes"}:
        raise InvalidTransition.of(booking.status)
    _check_location(session, booking, changes.get("location_id"))
    told = {name: "changed" if name in _PRIVATE else [getattr(booking, name), new] for name, new in changes.items()}
    for name, value in changes.items():
        setattr(booking, name, value)
    if "title" in changes:
        client = session.get(User, booking.client_id)
        booking.search_text = folded(
            booking.title,
            booking.service_name_snapshot,
            booking.practitioner_name_snapshot,
            client.full_name if client else None,
        )
    booking.updated_at = now
    session.flush()
    announce(session, booking, action="updated", by=by, changes=told)
    return booking


def _check_location(session: Session, booking: Booking, location_id: int | None) -> None:
    if location_id is None:
        return
    location = session.get(Location, location_id)
    if location is None or location.deleted_at is not None or location.practitioner_id != booking.practitioner_id:
        raise Invalid.field("location_id", "This practitioner has no such location.")
