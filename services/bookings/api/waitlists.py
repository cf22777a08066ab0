"""Waitlists, under `/waitlists/` and under the service that is waited for."""

from typing import Any
from uuid import UUID

from marshmallow import validate
from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from services.bookings.api.answers import made
from services.bookings.api.bookings import SEATING
from services.bookings.api.fields import Id
from services.bookings.api.schemas.bookings import BookingCreate
from services.bookings.api.schemas.more import AcceptRequest, Waitlist, WaitlistRequest
from services.bookings.domain import errors
from services.bookings.models import Booking, WaitlistEntry
from services.bookings.models.offers import Reference
from services.bookings.operations.creating import create_booking
from services.bookings.operations.waiting import (
    EXPIRED,
    NOTIFIED,
    STATUSES,
    WAITING,
    check_offered,
    join_line,
    leave_line,
    lock_entry,
)
from services.bookings.operations.wishes import Payment, Wish
from services.bookings.queries.lists import among
from services.bookings.queries.waitlists import ENTRY_ROWS, entry_shown, line_of, own_entry, shown
from shared.clock import utc_now
from shared.database import reading, retrying
from shared.errors import Invalid
from shared.http import (
    ANYONE,
    IN_PERSON,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    QuerySchema,
    fields,
    identity,
)
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

waitlists = Blueprint("waitlists", "Who would like a place that is not there yet.")

ENTRIES = Listing(
    columns=ENTRY_ROWS,
    key=WaitlistEntry.id,
    filters={
        "status": Filter(fields.Names(STATUSES), lambda wanted: among(WaitlistEntry.status, wanted), by_value=True),
        "service": Filter(Id(), lambda wanted: WaitlistEntry.service_id == wanted),
        "service_session": Filter(Id(), lambda wanted: WaitlistEntry.service_session_id == wanted),
    },
    orderings={"joined_at": WaitlistEntry.joined_at},
    default_ordering="-joined_at",
)
EntriesQuery = query_schema(
    ENTRIES, "WaitlistsQuery", role=fields.String(validate=validate.OneOf(("client", "practitioner")))
)
JOINING = (
    errors.AlreadyWaiting,
    errors.AlreadyBooked,
    errors.OwnService,
    errors.WaitlistNotNeeded,
    errors.WaitlistClosed,
    errors.LimitReached,
)


class LineQuery(QuerySchema):
    """Which session's line, and which places in it."""

    service_session = Id()
    status = fields.Names(STATUSES, load_default=(WAITING,))


class OwnPlaceQuery(QuerySchema):
    """Which session's line."""

    service_session = Id()


def _join(service: Reference, body: dict[str, Any], *, in_path: bool) -> dict[str, Any]:
    by = identity()
    session_id = body["service_session"] or body["service_session_id"]

    def work(session: Session) -> dict[str, Any]:
        entry = join_line(
            session,
            service,
            service_session_id=session_id,
            notes=body["notes"],
            by=by,
            now=utc_now(),
            unknown_service_is_absent=in_path,
        )
        return entry_shown(session, entry.id, by=by)

    return retrying(work)


def _reference(text: str) -> Reference:
    if text.isascii() and text.isdigit():
        if int(text) > fields.INT64_MAX:
            raise errors.ServiceNotFound
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        return text


def _leave(session: Session, entry_id: UUID) -> None:
    by = identity()
    entry_shown(session, entry_id, by=by)
    entry = lock_entry(session, entry_id)
    if entry.status not in (WAITING, NOTIFIED):
        raise errors.InvalidTransition.of(entry.status)
    leave_line(session, entry)


@waitlists.route("/waitlists/")
class Waitlists(MethodView):
    """Places in lines."""

    @waitlists.operation("waitlists_list", SIGNED_IN)
    @waitlists.arguments(EntriesQuery, location="query")
    @waitlists.response(200, page_schema(Waitlist))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's places in lines; with role=practitioner those for the own services; staff see all."""
        by, role = identity(), query.get("role")
        asked = {"status": (WAITING, NOTIFIED), **query}
        where, variant, parameters = [WaitlistEntry.user_id == bindparam("me")], "own", {"me": by.user_id}
        if role == "practitioner":
            where, variant = [WaitlistEntry.practitioner_user_id == bindparam("me")], "practitioner"
        elif by.is_staff and role is None:
            where, variant, parameters = [], "staff", {}
        with reading() as connection:
            page = ENTRIES.page(connection, asked, where=where, variant=variant, parameters=parameters)
        return page_body(page, [shown(row) for row in page.rows])

    @waitlists.operation("waitlists_create", SIGNED_IN, refuses=JOINING)
    @waitlists.arguments(WaitlistRequest)
    @waitlists.response(201, Waitlist)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Wait for a seat of a full session, or for a time of a service that has none."""
        service = body["service"] if body["service"] is not None else body["service_id"]
        if service is None:
            raise Invalid.field("service", "Say which service you wait for.")
        return _join(service, body, in_path=False)


@waitlists.route("/waitlists/<uuid:entry_id>/")
class OneEntry(MethodView):
    """One place in a line."""

    @waitlists.operation("waitlists_retrieve", SIGNED_IN, refuses=[errors.EntryNotFound])
    @waitlists.response(200, Waitlist)
    def get(self, entry_id: UUID) -> dict[str, Any]:
        """Read a place in a line."""
        with reading() as connection, Session(connection) as session:
            return entry_shown(session, entry_id, by=identity())

    @waitlists.operation("waitlists_destroy", SIGNED_IN, refuses=[errors.EntryNotFound, errors.InvalidTransition])
    @waitlists.response(204)
    def delete(self, entry_id: UUID) -> None:
        """Leave a line, or take somebody out of one's own."""
        retrying(lambda session: _leave(session, entry_id))


@waitlists.route("/waitlists/<uuid:entry_id>/accept/")
class Accept(MethodView):
    """Taking an offered place."""

    @waitlists.operation(
        "waitlists_accept_create",
        IN_PERSON,
        refuses=[
            errors.EntryNotFound,
            errors.InvalidTransition,
            errors.OfferExpired,
            errors.SlotTaken,
            errors.SlotUnavailable,
            errors.NotBookable,
            *SEATING,
        ],
        idempotency=Idempotency.IN_TRANSACTION,
        waits=True,
    )
    @waitlists.arguments(AcceptRequest)
    @waitlists.response(201, BookingCreate)
    def post(self, body: dict[str, Any], entry_id: UUID) -> dict[str, Any]:
        """Book the place that was offered."""
        by = identity()

        def operation(session: Session) -> Booking:
            entry = lock_entry(session, entry_id, user_id=by.user_id)
            check_offered(entry, now=utc_now())
            wish = Wish(
                service=entry.service_id,
                service_session_id=entry.service_session_id,
                start_time=entry.offered_start if entry.service_session_id is None else None,
                waitlist_entry_id=entry.id,
                use_session_credit=body["use_session_credit"],
                payment=Payment(payment_method_id=body["payment_method_id"], apply_credits=body["apply_credits"]),
            )
            return create_booking(session, wish, by=by, now=utc_now())

        return made(operation, twice=True)


@waitlists.route("/waitlists/<uuid:entry_id>/decline/")
class Decline(MethodView):
    """Letting an offered place go."""

    @waitlists.operation(
        "waitlists_decline_create", SIGNED_IN, refuses=[errors.EntryNotFound, errors.InvalidTransition]
    )
    @waitlists.response(200, Waitlist)
    def post(self, entry_id: UUID) -> dict[str, Any]:
        """Let an offered place go to the next in line."""
        by = identity()

        def work(session: Session) -> dict[str, Any]:
            entry = lock_entry(session, entry_id, user_id=by.user_id)
            if entry.status != NOTIFIED:
                raise errors.InvalidTransition.of(entry.status)
            leave_line(session, entry, status=EXPIRED)
            return entry_shown(session, entry_id, by=by)

        return retrying(work)


@waitlists.route("/services/<ref:reference>/waitlist/")
class ServiceLine(MethodView):
    """The line of a service."""

    @waitlists.operation("services_waitlist_retrieve", ANYONE, refuses=[errors.ServiceNotFound])
    @waitlists.arguments(LineQuery, location="query")
    @waitlists.response(200, Waitlist(many=True))
    def get(self, query: dict[str, Any], reference: str) -> list[dict[str, Any]]:
        """Tell who waits: all to the service's practitioners and staff, else one's own place."""
        with reading() as connection, Session(connection) as session:
            return line_of(
                session,
                _reference(reference),
                service_session_id=query.get("service_session"),
                statuses=query["status"],
                by=identity(),
            )

    @waitlists.operation("services_waitlist_create", SIGNED_IN, refuses=[errors.ServiceNotFound, *JOINING])
    @waitlists.arguments(WaitlistRequest)
    @waitlists.response(201, Waitlist)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Wait for this service, or for a seat of one of its sessions."""
        return _join(_reference(reference), body, in_path=True)

    @waitlists.operation("services_waitlist_destroy", SIGNED_IN, refuses=[errors.EntryNotFound])
    @waitlists.arguments(OwnPlaceQuery, location="query")
    @waitlists.response(204)
    def delete(self, query: dict[str, Any], reference: str) -> None:
        """Leave this service's line."""
        by = identity()

        def work(session: Session) -> None:
            entry_id = own_entry(session, _reference(reference), service_session_id=query.get("service_session"), by=by)
            _leave(session, entry_id)

        retrying(work)
