# ruff: noqa: E501 - a table is read by its columns.
"""Every kind of notification: what announces it, whom it is for, how much it matters, where and when it is told.

A kind's words are in `texts/<locale>.toml`, an example of its values in `domain/samples.py`. `link` is a path on the
front end; `{id}` is the related object's, `{token}` the secret of a mailed link.
"""

from dataclasses import dataclass
from datetime import timedelta

from services.notifications.domain.words import Priority

LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT
CLIENT, PRACTICE = "/dashboard/user", "/dashboard/practitioner"
MAX_AGE, LIVE_MAX_AGE = timedelta(days=3), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notification.

    `how` is its channels and manner in short: `I` in the app, `E` by e-mail, `!` whatever a person's settings, `q` its
    mail waits for the end of quiet hours, `d` its mail may go into a digest, `f` unread ones fold into one line,
    `l` worth a mail for a quarter of an hour only.
    """

    name: str
    event: str
    audience: str
    type: str
    priority: Priority
    how: str
    link: str
    label: str

    def path(self, related_id: str) -> str:
        """Return where the kind's link leads for a related object."""
        return self.link.replace("{id}", related_id)

    @property
    def title(self) -> str:
        """Its name for people: `Booking confirmed`."""
        return self.name.replace(".", " ").replace("_", " ").capitalize()

    @property
    def in_app(self) -> bool:
        """Whether it is a line of the inbox."""
        return "I" in self.how

    @property
    def by_mail(self) -> bool:
        """Whether it is an e-mail."""
        return "E" in self.how

    @property
    def is_mandatory(self) -> bool:
        """Whether it is told whatever a person chooses."""
        return "!" in self.how

    @property
    def waits(self) -> bool:
        """Whether its mail waits for the end of quiet hours; what is urgent never does."""
        return "q" in self.how and not self.passes

    @property
    def passes(self) -> bool:
        """Whether neither quiet hours nor a pause hold it up."""
        return self.is_mandatory or self.priority is URGENT

    @property
    def is_digestible(self) -> bool:
        """Whether its mail may wait for the digest."""
        return "d" in self.how

    @property
    def folds(self) -> bool:
        """Whether unread ones become one line."""
        return "f" in self.how

    @property
    def max_age(self) -> timedelta:
        """How old the news may be to be mailed still."""
        return LIVE_MAX_AGE if "l" in self.how else MAX_AGE

    @property
    def channels(self) -> list[str]:
        """The channels that it is told on by default."""
        return [name for name in ("in_app", "email") if self.has(name)]

    def has(self, channel: str) -> bool:
        """Whether it is told there at all."""
        return {"in_app": self.in_app, "email": self.by_mail}.get(channel, False)


_MY_BOOKING, _THEIR_BOOKING = f"{CLIENT}/bookings/{{id}}", f"{PRACTICE}/bookings/{{id}}"
_MINE, _PROFILE, _PAYOUTS = f"{CLIENT}/profile", f"{PRACTICE}/profile", f"{PRACTICE}/finances/payouts"
_APPLY, _SUBSCRIPTIONS, _STREAM, _STREAMS = (
    "/become-practitioner",
    f"{CLIENT}/subscriptions",
    "/streams/{id}",
    f"{PRACTICE}/streams",
)
_ROOM = "/room/booking/{id}/lobby"
_VERIFY = "/verify-email?token={token}"
_RESET = "/reset-password?token={token}"

# fmt: off
_ALL = (
    Kind("account.welcome", "user.registered", "client", "system", LOW, "IEq", CLIENT, "Open dashboard"),
    Kind("account.verify_email", "email.verification_requested", "client", "system", HIGH, "E!", _VERIFY, "Confirm address"),
    Kind("account.confirm_new_email", "email.change_requested", "client", "system", HIGH, "E!", _VERIFY, "Confirm new address"),
    Kind("account.email_change_notice", "email.change_requested", "client", "system", HIGH, "E!", "/support", "Contact support"),
    Kind("account.reset_password", "password.reset_requested", "client", "system", HIGH, "E!", _RESET, "Set a new password"),
    Kind("account.password_changed", "password.changed", "client", "system", URGENT, "IE!", "/forgot-password", "Reset password"),
    Kind("account.security", "account.security_alert", "client", "system", URGENT, "IE!", _MINE, "Check activity"),
    Kind("account.export_ready", "user.export_ready", "client", "system", NORMAL, "IE!", _MINE, "Get your data"),
    Kind("account.deleted", "user.deleted", "client", "system", HIGH, "E!", "", ""),
    Kind("practitioner.application_received", "practitioner.application_submitted", "practitioner", "system", NORMAL, "IEq", _APPLY, "See application"),
    Kind("practitioner.changes_requested", "practitioner.changes_requested", "practitioner", "system", HIGH, "IE", _APPLY, "Complete application"),
    Kind("practitioner.rejected", "practitioner.rejected", "practitioner", "system", HIGH, "IE", _APPLY, "See decision"),
    Kind("practitioner.verified", "practitioner.verified", "practitioner", "system", HIGH, "IE", PRACTICE, "Open dashboard"),
    Kind("practitioner.reinstated", "practitioner.verified", "practitioner", "system", HIGH, "IE", PRACTICE, "Open dashboard"),
    Kind("practitioner.suspended", "practitioner.suspended", "practitioner", "system", URGENT, "IE!", PRACTICE, "See details"),
    Kind("practitioner.document", "practitioner.document_reviewed, practitioner.document_expiring", "practitioner", "system", NORMAL, "IEq", _PROFILE, "Open profile"),
    Kind("practitioner.onboarding", "practitioner.onboarding_reminder", "practitioner", "system", LOW, "Eq", _PROFILE, "Finish profile"),
    Kind("booking.requested", "booking.created", "practitioner", "booking", HIGH, "IE", _THEIR_BOOKING, "Open booking"),
    Kind("booking.confirmed", "booking.confirmed", "client", "booking", HIGH, "IE", _MY_BOOKING, "Open booking"),
    Kind("booking.received", "booking.confirmed", "practitioner", "booking", HIGH, "IE", _THEIR_BOOKING, "Open booking"),
    Kind("booking.purchase_confirmed", "booking.confirmed", "client", "booking", HIGH, "IE", _MY_BOOKING, "Choose times"),
    Kind("booking.cancelled", "booking.cancelled", "client", "booking", HIGH, "IE", _MY_BOOKING, "Open booking"),
    Kind("booking.cancelled_receipt", "booking.cancelled", "client", "booking", HIGH, "E", _MY_BOOKING, "Open booking"),
    Kind("booking.sessions_cancelled", "booking.cancelled", "practitioner", "booking", HIGH, "If", _THEIR_BOOKING, "Open booking"),
    Kind("booking.rescheduled", "booking.rescheduled", "client", "booking", HIGH, "IE", _MY_BOOKING, "Open booking"),
    Kind("booking.reschedule_requested", "booking.reschedule_requested", "client", "booking", HIGH, "IE", f"{_MY_BOOKING}/reschedule", "Choose a time"),
    Kind("booking.expired", "booking.expired", "client", "booking", NORMAL, "I", f"{CLIENT}/bookings", "Book again"),
    Kind("booking.rejected", "booking.rejected", "client", "booking", HIGH, "I", "/checkout", "Choose again"),
    Kind("booking.started", "booking.started", "client", "session", URGENT, "Il", _ROOM, "Join"),
    Kind("booking.completed", "booking.completed", "client", "session", LOW, "Iq", _MY_BOOKING, "Write a review"),
    Kind("booking.no_show", "booking.no_show", "client", "booking", NORMAL, "IEq", _MY_BOOKING, "Open booking"),
    Kind("booking.reminder_day", "booking.reminder_due", "client", "reminder", HIGH, "IEq", _MY_BOOKING, "Open booking"),
    Kind("booking.reminder_soon", "booking.reminder_due", "client", "reminder", URGENT, "I", _ROOM, "Open"),
    Kind("booking.credits_lapse", "booking.reminder_due", "client", "reminder", NORMAL, "IEq", f"{CLIENT}/bookings", "Choose times"),
    Kind("waitlist.spot", "waitlist.spot_opened", "client", "booking", URGENT, "IE", "/services/{id}", "Take the place"),
    Kind("payment.receipt", "payment.succeeded", "client", "payment", NORMAL, "IEqd", _MINE, "See payments"),
    Kind("payment.card_expiring", "payment_method.expiring", "client", "payment", NORMAL, "IEqd", _MINE, "See cards"),
    Kind("payment.failed", "payment.failed", "client", "payment", HIGH, "IE", "/checkout", "Pay again"),
    Kind("payment.action_required", "payment.action_required", "client", "payment", URGENT, "I", "/checkout", "Continue"),
    Kind("payment.refunded", "payment.refunded", "client", "payment", NORMAL, "IE", _MY_BOOKING, "Open booking"),
    Kind("credits.changed", "credits.changed", "client", "payment", NORMAL, "Iq", _MINE, "See credits"),
    Kind("subscription.active", "subscription.changed", "practitioner", "payment", NORMAL, "IE", f"{PRACTICE}/settings", "See plan"),
    Kind("subscription.tier_changed", "subscription.changed", "practitioner", "payment", NORMAL, "IE", f"{PRACTICE}/settings", "See plan"),
    Kind("subscription.past_due", "subscription.changed", "practitioner", "payment", HIGH, "IE", f"{PRACTICE}/settings", "Update payment"),
    Kind("subscription.cancelled", "subscription.changed", "practitioner", "payment", NORMAL, "IE", f"{PRACTICE}/settings", "See plan"),
    Kind("subscription.ended", "subscription.changed", "practitioner", "payment", NORMAL, "IE", f"{PRACTICE}/settings", "Choose a plan"),
    Kind("membership.joined", "membership.changed", "client", "payment", NORMAL, "IE", _SUBSCRIPTIONS, "See membership"),
    Kind("membership.tier_changed", "membership.changed", "client", "payment", NORMAL, "IE", _SUBSCRIPTIONS, "See membership"),
    Kind("membership.past_due", "membership.changed", "client", "payment", NORMAL, "IE", _SUBSCRIPTIONS, "Update payment"),
    Kind("membership.cancelled", "membership.changed", "client", "payment", NORMAL, "IE", _SUBSCRIPTIONS, "See membership"),
    Kind("membership.new_member", "membership.changed", "practitioner", "payment", LOW, "Iqf", _STREAMS, "See members"),
    Kind("membership.lost_member", "membership.changed", "practitioner", "payment", LOW, "Iqf", _STREAMS, "See members"),
    Kind("earnings.available", "earnings.available", "practitioner", "payment", LOW, "Iqdf", f"{PRACTICE}/finances/earnings", "See earnings"),
    Kind("payout.requested", "payout.requested", "practitioner", "payment", NORMAL, "I", _PAYOUTS, "See payouts"),
    Kind("payout.paid", "payout.paid", "practitioner", "payment", NORMAL, "IE", _PAYOUTS, "See payouts"),
    Kind("payout.failed", "payout.failed", "practitioner", "payment", HIGH, "IE", _PAYOUTS, "See payouts"),
    Kind("connect.action_needed", "connect_account.changed", "practitioner", "payment", HIGH, "IE", f"{PRACTICE}/finances", "Complete details"),
    Kind("connect.ready", "connect_account.changed", "practitioner", "payment", NORMAL, "I", f"{PRACTICE}/finances", "See finances"),
    Kind("review.received", "review.published", "practitioner", "review", NORMAL, "IEqd", f"{PRACTICE}/reviews", "See review"),
    Kind("review.responded", "review.responded", "client", "review", NORMAL, "IEqd", CLIENT, "See answer"),
    Kind("review.removed", "review.removed", "client", "review", NORMAL, "IEq", CLIENT, "Open dashboard"),
    Kind("review.request", "review.request_due", "client", "review", LOW, "IEqd", _MY_BOOKING, "Write a review"),
    Kind("media.failed", "media.failed", "client", "system", LOW, "I", f"{PRACTICE}/services", "Open services"),
    Kind("stream.scheduled", "stream.notice_due", "client", "session", NORMAL, "Id", _STREAM, "See stream"),
    Kind("stream.reminder", "stream.notice_due", "client", "session", URGENT, "IE", _STREAM, "See stream"),
    Kind("stream.started", "stream.notice_due", "client", "session", URGENT, "Il", _STREAM, "Watch now"),
    Kind("stream.cancelled", "stream.notice_due", "client", "session", NORMAL, "IE", _STREAM, "See stream"),
    Kind("stream.rescheduled", "stream.notice_due", "client", "session", NORMAL, "IE", _STREAM, "See stream"),
    Kind("stream.recording_ready", "stream.notice_due", "client", "session", NORMAL, "Id", _STREAM, "Watch recording"),
    Kind("stream.ended", "live_stream.ended", "practitioner", "session", LOW, "I", _STREAMS, "See numbers"),
    Kind("stream.recording", "recording.ready", "practitioner", "session", LOW, "I", _STREAMS, "See recording"),
    Kind("announcement", "a broadcast", "client", "system", NORMAL, "IEq", CLIENT, "Open dashboard"),
    Kind("digest", "the clock", "client", "system", LOW, "Eq", CLIENT, "Open dashboard"),
    Kind("note", "a note to oneself", "client", "message", NORMAL, "I", CLIENT, "Open dashboard"),
    Kind("staff_message", "a message of staff", "client", "message", NORMAL, "IE", CLIENT, "Open dashboard"),
    Kind("staff.application", "practitioner.application_submitted", "staff", "system", NORMAL, "I", "/staff/applications", "Open queue"),
    Kind("staff.review_reported", "review.reported", "staff", "review", NORMAL, "If", "/staff/reviews", "Open queue"),
    Kind("staff.template_failed", "a template that failed", "staff", "system", HIGH, "If", "/staff/templates", "Open templates"),
)
# fmt: on

KINDS = {kind.name: kind for kind in _ALL}
