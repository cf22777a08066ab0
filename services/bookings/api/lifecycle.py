"""What happens to a booking: confirmed, canceled, moved, begun, completed, missed."""

from typing import Any

from sqlalchemy.orm import Session

from services.bookings.api.answers import changed
from services.bookings.api.bookings import SEATING
from services.bookings.api.schemas.availability import CancellationQuote
from services.bookings.api.schemas.bookings import BookingCancel, BookingDetail, BookingReschedule
from services.bookings.api.schemas.requests import (
    BookingCancelRequest,
    BookingCompleteRequest,
    BookingConfirmRequest,
    BookingNoShowRequest,
    BookingRescheduleRequest,
    BookingScheduleRequest,
    RequestRescheduleRequest,
)
from services.bookings.domain import errors
from services.bookings.operations.cancelling import Cancellation, cancel_booking
from services.bookings.operations.finding import lock_booking
from services.bookings.operations.lifecycle import complete_booking, confirm_booking, mark_no_show, start_booking
from services.bookings.operations.rescheduling import Move, request_reschedule, reschedule_booking
from services.bookings.operations.scheduling import When, schedule_booking
from services.bookings.queries.bookings import booking_detail, cancellation_quote
from shared.clock import utc_now
from shared.database import reading, retrying
from shared.errors import Forbidden, PaymentRequired
from shared.http import (
    IN_PERSON,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    identity,
    require_match,
    say,
    set_version,
)

lifecycle = Blueprint("booking-lifecycle", "What happens to a booking.")

_TRANSITION = (errors.BookingNotFound, Forbidden, errors.InvalidTransition)
_TIMES = (errors.SlotTaken, errors.SlotUnavailable, errors.NotBookable, *SEATING)


@lifecycle.route(
    "/bookings/<ref:reference>/cancel/",
    twins=["/bookings/<ref:reference>/cancel-booking/", "/bookings/<ref:reference>/cancel_booking/"],
)
class Cancel(MethodView):
    """Canceling."""

    @lifecycle.operation(
        "bookings_cancel_create",
        IN_PERSON,
        refuses=[errors.BookingNotFound, errors.NotCancellable, Forbidden],
        idempotency=Idempotency.IN_TRANSACTION,
        matches=True,
    )
    @lifecycle.arguments(BookingCancelRequest)
    @lifecycle.response(200, BookingCancel)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Cancel a booking.

        Its time is free at once; any refund follows within minutes. Who canceled is the caller, whatever is sent.
        """
        by = identity()
        if body["refund_percent"] is not None and not by.is_staff:
            raise errors.FieldForbidden.named("refund_percent")
        how = Cancellation(
            reason=body["reason"] or body["cancellation_reason"],
            refund_percent=body["refund_percent"],
            refund_to=body["refund_to"],
            notify=body["notify"] or not by.is_staff,
        )

        def work(session: Session) -> dict[str, Any]:
            require_match(lock_booking(session, reference, by=by).booking.version)
            done = cancel_booking(session, reference, how, by=by, now=utc_now())
            return {
                **booking_detail(session, done.booking.id, by=by, now=utc_now()),
                "message": "Booking canceled successfully",
                "refund_cents": done.outcome.refund_cents,
                "refund_amount": done.outcome.refund_cents,
                "credit_restored": done.restored is not None,
                "restored_booking_id": done.restored.id if done.restored else None,
            }

        detail = retrying(work)
        set_version(detail["version"])
        say("Booking canceled successfully")
        return detail


@lifecycle.route(
    "/bookings/<ref:reference>/cancellation_quote/", twins=["/bookings/<ref:reference>/cancellation-quote/"]
)
class Quote(MethodView):
    """What canceling would amount to."""

    @lifecycle.operation("bookings_cancellation_quote_retrieve", SIGNED_IN, refuses=[errors.BookingNotFound])
    @lifecycle.response(200, CancellationQuote)
    def get(self, reference: str) -> dict[str, Any]:
        """Tell what canceling now would give back; nothing is changed."""
        with reading() as connection, Session(connection) as session:
            return cancellation_quote(session, reference, by=identity(), now=utc_now())


@lifecycle.route("/bookings/<ref:reference>/confirm/")
class Confirm(MethodView):
    """Confirming by hand."""

    @lifecycle.operation(
        "bookings_confirm_create", SIGNED_IN, refuses=[*_TRANSITION, PaymentRequired, errors.HoldExpired]
    )
    @lifecycle.arguments(BookingConfirmRequest)
    @lifecycle.response(200, BookingDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Confirm an unpaid booking that is paid in person. Clients pay instead."""
        by = identity()
        return changed(
            lambda session: confirm_booking(session, reference, by=by, collect=body["collect"], now=utc_now())
        )


@lifecycle.route("/bookings/<ref:reference>/start/")
class Start(MethodView):
    """Beginning."""

    @lifecycle.operation("bookings_start_create", SIGNED_IN, refuses=[*_TRANSITION, errors.TooEarly])
    @lifecycle.response(200, BookingDetail)
    def post(self, reference: str) -> dict[str, Any]:
        """Begin an appointment, 15 minutes early at most."""
        by = identity()
        return changed(lambda session: start_booking(session, reference, by=by, now=utc_now()))


@lifecycle.route("/bookings/<ref:reference>/complete/")
class Complete(MethodView):
    """Completing."""

    @lifecycle.operation("bookings_complete_create", SIGNED_IN, refuses=_TRANSITION)
    @lifecycle.arguments(BookingCompleteRequest)
    @lifecycle.response(200, BookingDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Complete an appointment; the practitioner earns it 48 hours after its end."""
        by = identity()
        return changed(lambda session: complete_booking(session, reference, by=by, now=utc_now(), **body))


@lifecycle.route("/bookings/<ref:reference>/no_show/", twins=["/bookings/<ref:reference>/no-show/"])
class NoShow(MethodView):
    """Not showing up."""

    @lifecycle.operation("bookings_no_show_create", SIGNED_IN, refuses=[*_TRANSITION, errors.TooEarly, errors.TooLate])
    @lifecycle.arguments(BookingNoShowRequest)
    @lifecycle.response(200, BookingDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Say that somebody did not come, from 10 minutes after the start."""
        by = identity()
        return changed(
            lambda session: mark_no_show(
                session,
                reference,
                by=by,
                now=utc_now(),
                missing=body["by"],
                reason=body["reason"],
                refund_percent=body["refund_percent"],
            )
        )


@lifecycle.route("/bookings/<ref:reference>/reschedule/")
class Reschedule(MethodView):
    """Moving."""

    @lifecycle.operation(
        "bookings_reschedule_create",
        SIGNED_IN,
        refuses=[errors.BookingNotFound, Forbidden, errors.NotReschedulable, errors.RescheduleLimit, *_TIMES],
        idempotency=Idempotency.IN_TRANSACTION,
        matches=True,
    )
    @lifecycle.arguments(BookingRescheduleRequest)
    @lifecycle.response(200, BookingReschedule)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Move a booking to another time: the same booking, the same payment.

        If the new time is taken, the old one is kept.
        """
        by = identity()
        names = ("start_time", "end_time", "service_session_id", "reason", "timezone", "override_availability")
        move = Move(**{name: body[name] for name in names}, notify=body["notify"] or not by.is_staff)

        def work(session: Session) -> dict[str, Any]:
            require_match(lock_booking(session, reference, by=by, and_calendar=True).booking.version)
            moved = reschedule_booking(session, reference, move, by=by, now=utc_now())
            return {
                **booking_detail(session, moved.booking.id, by=by, now=utc_now()),
                "reason": body["reason"],
                "previous_start_time": moved.previous_start,
                "previous_end_time": moved.previous_end,
            }

        detail = retrying(work)
        set_version(detail["version"])
        return detail


@lifecycle.route("/bookings/<ref:reference>/schedule/")
class Schedule(MethodView):
    """Giving a session its time."""

    @lifecycle.operation(
        "bookings_schedule_create",
        SIGNED_IN,
        refuses=[*_TRANSITION, errors.AlreadyScheduled, PaymentRequired, errors.CreditExpired, *_TIMES],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @lifecycle.arguments(BookingScheduleRequest)
    @lifecycle.response(200, BookingDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Give a session that is paid for its time."""
        by = identity()
        when = When(
            practitioner=body["practitioner_id"],
            **{
                name: body[name]
                for name in (
                    *("start_time", "end_time", "service_session_id", "timezone", "location_id", "client_notes"),
                )
            },
        )
        return changed(lambda session: schedule_booking(session, reference, when, by=by, now=utc_now()))


@lifecycle.route(
    "/bookings/<ref:reference>/request-reschedule/", twins=["/bookings/<ref:reference>/request_reschedule/"]
)
class RequestReschedule(MethodView):
    """Asking the client for another time."""

    @lifecycle.operation("bookings_request_reschedule_create", SIGNED_IN, refuses=_TRANSITION)
    @lifecycle.arguments(RequestRescheduleRequest)
    @lifecycle.response(200, BookingDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Give the time back and ask the client for another one. What was paid is kept, or given back in full."""
        by = identity()
        return changed(
            lambda session: request_reschedule(
                session,
                reference,
                by=by,
                reason=body["reason"],
                suggested_times=body["suggested_times"],
                now=utc_now(),
            )
        )
