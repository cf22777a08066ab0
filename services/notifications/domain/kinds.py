"""Every kind of notification: its type, how much it matters, where it is told, and where its link leads.

A kind's words are in `texts/<locale>.toml`. `link` is a path on the front end; `{id}` is the related object's,
`{token}` the secret of a mailed link.
"""

from dataclasses import dataclass

from services.notifications.domain.words import Priority

LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT
CLIENT, PRACTICE = "/dashboard/user", "/dashboard/practitioner"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notification. `is_mandatory`: whatever a person's settings. `folds`: unread ones become one line."""

    name: str
    type: str
    priority: Priority
    link: str
    label: str
    folds: bool = False
    in_app: bool = True
    by_mail: bool = False
    is_mandatory: bool = False

    def path(self, related_id: str) -> str:
        """Return where the kind's link leads for a related object."""
        return self.link.replace("{id}", related_id)

    @property
    def title(self) -> str:
        """Its name for people: `Booking confirmed`."""
        return self.name.replace(".", " ").replace("_", " ").capitalize()

    @property
    def audience(self) -> str:
        """Whom it is for: staff, practitioner or client."""
        if self.name.startswith("staff."):
            return "staff"
        is_practice = self.link.startswith(PRACTICE) or self.name.startswith(("practitioner.", "payout.", "earnings."))
        return "practitioner" if is_practice else "client"

    def has(self, channel: str) -> bool:
        """Whether it is told there at all."""
        return {"in_app": self.in_app, "email": self.by_mail}.get(channel, False)


def _mail(name: str, link: str, label: str) -> Kind:
    """Return a kind that an account cannot do without, told by mail only."""
    return Kind(name, "system", HIGH, link, label, in_app=False, by_mail=True, is_mandatory=True)


_ALL = (
    Kind("account.welcome", "system", LOW, CLIENT, "Open dashboard", by_mail=True),
    _mail("account.verify_email", "/verify-email?token={token}", "Confirm address"),
    _mail("account.confirm_new_email", "/verify-email?token={token}", "Confirm new address"),
    _mail("account.email_change_notice", "/support", "Contact support"),
    _mail("account.reset_password", "/reset-password?token={token}", "Set a new password"),
    _mail("account.deleted", "", ""),
    Kind(
        "account.export_ready", "system", NORMAL, f"{CLIENT}/profile", "Get your data", by_mail=True, is_mandatory=True
    ),
    Kind(
        "account.password_changed",
        "system",
        URGENT,
        "/forgot-password",
        "Reset password",
        by_mail=True,
        is_mandatory=True,
    ),
    Kind("account.security", "system", URGENT, f"{CLIENT}/profile", "Check activity", by_mail=True, is_mandatory=True),
    Kind(
        "practitioner.application_received", "system", NORMAL, "/become-practitioner", "See application", by_mail=True
    ),
    Kind("staff.application", "system", NORMAL, "/staff/applications", "Open queue"),
    Kind(
        "practitioner.changes_requested", "system", HIGH, "/become-practitioner", "Complete application", by_mail=True
    ),
    Kind("practitioner.rejected", "system", HIGH, "/become-practitioner", "See decision", by_mail=True),
    Kind("practitioner.verified", "system", HIGH, PRACTICE, "Open dashboard", by_mail=True),
    Kind("practitioner.reinstated", "system", HIGH, PRACTICE, "Open dashboard", by_mail=True),
    Kind("practitioner.suspended", "system", URGENT, PRACTICE, "See details", by_mail=True, is_mandatory=True),
    Kind("practitioner.document", "system", NORMAL, f"{PRACTICE}/profile", "Open profile", by_mail=True),
    Kind("practitioner.onboarding", "system", LOW, f"{PRACTICE}/profile", "Finish profile", by_mail=True, in_app=False),
    Kind("booking.requested", "booking", HIGH, f"{PRACTICE}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind("booking.confirmed", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind("booking.received", "booking", HIGH, f"{PRACTICE}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind("booking.purchase_confirmed", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Choose times", by_mail=True),
    Kind("booking.cancelled", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind(
        "booking.cancelled_receipt",
        "booking",
        HIGH,
        f"{CLIENT}/bookings/{{id}}",
        "Open booking",
        by_mail=True,
        in_app=False,
    ),
    Kind("booking.sessions_cancelled", "booking", HIGH, f"{PRACTICE}/bookings/{{id}}", "Open booking", folds=True),
    Kind("booking.rescheduled", "booking", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind(
        "booking.reschedule_requested",
        "booking",
        HIGH,
        f"{CLIENT}/bookings/{{id}}/reschedule",
        "Choose a time",
        by_mail=True,
    ),
    Kind("booking.expired", "booking", NORMAL, f"{CLIENT}/bookings", "Book again"),
    Kind("booking.rejected", "booking", HIGH, "/checkout", "Choose again"),
    Kind("booking.started", "session", URGENT, "/room/booking/{id}/lobby", "Join"),
    Kind("booking.completed", "session", LOW, f"{CLIENT}/bookings/{{id}}", "Write a review"),
    Kind("booking.no_show", "booking", NORMAL, f"{CLIENT}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind("booking.reminder_day", "reminder", HIGH, f"{CLIENT}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind("booking.reminder_soon", "reminder", URGENT, "/room/booking/{id}/lobby", "Open"),
    Kind("booking.credits_lapse", "reminder", NORMAL, f"{CLIENT}/bookings", "Choose times", by_mail=True),
    Kind("waitlist.spot", "booking", URGENT, "/services/{id}", "Take the place", by_mail=True),
    Kind("payment.receipt", "payment", NORMAL, f"{CLIENT}/profile", "See payments", by_mail=True),
    Kind("payment.failed", "payment", HIGH, "/checkout", "Pay again", by_mail=True),
    Kind("payment.action_required", "payment", URGENT, "/checkout", "Continue"),
    Kind("payment.refunded", "payment", NORMAL, f"{CLIENT}/bookings/{{id}}", "Open booking", by_mail=True),
    Kind("earnings.available", "payment", LOW, f"{PRACTICE}/finances/earnings", "See earnings", folds=True),
    Kind("payout.requested", "payment", NORMAL, f"{PRACTICE}/finances/payouts", "See payouts"),
    Kind("payout.paid", "payment", NORMAL, f"{PRACTICE}/finances/payouts", "See payouts", by_mail=True),
    Kind("payout.failed", "payment", HIGH, f"{PRACTICE}/finances/payouts", "See payouts", by_mail=True),
    Kind("review.received", "review", NORMAL, f"{PRACTICE}/reviews", "See review", by_mail=True),
    Kind("review.responded", "review", NORMAL, CLIENT, "See answer", by_mail=True),
    Kind("review.removed", "review", NORMAL, CLIENT, "Open dashboard", by_mail=True),
    Kind("review.request", "review", LOW, f"{CLIENT}/bookings/{{id}}", "Write a review", by_mail=True),
    Kind("staff.review_reported", "review", NORMAL, "/staff/reviews", "Open queue", folds=True),
    Kind("media.failed", "system", LOW, f"{PRACTICE}/services", "Open services"),
    Kind("stream.scheduled", "session", NORMAL, "/streams/{id}", "See stream"),
    Kind("stream.reminder", "session", URGENT, "/streams/{id}", "See stream", by_mail=True),
    Kind("stream.started", "session", URGENT, "/streams/{id}", "Watch now"),
    Kind("stream.cancelled", "session", NORMAL, "/streams/{id}", "See stream", by_mail=True),
    Kind("stream.rescheduled", "session", NORMAL, "/streams/{id}", "See stream", by_mail=True),
    Kind("stream.recording_ready", "session", NORMAL, "/streams/{id}", "Watch recording"),
    Kind("stream.ended", "session", LOW, f"{PRACTICE}/streams", "See numbers"),
    Kind("stream.recording", "session", LOW, f"{PRACTICE}/streams", "See recording"),
    Kind("note", "message", NORMAL, CLIENT, "Open dashboard"),
    Kind("staff_message", "message", NORMAL, CLIENT, "Open dashboard", by_mail=True),
)

KINDS = {kind.name: kind for kind in _ALL}
