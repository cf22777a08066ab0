"""The state of a booking, as others may see it: never notes, e-mail addresses or phone numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from services.bookings.models import Booking
from shared.messaging import event


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingState:
    """A booking as others may see it."""

    id: int
    public_uuid: UUID
    kind: str
    status: str
    status_detail: str | None
    payment_status: str
    user_id: int
    practitioner_id: int
    practitioner_user_id: int
    service_id: int
    service_type: str
    session_ids: list[int]
    participants: int
    parent_booking_id: int | None
    session_number: int | None
    sessions_total: int | None
    series_id: int | None
    start_time: datetime | None
    end_time: datetime | None
    timezone: str
    buffer_minutes: int
    location_id: int | None
    location_type: str
    price_cents: int
    discount_cents: int
    amount_cents: int
    allocated_cents: int
    paid_cents: int
    refunded_cents: int
    currency: str
    collect: str
    hold_expires_at: datetime | None
    valid_until: datetime | None
    booked_at: datetime
    confirmed_at: datetime | None
    completed_at: datetime | None
    service_name: str
    practitioner_name: str

    @classmethod
    def of(cls, booking: Booking, **facts: Any) -> Self:
        """Return the event about a booking; `facts` are what this type adds."""
        return cls(**_state(booking), **facts)


_COPIED = (
    *("id", "public_uuid", "kind", "status", "status_detail", "payment_status", "practitioner_id"),
    *("practitioner_user_id", "service_id", "service_type", "session_number", "sessions_total", "series_id"),
    *("start_time", "end_time", "timezone", "buffer_minutes", "location_id", "location_type", "allocated_cents"),
    *("paid_cents", "refunded_cents", "currency", "collect", "hold_expires_at", "valid_until", "confirmed_at"),
    "completed_at",
)


def _state(booking: Booking) -> dict[str, Any]:
    seat = booking.service_session_id
    return {
        **{name: getattr(booking, name) for name in _COPIED},
        "user_id": booking.client_id,
        "session_ids": [seat] if seat is not None and not booking.is_parent else [],
        "participants": 1,
        "parent_booking_id": booking.parent_id,
        "price_cents": booking.price_charged_cents,
        "discount_cents": booking.discount_amount_cents,
        "amount_cents": booking.final_amount_cents,
        "booked_at": booking.created_at,
        "service_name": booking.service_name_snapshot,
        "practitioner_name": booking.practitioner_name_snapshot,
    }


@event("booking.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanged(BookingState):
    """Any change of a booking."""
