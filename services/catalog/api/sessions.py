"""Dated sessions of workshops and courses."""

from datetime import timedelta
from typing import Any

from services.catalog.api.requests import ReasonRequest, RepeatRequest, RescheduleRequest, ServiceSessionRequest
from services.catalog.api.session_lists import FROM, OF_SERVICE, SESSIONS, UNTIL, SessionsQuery
from services.catalog.api.shapes.sessions import ServiceSession
from services.catalog.domain import errors
from services.catalog.operations import sessions as operations
from services.catalog.operations.repeating import repeat_session
from services.catalog.queries.dated import one_session, seen_by, sessions_in_order
from services.catalog.queries.documents import find
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, Invalid
from shared.http import (
    PRACTITIONER,
    SIGNED_IN,
    Blueprint,
    Idempotency,
    MethodView,
    Schema,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, page_schema
from shared.localtime import day_bounds

dated = Blueprint("service-sessions", "Dates of workshops and courses.")

TIMES = [errors.SessionInPast, errors.SessionExists, errors.SessionOverlap]
FOREIGN = [Forbidden, errors.SessionNotFound]


class SessionActionResult(Schema):
    """What became of a session."""

    message = fields.String()
    session = fields.Nested(ServiceSession)


class RescheduleResult(Schema):
    """A session at its new time."""

    session = fields.Nested(ServiceSession)
    affected_bookings_count = fields.Integer()
    reschedule_count = fields.Integer()
    old_start_time = fields.DateTime(allow_none=True)
    new_start_time = fields.DateTime()


@dated.route("/service-sessions/")
class Sessions(MethodView):
    """Dated sessions."""

    @dated.operation("service_sessions_list", SIGNED_IN, refuses=[errors.ServiceNotFound])
    @dated.arguments(SessionsQuery, location="query")
    @dated.response(200, page_schema(ServiceSession))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the dated sessions of a service, or one's own: those that one gives or takes part in."""
        by = identity()
        reference, zone = query.pop("service_id", None), query.pop("timezone")
        where, variant, parameters = seen_by(by, of_service=reference is not None)
        for name, clause, shift in (("start_date", FROM, 0), ("end_date", UNTIL, 1)):
            day = query.pop(name, None)
            if day is not None:
                where, variant = [*where, clause], f"{variant} {name}"
                bound = "from_instant" if name == "start_date" else "until_instant"
                parameters = {**parameters, bound: day_bounds(day + timedelta(days=shift), zone)[0]}
        with reading() as connection:
            if reference is not None:
                parameters = {**parameters, "service": find(connection, reference).id}
                where = [*where, OF_SERVICE]
            page = SESSIONS.page(connection, query, where=where, variant=variant, parameters=parameters)
            return page_body(page, sessions_in_order(connection, [row["id"] for row in page.rows], by=by))

    @dated.operation(
        "service_sessions_create",
        PRACTITIONER,
        refuses=[Forbidden, errors.ServiceNotFound, errors.WrongServiceType, *TIMES],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @dated.arguments(ServiceSessionRequest)
    @dated.response(201, ServiceSession)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Date a workshop or course."""
        with transaction() as session:
            made = operations.create_session(session, _times(body, new=True), by=identity(), now=utc_now())
            say("Session created successfully")
            return _shown(session, made.id)


@dated.route("/service-sessions/repeat/")
class Repeat(MethodView):
    """Many at once."""

    @dated.operation(
        "service_sessions_repeat_create",
        PRACTITIONER,
        refuses=[Forbidden, errors.ServiceNotFound, errors.WrongServiceType, *TIMES],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @dated.arguments(RepeatRequest)
    @dated.response(201, ServiceSession(many=True))
    def post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Date a workshop or course again and again, by the wall clock of its place: all of them, or none."""
        with transaction() as session:
            made = repeat_session(session, body, by=identity(), now=utc_now())
            say(f"{len(made)} sessions created")
            return sessions_in_order(session.connection(), [one.id for one in made], by=identity())


@dated.route("/service-sessions/<id:session_id>/")
class OneSession(MethodView):
    """One dated session."""

    @dated.operation("service_sessions_retrieve", SIGNED_IN, refuses=[errors.SessionNotFound])
    @dated.response(200, ServiceSession)
    def get(self, session_id: int) -> dict[str, Any]:
        """Return a dated session."""
        with reading() as connection:
            shown, version = one_session(connection, session_id, by=identity())
        set_version(version)
        return shown

    @dated.operation(
        "service_sessions_update",
        PRACTITIONER,
        refuses=[*FOREIGN, *TIMES, errors.UseReschedule, errors.CapacityBelowBooked, errors.InvalidTransition],
        matches=True,
    )
    @dated.arguments(ServiceSessionRequest)
    @dated.response(200, ServiceSession)
    def put(self, body: dict[str, Any], session_id: int) -> dict[str, Any]:
        """Change a dated session; absent fields stay."""
        return _change(body, session_id)

    @dated.operation(
        "service_sessions_partial_update",
        PRACTITIONER,
        refuses=[*FOREIGN, *TIMES, errors.UseReschedule, errors.CapacityBelowBooked, errors.InvalidTransition],
        matches=True,
    )
    @dated.arguments(ServiceSessionRequest(partial=True))
    @dated.response(200, ServiceSession)
    def patch(self, body: dict[str, Any], session_id: int) -> dict[str, Any]:
        """Change parts of a dated session."""
        return _change(body, session_id)

    @dated.operation("service_sessions_destroy", PRACTITIONER, refuses=[*FOREIGN, errors.SessionHasBookings])
    @dated.response(204)
    def delete(self, session_id: int) -> None:
        """Delete a dated session that nobody booked; cancel it otherwise."""
        with transaction() as session:
            found = operations.session_to_change(session, session_id, identity())
            operations.delete_session(session, found, now=utc_now())


@dated.route("/service-sessions/<id:session_id>/cancel/")
class Cancel(MethodView):
    """Calling off."""

    @dated.operation("service_sessions_cancel_create", PRACTITIONER, refuses=[*FOREIGN, errors.InvalidTransition])
    @dated.arguments(ReasonRequest)
    @dated.response(200, SessionActionResult)
    def post(self, body: dict[str, Any], session_id: int) -> dict[str, Any]:
        """Cancel a dated session. Those who booked it are told and get their money back."""
        with transaction() as session:
            found = operations.session_to_change(session, session_id, identity())
            operations.cancel_session(session, found, reason=body.get("reason"), by=identity(), now=utc_now())
            return _acted(session, session_id, "Session canceled.")


@dated.route("/service-sessions/<id:session_id>/reschedule/")
class Reschedule(MethodView):
    """Moving."""

    @dated.operation(
        "service_sessions_reschedule_create", PRACTITIONER, refuses=[*FOREIGN, *TIMES, errors.InvalidTransition]
    )
    @dated.arguments(RescheduleRequest)
    @dated.response(200, RescheduleResult)
    def post(self, body: dict[str, Any], session_id: int) -> dict[str, Any]:
        """Move a dated session. Those who booked it move with it, or take their money back."""
        with transaction() as session:
            found = operations.session_to_change(session, session_id, identity())
            previous = operations.reschedule_session(
                session,
                found,
                starts_at=body["starts_at"],
                ends_at=body["ends_at"],
                reason=body.get("reason"),
                allow_overlap=body["allow_overlap"],
                now=utc_now(),
            )
            return {
                "session": _shown(session, session_id),
                "affected_bookings_count": found.session.taken,
                "reschedule_count": found.session.reschedule_count,
                "old_start_time": previous["starts_at"],
                "new_start_time": found.session.starts_at,
            }


@dated.route("/service-sessions/<id:session_id>/mark_in_progress/")
class Begin(MethodView):
    """Beginning."""

    @dated.operation(
        "service_sessions_mark_in_progress_create", PRACTITIONER, refuses=[*FOREIGN, errors.InvalidTransition]
    )
    @dated.response(200, SessionActionResult)
    def post(self, session_id: int) -> dict[str, Any]:
        """Say that a session goes on, from half an hour before its start."""
        with transaction() as session:
            found = operations.session_to_change(session, session_id, identity(), helper=True)
            operations.begin_session(session, found, now=utc_now())
            return _acted(session, session_id, "Session started.")


@dated.route("/service-sessions/<id:session_id>/mark_completed/")
class End(MethodView):
    """Ending."""

    @dated.operation(
        "service_sessions_mark_completed_create", PRACTITIONER, refuses=[*FOREIGN, errors.InvalidTransition]
    )
    @dated.response(200, SessionActionResult)
    def post(self, session_id: int) -> dict[str, Any]:
        """Say that a session is over."""
        with transaction() as session:
            found = operations.session_to_change(session, session_id, identity(), helper=True)
            operations.end_session(session, found, now=utc_now())
            return _acted(session, session_id, "Session completed.")


def _times(body: dict[str, Any], *, new: bool = False) -> dict[str, Any]:
    """Let a length stand in for an absent end."""
    minutes = body.get("duration")
    if minutes and "starts_at" in body and "ends_at" not in body:
        body = {**body, "ends_at": body["starts_at"] + timedelta(minutes=minutes)}
    if new and body.get("status") != "draft":
        for name, field in (("starts_at", "start_time"), ("ends_at", "end_time")):
            if name not in body:
                raise Invalid.field(field, "Missing data for required field.")
    return body


def _change(body: dict[str, Any], session_id: int) -> dict[str, Any]:
    with transaction() as session:
        found = operations.session_to_change(session, session_id, identity())
        require_match(found.session.version)
        operations.update_session(session, found, _times(body), by=identity(), now=utc_now())
        set_version(found.session.version)
        say("Session updated successfully")
        return _shown(session, session_id)


def _shown(session: Any, session_id: int) -> dict[str, Any]:
    session.flush()
    return one_session(session.connection(), session_id, by=identity())[0]


def _acted(session: Any, session_id: int, message: str) -> dict[str, Any]:
    say(message)
    return {"message": message, "session": _shown(session, session_id)}
