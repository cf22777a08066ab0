"""The words that bookings are described with: kinds, statuses and what they are called."""

from typing import Final

SESSION: Final = "session"
WORKSHOP: Final = "workshop"
COURSE: Final = "course"
PACKAGE: Final = "package"
BUNDLE: Final = "bundle"
SERIES: Final = "series"
KINDS: Final = (SESSION, WORKSHOP, COURSE, PACKAGE, BUNDLE, SERIES)

DRAFT: Final = "draft"
PENDING: Final = "pending_payment"
CONFIRMED: Final = "confirmed"
IN_PROGRESS: Final = "in_progress"
COMPLETED: Final = "completed"
CANCELED: Final = "canceled"
NO_SHOW: Final = "no_show"
STATUSES: Final = (DRAFT, PENDING, CONFIRMED, IN_PROGRESS, COMPLETED, CANCELED, NO_SHOW)

OPEN: Final = (PENDING, CONFIRMED, IN_PROGRESS)
"""Statuses in which a booking keeps its time or its seat."""

TERMINAL: Final = (COMPLETED, CANCELED, NO_SHOW)

UNSCHEDULED: Final = "unscheduled"
AWAITING_PARENT: Final = "awaiting_parent"
RESCHEDULE_REQUESTED: Final = "reschedule_requested"
AWAITING_PAYMENT: Final = "awaiting_payment"
REQUIRES_ACTION: Final = "requires_action"
PAYMENT_FAILED: Final = "payment_failed"
COMPLETED_EARLY: Final = "completed_early"
COMPLETED_BY_CLOCK: Final = "completed_by_clock"
EXPIRED: Final = "expired"
LATE_PAYMENT: Final = "late_payment"
CREDIT_EXPIRED: Final = "credit_expired"
SESSION_CANCELED: Final = "session_canceled"
ACCOUNT_DELETED: Final = "account_deleted"
RESCHEDULED: Final = "rescheduled"

UNPAID: Final = "unpaid"
PAID: Final = "paid"
PARTIALLY_REFUNDED: Final = "partially_refunded"
REFUNDED: Final = "refunded"
PAYMENT_STATUSES: Final = (UNPAID, PAID, PARTIALLY_REFUNDED, REFUNDED)

STATUS_NAMES: Final = {
    DRAFT: "Draft",
    PENDING: "Pending Payment",
    CONFIRMED: "Confirmed",
    IN_PROGRESS: "In Progress",
    COMPLETED: "Completed",
    CANCELED: "Canceled",
    NO_SHOW: "No Show",
}
PAYMENT_STATUS_NAMES: Final = {
    UNPAID: "Unpaid",
    PAID: "Paid",
    PARTIALLY_REFUNDED: "Partially Refunded",
    REFUNDED: "Refunded",
}

CLIENT: Final = "client"
PRACTITIONER: Final = "practitioner"
STAFF: Final = "staff"
SYSTEM: Final = "system"

CANCELED_BY: Final = {CLIENT: "client", PRACTITIONER: "practitioner", STAFF: "admin", SYSTEM: "system"}
"""How the API names who canceled."""

PLATFORM: Final = "platform"
IN_PERSON: Final = "in_person"
CREDIT: Final = "credit"

PARENT_KINDS: Final = (PACKAGE, BUNDLE, COURSE, SERIES)
CREDIT_KINDS: Final = (PACKAGE, BUNDLE)


def payment_status(*, paid_cents: int, refunded_cents: int, is_free: bool = False) -> str:
    """Return the payment status that the sums amount to."""
    if paid_cents and refunded_cents >= paid_cents:
        return REFUNDED
    if refunded_cents:
        return PARTIALLY_REFUNDED
    return PAID if paid_cents or is_free else UNPAID
