"""An example of every kind's values: what staff see when they edit its words, and the list of what they may name."""

from collections.abc import Mapping
from typing import Any

from services.notifications.domain.kinds import KINDS

_START, _END = "2026-12-01T13:00:00+00:00", "2026-12-01T14:00:00+00:00"
_EARLIER, _LATER = "2026-11-30T09:00:00+00:00", "2026-12-08T13:00:00+00:00"
_BOOKING: dict[str, Any] = {
    "service": "Deep tissue massage",
    "practitioner": "Mara Sol",
    "client": "Ana Reyes",
    "start": _START,
    "end": _END,
    "place": "Quiet Room, 12 Harbour Street, Lisbon",
    "online": False,
    "sessions": 0,
    "amount_cents": 9_000,
}
_PURCHASE = {**_BOOKING, "service": "Ten calm mornings", "start": None, "end": None, "place": None, "sessions": 10}
_CANCELLED = {
    "by": "the practitioner", "other": "Mara Sol", "reason": "I am ill, sorry.", "refund_cents": 9_000,
    "to_credits": False, "restored": False,
}  # fmt: skip
_PAYOUT = {"reference": "PO-000042", "amount_cents": 128_450, "message": None}
_PLAN = {"tier": "Professional", "previous": "Starter", "until": _LATER, "days": 7}
_MEMBERSHIP = {**_PLAN, "stream": "Morning flow with Mara", "practitioner": "Mara Sol", "price_cents": 1_500}
_STREAM = {"title": "Breathing for sleep", "stream": "Morning flow with Mara", "host": "Mara Sol", "start": _START}
_LINK = {"until": _LATER}

_SAMPLES: dict[str, dict[str, Any]] = {
    "account.welcome": {},
    "account.verify_email": _LINK,
    "account.confirm_new_email": _LINK,
    "account.email_change_notice": {},
    "account.reset_password": {**_LINK, "first": False},
    "account.password_changed": {"at": _START, "device": "Firefox on Linux"},
    "account.security": {"headline": "New sign-in", "explanation": "Somebody signed in from Firefox on Linux."},
    "account.export_ready": _LINK,
    "account.deleted": {},
    "practitioner.application_received": {"name": "Mara Sol"},
    "practitioner.changes_requested": {"message": "Please add a photo in which we can see your face."},
    "practitioner.rejected": {"reason": "The licence could not be read.", "may_reapply_from": _LATER},
    "practitioner.verified": {},
    "practitioner.reinstated": {},
    "practitioner.suspended": {"message": "We received several complaints.", "until": _LATER},
    "practitioner.document": {"document": "License", "approved": False, "reason": "Blurred.", "days": None},
    "practitioner.onboarding": {"missing": ["profile image", "weekly hours"]},
    "booking.requested": _BOOKING,
    "booking.confirmed": _BOOKING,
    "booking.received": _BOOKING,
    "booking.purchase_confirmed": _PURCHASE,
    "booking.cancelled": {**_BOOKING, **_CANCELLED},
    "booking.cancelled_receipt": {**_BOOKING, **_CANCELLED},
    "booking.sessions_cancelled": _PURCHASE,
    "booking.rescheduled": {**_BOOKING, "previous": _EARLIER, "reason": None, "free_until": _EARLIER},
    "booking.reschedule_requested": {**_BOOKING, "reason": "The room is taken.", "suggested": [_LATER]},
    "booking.expired": _BOOKING,
    "booking.rejected": {"service": "Deep tissue massage", "message": "This time was just taken."},
    "booking.started": _BOOKING,
    "booking.completed": _BOOKING,
    "booking.no_show": {**_BOOKING, "refund_cents": 0},
    "booking.reminder_day": {**_BOOKING, "minutes": 1_440, "attendees": 1, "other": "Mara Sol"},
    "booking.reminder_soon": {**_BOOKING, "minutes": 30, "attendees": 1, "other": "Mara Sol"},
    "booking.credits_lapse": {**_PURCHASE, "sessions": 3, "until": _LATER},
    "waitlist.spot": {"service": "Deep tissue massage", "start": _START, "exclusive": True, "until": _LATER},
    "payment.receipt": {"credits": False, "what": "Deep tissue massage", "total_cents": 9_000, "tax_cents": 0,
                        "credits_cents": 1_000, "paid_at": _EARLIER, "number": "1042"},
    "payment.card_expiring": {"brand": "Visa", "last4": "4242", "month": "12/2026", "renews": True},
    "payment.failed": {"message": "Your bank declined the card.", "until": _START},
    "payment.action_required": {"until": _START},
    "payment.refunded": {"amount_cents": 9_000, "card_cents": 8_000, "credits_cents": 1_000},
    "credits.changed": {"change": "Expired", "amount_cents": -2_500, "balance_cents": 4_000},
    "subscription.active": _PLAN,
    "subscription.tier_changed": _PLAN,
    "subscription.past_due": _PLAN,
    "subscription.cancelled": _PLAN,
    "subscription.ended": _PLAN,
    "membership.joined": _MEMBERSHIP,
    "membership.tier_changed": _MEMBERSHIP,
    "membership.past_due": _MEMBERSHIP,
    "membership.cancelled": _MEMBERSHIP,
    "membership.new_member": _MEMBERSHIP,
    "membership.lost_member": _MEMBERSHIP,
    "earnings.available": {"amount_cents": 7_200, "balance_cents": 128_450},
    "payout.requested": _PAYOUT,
    "payout.paid": _PAYOUT,
    "payout.failed": {**_PAYOUT, "message": "The bank account is closed."},
    "connect.action_needed": {"due": ["an identity document"]},
    "connect.ready": {},
    "review.received": {"stars": "4.5", "name": "Ana R.", "comment": "I left lighter than I came."},
    "review.responded": {"practitioner": "Mara Sol", "comment": "Thank you, Ana."},
    "review.removed": {"reason": "It named somebody who had not agreed to it."},
    "review.request": {"service": "Deep tissue massage", "practitioner": "Mara Sol"},
    "media.failed": {"filename": "portrait.jpg", "message": "The picture is broken."},
    **{f"stream.{kind}": _STREAM for kind in ("scheduled", "reminder", "started", "cancelled", "rescheduled",
                                              "recording_ready")},
    "stream.ended": {"title": "Breathing for sleep", "viewers": 31, "minutes": 48},
    "stream.recording": {"title": "Breathing for sleep"},
    "announcement": {"staff_title": "We are closed on 1 January", "staff_message": "Support answers again on the 2nd."},
    "digest": {
        "groups": [{"type": "Review", "items": [{"title": "5 stars from Ana R.", "text": "I left lighter.",
                                                 "url": "https://example.org/dashboard/practitioner/reviews"}]}],
        "number": 1,
        "more": 0,
    },
    "note": {"title": "Bring a towel", "message": "And water."},
    "staff_message": {"staff_title": "About your question", "staff_message": "We have looked into it."},
    "staff.application": {"name": "Mara Sol", "resubmission": False},
    "staff.review_reported": {"reason": "off topic", "score": 2},
    "staff.template_failed": {"kind": "booking.confirmed", "locale": "en", "reason": "A value does not fit."},
}  # fmt: skip


def sample(kind: str) -> Mapping[str, Any]:
    """Return an example of the kind's values; instants are ISO texts. What folds is told with a `count`."""
    folds = {"count": 1} if KINDS[kind].folds else {}
    return {**_SAMPLES[kind], **folds}


def variables(kind: str) -> list[str]:
    """Return what the kind's words may name."""
    return sorted(sample(kind))
