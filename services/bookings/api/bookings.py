"""Bookings: listing, making, reading and writing on them."""

from typing import Any

from sqlalchemy.orm import Session

from services.bookings.api.answers import made
from services.bookings.api.lists import BOOKINGS, PAST, UPCOMING, BookingsQuery, PlainQuery, page_of_bookings
from services.bookings.api.schemas.bookings import BookingCreate, BookingDetail, BookingList, BookingUpdate
from services.bookings.api.schemas.requests import BookingCreateRequest, BookingMultiRequest, BookingUpdateRequest
from services.bookings.domain import errors, words
from services.bookings.operations.cancelling import Cancellation, cancel_booking
from services.bookings.operations.courses import create_course
from services.bookings.operations.creating import create_booking
from services.bookings.operations.finding import lock_booking
from services.bookings.operations.packages import create_package
from services.bookings.operations.updating import update_booking
from services.bookings.operations.wishes import Payment, Wish
from services.bookings.queries.bookings import booking_detail
from shared.clock import utc_now
from shared.database import reading, retrying
from shared.http import (
    IN_PERSON,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    identity,
    require_match,
    set_version,
)
from shared.http.pages import page_schema

bookings = Blueprint("bookings", "What people booked: appointments, seats, courses, packages and bundles.")

BookingListPage = page_schema(BookingList)
TAKING = (
    errors.FieldForbidden,
    errors.OwnService,
    errors.NotBookable,
    errors.NotOnSale,
    errors.LimitReached,
    errors.SlotTaken,
    errors.SlotUnavailable,
)
SEATING = (errors.SessionFull, errors.SessionUnavailable, errors.AlreadyBooked)


def wish_of(body: dict[str, Any]) -> Wish:
    """Return what the body of a new booking asks for."""
    return Wish(
        service=body["service_id"],
        practitioner=body["practitioner_id"],
        client_notes=body["client_notes"] if body["client_notes"] is not None else body["notes"],
        parent_booking=body["parent_booking_id"],
        payment=_payment(body),
        **{
            name: body[name]
            for name in (
                *("location_id", "service_session_id", "start_time", "end_time", "timezone", "title", "description"),
                *("price_override_cents", "discount_amount_cents", "use_session_credit", "hold_token"),
                *("waitlist_entry_id", "collect", "user_id", "override_availability"),
            )
        },
    )


def _payment(body: dict[str, Any]) -> Payment:
    return Payment(
        payment_method_id=body["payment_method_id"],
        apply_credits=body["apply_credits"],
        success_url=body["success_url"],
        cancel_url=body["cancel_url"],
    )


def _multi_wish(body: dict[str, Any]) -> Wish:
    return Wish(
        service=body["service_id"],
        timezone=body["timezone"],
        client_notes=body["client_notes"],
        start_time=body["start_time"],
        user_id=body["user_id"],
        payment=_payment(body),
    )


@bookings.route("/bookings/")
class Bookings(MethodView):
    """All bookings that the caller may see."""

    @bookings.operation("bookings_list", SIGNED_IN)
    @bookings.arguments(BookingsQuery, location="query")
    @bookings.response(200, BookingListPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List bookings.

        One's own and, for a practitioner, one's appointments; staff see all.
        """
        return page_of_bookings(BOOKINGS, query, by=identity())

    @bookings.operation(
        "bookings_create",
        IN_PERSON,
        refuses=[*TAKING, *SEATING, errors.NoSessionCredit, errors.CreditExpired, errors.HoldExpired],
        idempotency=Idempotency.IN_TRANSACTION,
        waits=True,
    )
    @bookings.arguments(BookingCreateRequest)
    @bookings.response(201, BookingCreate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Book a time, a seat, a course, a package or a bundle.

        The time is the caller's at once and kept until the payment is made; a free one is confirmed at once. With
        `Prefer: wait=N` the answer waits for the payment.
        """
        wish, by = wish_of(body), identity()
        return made(lambda session: create_booking(session, wish, by=by, now=utc_now()), twice=True)


@bookings.route("/bookings/upcoming/")
class Upcoming(MethodView):
    """What is to come."""

    @bookings.operation("bookings_upcoming_list", SIGNED_IN)
    @bookings.arguments(PlainQuery, location="query")
    @bookings.response(200, BookingListPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what is confirmed or in progress and not over, the soonest first."""
        return page_of_bookings(UPCOMING, query, by=identity())


@bookings.route("/bookings/past/")
class Past(MethodView):
    """What is over."""

    @bookings.operation("bookings_past_list", SIGNED_IN)
    @bookings.arguments(PlainQuery, location="query")
    @bookings.response(200, BookingListPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what has ended or is closed, the latest first."""
        return page_of_bookings(PAST, query, by=identity())


@bookings.route("/bookings/create_package/", twins=["/bookings/create-package/"])
class Packages(MethodView):
    """Packages that are bought."""

    @bookings.operation(
        "bookings_create_package_create",
        IN_PERSON,
        refuses=[errors.ServiceNotFound, *TAKING],
        idempotency=Idempotency.IN_TRANSACTION,
        waits=True,
    )
    @bookings.arguments(BookingMultiRequest)
    @bookings.response(201, BookingDetail)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Buy a package.

        Each session in it becomes a session credit once it is paid; with a start time the first one is scheduled.
        """
        wish, by = _multi_wish(body), identity()
        return made(
            lambda session: create_package(session, wish, kind=words.PACKAGE, by=by, now=utc_now()), twice=False
        )


@bookings.route("/bookings/create_bundle/", twins=["/bookings/create-bundle/"])
class Bundles(MethodView):
    """Bundles that are bought."""

    @bookings.operation(
        "bookings_create_bundle_create",
        IN_PERSON,
        refuses=[errors.ServiceNotFound, *TAKING],
        idempotency=Idempotency.IN_TRANSACTION,
        waits=True,
    )
    @bookings.arguments(BookingMultiRequest)
    @bookings.response(201, BookingDetail)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Buy a bundle of sessions of one service."""
        wish, by = _multi_wish(body), identity()
        return made(lambda session: create_package(session, wish, kind=words.BUNDLE, by=by, now=utc_now()), twice=False)


@bookings.route("/bookings/create_course/", twins=["/bookings/create-course/"])
class Courses(MethodView):
    """Courses that are joined."""

    @bookings.operation(
        "bookings_create_course_create",
        IN_PERSON,
        refuses=[errors.ServiceNotFound, *TAKING, *SEATING],
        idempotency=Idempotency.IN_TRANSACTION,
        waits=True,
    )
    @bookings.arguments(BookingMultiRequest)
    @bookings.response(201, BookingDetail)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Enrol in a course: a seat in every class that is still to come, all or none."""
        wish, by = _multi_wish(body), identity()
        return made(lambda session: create_course(session, wish, by=by, now=utc_now()), twice=False)


def _update(reference: str, body: dict[str, Any]) -> dict[str, Any]:
    by = identity()

    def operation(session: Session) -> dict[str, Any]:
        require_match(lock_booking(session, reference, by=by).booking.version)
        booking = update_booking(session, reference, body, by=by, now=utc_now())
        return booking_detail(session, booking.id, by=by, now=utc_now())

    detail = retrying(operation)
    set_version(detail["version"])
    return detail


_UPDATE_REFUSALS = (errors.BookingNotFound, errors.FieldForbidden, errors.InvalidTransition)


@bookings.route("/bookings/<ref:reference>/")
class Booking(MethodView):
    """One booking."""

    @bookings.operation("bookings_retrieve", SIGNED_IN, refuses=[errors.BookingNotFound])
    @bookings.response(200, BookingDetail)
    def get(self, reference: str) -> dict[str, Any]:
        """Read a booking."""
        with reading() as connection, Session(connection) as session:
            detail = booking_detail(session, reference, by=identity(), now=utc_now())
        set_version(detail["version"])
        return detail

    @bookings.operation("bookings_update", SIGNED_IN, refuses=_UPDATE_REFUSALS, matches=True)
    @bookings.arguments(BookingUpdateRequest)
    @bookings.response(200, BookingUpdate)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change what is written on a booking.

        Absent fields stay as they are. Which fields may be changed depends on who the caller is to the booking.
        """
        return _update(reference, body)

    @bookings.operation("bookings_partial_update", SIGNED_IN, refuses=_UPDATE_REFUSALS, matches=True)
    @bookings.arguments(BookingUpdateRequest)
    @bookings.response(200, BookingUpdate)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change some of what is written on a booking."""
        return _update(reference, body)

    @bookings.operation(
        "bookings_destroy",
        IN_PERSON,
        refuses=[errors.BookingNotFound, errors.NotCancellable],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @bookings.response(204)
    def delete(self, reference: str) -> None:
        """Cancel a booking; the row stays."""
        by = identity()
        retrying(lambda session: cancel_booking(session, reference, Cancellation(), by=by, now=utc_now()))
