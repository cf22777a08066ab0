"""Every kind of notification: its type, how much it matters, whether equal ones fold, and where its link leads.

A kind's words are in `texts/<locale>.toml`. `link` is a path on the front end; `{id}` is the related object's.
"""

from dataclasses import dataclass

from services.notifications.domain.words import Priority

LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT
CLIENT, PRACTICE = "/dashboard/user", "/dashboard/practitioner"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notification."""

    name: str
    type: str
    priority: Priority
    link: str
    label: str
    folds: bool = False


_ALL = (
    Kind("account.welcome", "system", LOW, CLIENT, "Open dashboard"),
    Kind("account.password_changed", "system", URGENT, "/forgot-password", "Reset password"),
    Kind("account.security", "system", URGENT, f"{CLIENT}/profile", "Check activity"),
    Kind("practitioner.application_received", "system", NORMAL, "/become-practitioner", "See application"),
    Kind("staff.application", "system", NORMAL, "/staff/applications", "Open queue"),
    Kind("practitioner.changes_requested", "system", HIGH, "/become-practitioner", "Complete application"),
    Kind("practitioner.rejected", "system", HIGH, "/become-practitioner", "See decision"),
    Kind("practitioner.verified", "system", HIGH, PRACTICE, "Open dashboard"),
    Kind("practitioner.reinstated", "system", HIGH, PRACTICE, "Open dashboard"),
    Kind("practitioner.suspended", "system", URGENT, PRACTICE, "See details"),
    Kind("practitioner.document", "system", NORMAL, f"{PRACTICE}/profile", "Open profile"),
    Kind("practitioner.onboarding", "system", LOW, f"{PRACTICE}/profile", "Finish profile"),
    Kind("booking.requested", "booking", HIGH, f"{PRACTICE}/bookings/{{id}}", "Open booking"),
    Kind("booking.confirmed", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking"),
    Kind("booking.received", "booking", HIGH, f"{PRACTICE}/bookings/{{id}}", "Open booking"),
    Kind("booking.purchase_confirmed", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Choose times"),
    Kind("booking.cancelled", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking"),
    Kind("booking.sessions_cancelled", "booking", HIGH, f"{PRACTICE}/bookings/{{id}}", "Open booking", folds=True),
    Kind("booking.rescheduled", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking"),
    Kind("booking.reschedule_requested", "booking", HIGH, f"{CLIENT}/bookings/{{id}}/reschedule", "Choose a time"),
    Kind("booking.expired", "booking", NORMAL, f"{CLIENT}/bookings", "Book again"),
    Kind("booking.rejected", "booking", HIGH, "/checkout", "Choose again"),
    Kind("booking.started", "session", URGENT, "/room/booking/{id}/lobby", "Join"),
    Kind("booking.completed", "session", LOW, f"{CLIENT}/bookings/{{id}}", "Write a review"),
    Kind("booking.no_show", "booking", NORMAL, f"{CLIENT}/bookings/{{id}}", "Open booking"),
    Kind("booking.reminder_day", "reminder", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking"),
    Kind("booking.reminder_soon", "reminder", URGENT, "/room/booking/{id}/lobby", "Open"),
    Kind("booking.credits_lapse", "reminder", NORMAL, f"{CLIENT}/bookings", "Choose times"),
    Kind("waitlist.spot", "booking", URGENT, "/services/{id}", "Take the place"),
    Kind("payment.receipt", "payment", NORMAL, f"{CLIENT}/profile", "See payments"),
    Kind("payment.failed", "payment", HIGH, "/checkout", "Pay again"),
    Kind("payment.action_required", "payment", URGENT, "/checkout", "Continue"),
    Kind("payment.refunded", "payment", NORMAL, f"{CLIENT}/bookings/{{id}}", "Open booking"),
    Kind("earnings.available", "payment", LOW, f"{PRACTICE}/finances/earnings", "See earnings", folds=True),
    Kind("payout.requested", "payment", NORMAL, f"{PRACTICE}/finances/payouts", "See payouts"),
    Kind("payout.paid", "payment", NORMAL, f"{PRACTICE}/finances/payouts", "See payouts"),
    Kind("payout.failed", "payment", HIGH, f"{PRACTICE}/finances/payouts", "See payouts"),
)

KINDS = {kind.name: kind for kind in _ALL}
