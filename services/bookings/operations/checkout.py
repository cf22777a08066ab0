"""Booking on behalf of a checkout that pays in the same step."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.models import Booking
from services.bookings.operations.creating import create_booking
from services.bookings.operations.wishes import Wish
from shared.identity import Identity


def book_for_checkout(session: Session, wish: Wish, *, user_id: int, now: datetime) -> Booking:
    """Book for the order that the wish names; an order that has its booking keeps it.

    A refusal undoes only what was tried here, so that the caller can still answer. Raises what `create_booking` does.
    """
    held = session.scalar(select(Booking).where(Booking.order_uuid == wish.order_uuid))
    if held is not None:
        return held
    with session.begin_nested():
        return create_booking(session, wish, by=Identity(user_id=user_id, roles=frozenset({"user"})), now=now)
