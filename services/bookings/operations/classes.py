"""A course that is part of a package: its one credit becomes a seat in every class to come."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import CreditExpired, SessionUnavailable
from services.bookings.domain.shares import shares, spread
from services.bookings.models import Booking, SessionSeat
from services.bookings.models.offers import sessions_of
from services.bookings.operations.seating import give_seat

_KEEPS = (
    *("kind", "parent_id", "client_id", "practitioner_id", "practitioner_user_id", "service_id", "service_type"),
    *("location_type", "payment_status", "timezone", "currency", "collect", "policy", "free_cancellation_hours"),
    *("service_name_snapshot", "service_description_snapshot", "service_duration_snapshot", "validity_days"),
    *("practitioner_name_snapshot", "package_name_snapshot", "bundle_name_snapshot", "valid_until", "search_text"),
    "client_notes",
)


def take_classes(session: Session, credit: Booking, parent: Booking, *, now: datetime) -> list[Booking]:
    """Take a seat in every class of the credit's course that is still to come, all or none.

    The credit itself becomes the first class; the others are new children of the purchase, numbered on, and returned
    unwritten. What the credit stands for is shared among all of them to the cent. Both rows are locked by the caller.
    Raises SessionUnavailable, SessionFull, CreditExpired.
    """
    classes = sessions_of(session, credit.service_id, now=now)
    if not classes:
        raise SessionUnavailable("No class of this course is left to join.")
    first = classes[0].starts_at
    if credit.valid_until is not None and first is not None and first >= credit.valid_until:
        raise CreditExpired
    for seat_id in sorted(seat.id for seat in classes):
        give_seat(session, seat_id, now=now)
    others = [
        Booking(**{name: getattr(credit, name) for name in _KEEPS}, payment={}, created_at=now, updated_at=now)
        for _ in classes[1:]
    ]
    _share(credit, others)
    for row, seat in zip([credit, *others], classes, strict=True):
        _seat(row, seat)
    _number(parent, others)
    for other in others:
        other.become(words.CONFIRMED, now=now)
        other.confirmed_at = now
    return others


def _share(credit: Booking, others: Sequence[Booking]) -> None:
    """Divide the credit's part of the price, and what was paid and given back of it."""
    rows = [credit, *others]
    allocated = shares(credit.allocated_cents, len(rows))
    paid = allocated if credit.paid_cents == credit.allocated_cents else shares(credit.paid_cents, len(rows))
    refunded = spread(credit.refunded_cents, paid)
    for row, share, own, back in zip(rows, allocated, paid, refunded, strict=True):
        row.allocated_cents = row.price_charged_cents = row.final_amount_cents = share
        row.discount_amount_cents, row.paid_cents, row.refunded_cents = 0, own, back


def _seat(row: Booking, seat: SessionSeat) -> None:
    row.service_session_id = seat.id
    row.start_time, row.end_time = seat.starts_at, seat.ends_at
    row.title = row.title or seat.title
    row.location_id = seat.location_id or row.location_id


def _number(parent: Booking, others: Sequence[Booking]) -> None:
    last = parent.sessions_total or 0
    for number, other in enumerate(others, start=last + 1):
        other.session_number = number
    parent.sessions_total = last + len(others)
