"""Appointments that recur."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify
from sqlalchemy.orm import Session

from services.bookings.api.answers import wait_for_payment
from services.bookings.api.bookings import TAKING
from services.bookings.api.schemas.more import CancelSeries, CancelSeriesRequest, Recurring, RecurringRequest
from services.bookings.domain import errors
from services.bookings.domain.recurrence import BadRule, Rule
from services.bookings.operations import recurring
from services.bookings.operations.wishes import Payment, Wish
from services.bookings.queries.bookings import booking_detail
from services.bookings.settings import settings
from shared.clock import utc_now
from shared.database import retrying
from shared.errors import Invalid
from shared.http import IN_PERSON, Blueprint, Idempotency, MethodView, identity, wait_seconds

series = Blueprint("booking-series", "Appointments that recur.")


@series.route("/bookings/create_recurring/", twins=["/bookings/create-recurring/"])
class CreateRecurring(MethodView):
    """Series that are booked."""

    @series.operation(
        "bookings_create_recurring_create",
        IN_PERSON,
        refuses=TAKING,
        idempotency=Idempotency.IN_TRANSACTION,
        waits=True,
    )
    @series.arguments(RecurringRequest)
    @series.response(201, Recurring)
    def post(self, body: dict[str, Any]) -> dict[str, Any] | Response:
        """Book a series of appointments, paid at once.

        All of them must be free, or with `skip_conflicts` two at least. A dry run (200) tells which would be.
        """
        by, seconds = identity(), wait_seconds(settings().bookings_wait_max_seconds)
        names = ("frequency", "count", "until", "rrule")
        try:
            rule = Rule.of(**{name: body[name] for name in names}, zone=ZoneInfo(body["timezone"]))
        except BadRule as bad:
            raise Invalid.field("rrule", str(bad)) from bad
        wish = Wish(
            service=body["service_id"],
            practitioner=body["practitioner_id"],
            start_time=body["start_time"],
            timezone=body["timezone"],
            client_notes=body["client_notes"],
            location_id=body["location_id"],
            payment=Payment(payment_method_id=body["payment_method_id"], apply_credits=body["apply_credits"]),
        )

        def work(session: Session) -> dict[str, Any]:
            made = recurring.create_recurring(
                session,
                wish,
                rule,
                by=by,
                now=utc_now(),
                skip_conflicts=body["skip_conflicts"],
                dry_run=body["dry_run"],
            )
            detail = booking_detail(session, made.parent.id, by=by, now=utc_now()) if made.parent else None
            return _shown(made, detail)

        answer = retrying(work)
        if not body["dry_run"]:
            wait_for_payment(answer["booking"], seconds, lambda seen: Recurring().dump({**answer, "booking": seen}))
            return answer
        response: Response = jsonify(Recurring().dump(answer))
        return response


def _shown(made: recurring.Recurring, detail: dict[str, Any] | None) -> dict[str, Any]:
    booked = {child.start_time: child.id for child in made.children}
    return {
        "series_id": made.series_id,
        "booking": detail,
        "occurrences": [
            {
                "start_time": one.start,
                "end_time": one.end,
                "available": one.reason is None,
                "reason": one.reason,
                "booking_id": booked.get(one.start),
            }
            for one in made.occurrences
        ],
        "skipped": [one.start for one in made.occurrences if one.reason is not None],
        "total_amount": made.total_cents,
        "total_amount_cents": made.total_cents,
    }


@series.route("/bookings/<ref:reference>/cancel_series/", twins=["/bookings/<ref:reference>/cancel-series/"])
class CancelWholeSeries(MethodView):
    """Series that are canceled."""

    @series.operation(
        "bookings_cancel_series_create",
        IN_PERSON,
        refuses=[errors.BookingNotFound, errors.NotCancellable],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @series.arguments(CancelSeriesRequest)
    @series.response(200, CancelSeries)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Cancel an appointment of a series with those that follow, or all that are to come."""
        by = identity()
        done = retrying(
            lambda session: recurring.cancel_series(
                session,
                reference,
                only_following=body["scope"] == "this_and_following",
                reason=body["reason"],
                by=by,
                now=utc_now(),
            )
        )
        return {
            "canceled": done.canceled,
            "kept": [{"id": booking_id, "reason": reason} for booking_id, reason in done.kept],
            "refund_cents": done.refund_cents,
            "refund_amount": done.refund_cents,
        }
