"""Every fact that bookings announces: states, facts about bookings, and lines of people who wait."""

from sqlalchemy import select

from services.bookings.events.facts import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingCreated,
    BookingExpired,
    BookingNoShow,
    BookingRejected,
    BookingReminderDue,
    BookingRescheduled,
    BookingRescheduleRequested,
    BookingStarted,
    Item,
    PaymentWish,
    Place,
)
from services.bookings.events.states import BookingChanged, BookingState
from services.bookings.events.waitlists import WaitlistChanged, WaitlistSpotOpened
from services.bookings.models import Booking, WaitlistEntry
from shared.messaging import Snapshot
from shared.privacy import PRIVACY_EVENTS

__all__ = [
    "PUBLISHES",
    "SNAPSHOTS",
    "BookingCancelled",
    "BookingChanged",
    "BookingCompleted",
    "BookingConfirmed",
    "BookingCreated",
    "BookingExpired",
    "BookingNoShow",
    "BookingRejected",
    "BookingReminderDue",
    "BookingRescheduleRequested",
    "BookingRescheduled",
    "BookingStarted",
    "BookingState",
    "Item",
    "PaymentWish",
    "Place",
    "WaitlistChanged",
    "WaitlistSpotOpened",
]

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
