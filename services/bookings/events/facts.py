"""What happened to a booking. Each fact carries the booking's whole state, and adds what happened."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.bookings.events.states import BookingState
from shared.messaging import event


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
