"""What staff decide about practitioners, over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.practitioners.api.schemas.applications import (
    ApplicationDetail,
    ChangesRequest,
    NoteRequest,
    RejectRequest,
    SuspendRequest,
)
from services.practitioners.domain.errors import (
    ClaimedByOther,
    DocumentsMissing,
    InvalidTransition,
    PractitionerNotFound,
)
from services.practitioners.models import Practitioner
from services.practitioners.operations import verification
from services.practitioners.operations.finding import reviewed_practitioner
from services.practitioners.queries.applications import application_detail
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Invalid
from shared.http import STAFF, Blueprint, MethodView, identity

reviewing = Blueprint("reviewing", "What staff decide about practitioners.")

Change = Callable[[Session, Practitioner, datetime], None]


def _decide(practitioner_id: int, change: Change) -> dict[str, Any]:
    """Let staff decide about somebody, and answer the application."""
    now = utc_now()
    with transaction() as session:
        practitioner = reviewed_practitioner(session, practitioner_id, identity())
        change(session, practitioner, now)
        session.flush()
        return application_detail(session, practitioner, now=now, staff=True)


@reviewing.route("/practitioner-applications/<id:practitioner_id>/start_review/")
class StartReview(MethodView):
    """Claiming an application."""

    @reviewing.operation(
        "practitioner_applications_start_review_create",
        STAFF,
        refuses=[PractitionerNotFound, InvalidTransition, ClaimedByOther],
    )
    @reviewing.response(200, ApplicationDetail)
    def post(self, practitioner_id: int) -> dict[str, Any]:
        """Claim an application for half an hour."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.start_review(session, practitioner, by=identity(), now=now)

        return _decide(practitioner_id, change)


@reviewing.route("/practitioner-applications/<id:practitioner_id>/approve/")
class Approve(MethodView):
    """Verifying somebody."""

    @reviewing.operation(
        "practitioner_applications_approve_create",
        STAFF,
        refuses=[PractitionerNotFound, InvalidTransition, DocumentsMissing],
    )
    @reviewing.arguments(NoteRequest)
    @reviewing.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """Verify somebody; the required documents must be approved."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.approve_application(session, practitioner, by=identity(), note=body.get("note"), now=now)

        return _decide(practitioner_id, change)


@reviewing.route("/practitioner-applications/<id:practitioner_id>/reject/")
class Reject(MethodView):
    """Turning somebody down."""

    @reviewing.operation(
        "practitioner_applications_reject_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition]
    )
    @reviewing.arguments(RejectRequest)
    @reviewing.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """Turn an application down; it may be made again after a week unless `may_reapply` is false."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.reject_application(
                session,
                practitioner,
                by=identity(),
                reason=body["reason"],
                may_reapply=body["may_reapply"],
                note=", ".join(filter(None, [*body.get("reason_codes", ()), body.get("note")])) or None,
                now=now,
            )

        return _decide(practitioner_id, change)


@reviewing.route("/practitioner-applications/<id:practitioner_id>/request_changes/")
class RequestChanges(MethodView):
    """Asking the applicant for something."""

    @reviewing.operation(
        "practitioner_applications_request_changes_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition]
    )
    @reviewing.arguments(ChangesRequest)
    @reviewing.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """Ask the applicant for something before deciding."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.request_changes(
                session,
                practitioner,
                by=identity(),
                message=body["message"],
                fields=body["fields_named"],
                now=now,
            )

        return _decide(practitioner_id, change)


@reviewing.route("/practitioners/<id:practitioner_id>/suspend/")
class Suspend(MethodView):
    """Taking somebody off the market."""

    @reviewing.operation("practitioners_suspend_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition])
    @reviewing.arguments(SuspendRequest)
    @reviewing.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """Take a practitioner off the market; bookings stay."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            if body.get("until") is not None and body["until"] <= now:
                raise Invalid.field("until", "Must lie in the future.")
            verification.suspend_practitioner(
                session,
                practitioner,
                reason=body["reason"],
                reason_code=body["reason_code"],
                message=body.get("message"),
                until=body.get("until"),
                now=now,
                by=identity(),
            )

        return _decide(practitioner_id, change)


@reviewing.route("/practitioners/<id:practitioner_id>/reinstate/")
class Reinstate(MethodView):
    """Ending a suspension."""

    @reviewing.operation("practitioners_reinstate_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition])
    @reviewing.arguments(NoteRequest)
    @reviewing.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """End a suspension."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.reinstate_practitioner(session, practitioner, note=body.get("note"), now=now, by=identity())

        return _decide(practitioner_id, change)
