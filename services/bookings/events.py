"""Every fact that bookings announces.

All but `booking.rejected` and those about waitlists carry the booking's whole public state; a fact adds what happened.
Never notes, e-mail addresses or phone numbers.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select

from services.bookings.models import Booking, WaitlistEntry
from shared.messaging import Snapshot, event
from shared.privacy import PRIVACY_EVENTS


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that is to be paid."""

    service_id: int
    practitioner_id: int
    service_type: str
    description: str
    gross_cents: int
    sessions_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWish:
    """How the client wants to pay: `auto` by credits, card or checkout; `in_person` outside the platform."""

    mode: str
    payment_method_id: int | None
    apply_credits: bool
    success_url: str | None
    cancel_url: str | None


@event("booking.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCreated(BookingState):
    """Something was booked that is to be paid, or is free. Never a child of a purchase."""

    items: list[Item]
    payment: PaymentWish
    order_uuid: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an appointment takes place."""

    name: str
    full_address: str | None


@event("booking.confirmed")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed(BookingState):
    """An appointment or a purchase is certain; `by` payment, practitioner, free or credit."""

    by: str
    place: Place | None
    room_name: str | None


@event("booking.started")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingStarted(BookingState):
    """An appointment has begun; `by` practitioner, staff or clock."""

    by: str


@event("booking.rescheduled")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRescheduled(BookingState):
    """An appointment has another time; without `notify` the people in it are told by whoever moved it."""

    previous_start_time: datetime
    previous_end_time: datetime
    by: str
    reason: str | None
    free_cancel_until: datetime | None
    notify: bool
    place: Place | None
    room_name: str | None


@event("booking.reschedule_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRescheduleRequested(BookingState):
    """The practitioner gave the time back; the client picks another or takes the money back."""

    reason: str | None
    suggested_times: list[datetime]


@event("booking.cancelled")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled(BookingState):
    """A booking was canceled. Payments refunds `refund_cents` and earns `retained_cents`.

    `covered_by` is the parent whose cancellation already counts this child's refund.
    """

    canceled_by: str
    reason: str
    reason_code: str
    from_status: str
    refund_cents: int
    retained_cents: int
    earned_from: datetime
    refund_to: str
    covered_by: int | None
    restored_booking_id: int | None
    notify: bool


@event("booking.expired")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingExpired(BookingState):
    """A booking was not paid until `hold_expires_at`."""


@event("booking.completed")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCompleted(BookingState):
    """An appointment was held."""

    earned_cents: int
    earned_from: datetime
    early: bool


@event("booking.no_show")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingNoShow(BookingState):
    """Somebody did not come; the sums are whole, also after a correction."""

    no_show_by: str
    refund_cents: int
    earned_cents: int
    earned_from: datetime


@event("booking.reminder_due")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingReminderDue(BookingState):
    """It is time to remind somebody; `sessions_remaining` on a purchase whose sessions lapse soon."""

    offset_minutes: int
    audience: str
    attendee_count: int
    sessions_remaining: int | None
    place: Place | None
    room_name: str | None


@event("booking.rejected")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRejected:
    """A checkout asked for something that can not be booked."""

    order_uuid: UUID
    user_id: int
    service_id: int
    service_name: str | None
    start_time: datetime | None
    code: str
    message: str


@event("waitlist.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistChanged:
    """Somebody's place in a line."""

    entry_id: UUID
    service_id: int
    session_id: int | None
    user_id: int
    status: str

    @classmethod
    def of(cls, entry: WaitlistEntry) -> Self:
        """Return the state of a place in a line."""
        return cls(
            entry_id=entry.id,
            service_id=entry.service_id,
            session_id=entry.service_session_id,
            user_id=entry.user_id,
            status=entry.status,
        )


@event("waitlist.spot_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistSpotOpened:
    """A place is offered; while `exclusive`, to this person alone."""

    entry_id: UUID
    user_id: int
    service_id: int
    service_name: str
    session_id: int | None
    start_time: datetime | None
    timezone: str
    offer_expires_at: datetime
    exclusive: bool


PUBLISHES = [
    BookingChanged,
    BookingCreated,
    BookingConfirmed,
    BookingStarted,
    BookingRescheduled,
    BookingRescheduleRequested,
    BookingCancelled,
    BookingExpired,
    BookingCompleted,
    BookingNoShow,
    BookingReminderDue,
    BookingRejected,
    WaitlistChanged,
    WaitlistSpotOpened,
    *PRIVACY_EVENTS,
]

SNAPSHOTS = [
    Snapshot(BookingChanged, select(Booking)),
    Snapshot(WaitlistChanged, select(WaitlistEntry)),
]
