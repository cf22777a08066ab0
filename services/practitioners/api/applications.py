"""Applications: the applicant's side and the staff's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.practitioners.api.schemas.applications import (
    ApplicationDetail,
    ApplicationPage,
    ApplicationsQuery,
    ApplicationStarted,
    ApplicationStatus,
    ChangesRequest,
    NoteRequest,
    OnboardingCompleted,
    OnboardingProgress,
    RejectRequest,
    StepRequest,
    SubmitRequest,
    SuspendRequest,
)
from services.practitioners.api.schemas.writing import PractitionerApplicationRequest
from services.practitioners.domain.errors import (
    AlreadyPractitioner,
    ClaimedByOther,
    DocumentsMissing,
    InvalidTransition,
    NoProfile,
    PractitionerNotFound,
    StepIncomplete,
    StepRequired,
)
from services.practitioners.models import Practitioner
from services.practitioners.operations import verification
from services.practitioners.operations.applying import apply_as_practitioner
from services.practitioners.operations.finding import (
    changing_practitioner,
    find_practitioner,
    managed_practitioner,
    own_practitioner,
    reviewed_practitioner,
)
from services.practitioners.operations.onboarding_steps import complete_step
from services.practitioners.queries.applications import (
    APPLICATIONS,
    application_detail,
    application_status,
    onboarding_progress,
)
from services.practitioners.queries.profiles import private_profile
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, Invalid
from shared.http import PRACTITIONER, SIGNED_IN, STAFF, Blueprint, Idempotency, MethodView, identity, say
from shared.http.pages import page_body

applications = Blueprint("practitioner-applications", "The road from applicant to verified practitioner.")

Change = Callable[[Session, Practitioner, datetime], None]


@applications.route("/practitioner-applications/start/")
class Start(MethodView):
    """Becoming a practitioner."""

    @applications.operation(
        "practitioner_applications_start_create",
        SIGNED_IN,
        refuses=[AlreadyPractitioner],
        idempotency=Idempotency.IN_TRANSACTION,
    )
    @applications.arguments(PractitionerApplicationRequest)
    @applications.response(201, ApplicationStarted)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Become a practitioner: make a draft profile, and show the steps ahead."""
        now = utc_now()
        with transaction() as session:
            practitioner = apply_as_practitioner(session, by=identity(), data=body, now=now)
            say("Application started")
            return {
                **private_profile(session.connection(), practitioner.id, now=now),
                "onboarding": onboarding_progress(session, practitioner),
            }


@applications.route("/practitioner-applications/status/")
class Status(MethodView):
    """The caller's application."""

    @applications.operation("practitioner_applications_status_retrieve", PRACTITIONER, refuses=[NoProfile])
    @applications.response(200, ApplicationStatus)
    def get(self) -> dict[str, Any]:
        """Return where the caller's application stands."""
        with transaction() as session:
            return application_status(session, own_practitioner(session, identity()), now=utc_now())


@applications.route("/practitioner-applications/complete_step/", twins=["/practitioner-applications/complete-step/"])
class CompleteStep(MethodView):
    """One of the six steps."""

    @applications.operation(
        "practitioner_applications_complete_step_create",
        PRACTITIONER,
        refuses=[NoProfile, StepIncomplete, StepRequired, InvalidTransition],
    )
    @applications.arguments(StepRequest)
    @applications.response(200, OnboardingProgress)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Complete a step, or skip one that may be."""
        with transaction() as session:
            practitioner = changing_practitioner(session, identity())
            complete_step(session, practitioner, step=body["step"], skip=body["skip"], now=utc_now())
            return onboarding_progress(session, practitioner)


@applications.route("/practitioner-applications/submit/")
class Submit(MethodView):
    """Asking to be verified."""

    @applications.operation(
        "practitioner_applications_submit_create",
        PRACTITIONER,
        refuses=[NoProfile, StepIncomplete, InvalidTransition],
    )
    @applications.arguments(SubmitRequest)
    @applications.response(200, ApplicationStatus)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask to be verified; the required steps must be done."""
        now = utc_now()
        with transaction() as session:
            practitioner = own_practitioner(session, identity(), lock=True)
            verification.submit_application(session, practitioner, note=body.get("note"), now=now)
            say("Application submitted")
            return application_status(session, practitioner, now=now)


@applications.route("/practitioner-applications/withdraw/")
class Withdraw(MethodView):
    """Taking the application back."""

    @applications.operation(
        "practitioner_applications_withdraw_create", PRACTITIONER, refuses=[NoProfile, InvalidTransition]
    )
    @applications.response(200, ApplicationStatus)
    def post(self) -> dict[str, Any]:
        """Take an application back that nobody is reviewing yet."""
        now = utc_now()
        with transaction() as session:
            practitioner = own_practitioner(session, identity(), lock=True)
            verification.withdraw_application(session, practitioner, now=now)
            return application_status(session, practitioner, now=now)


@applications.route("/practitioner-applications/complete_onboarding/")
class CompleteOnboarding(MethodView):
    """The later client's way to submit."""

    @applications.operation(
        "practitioner_applications_complete_onboarding_create",
        PRACTITIONER,
        refuses=[NoProfile, StepIncomplete, InvalidTransition],
    )
    @applications.response(200, OnboardingCompleted)
    def post(self) -> dict[str, Any]:
        """Submit the application; it never verifies anybody."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity(), lock=True)
            if practitioner.verification_status not in ("verified", "suspended"):
                verification.submit_application(session, practitioner, note=None, now=utc_now())
            return {
                "detail": "Onboarding completed. Staff will review your application.",
                "practitioner": {
                    "id": practitioner.id,
                    "is_onboarded": practitioner.is_onboarded,
                    "onboarding_completed_at": practitioner.onboarding_completed_at,
                    "practitioner_status": practitioner.status,
                },
            }


@applications.route("/practitioner-applications/")
class Applications(MethodView):
    """The queue."""

    @applications.operation("practitioner_applications_list", STAFF)
    @applications.arguments(ApplicationsQuery, location="query")
    @applications.response(200, ApplicationPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List applications, by default those that wait for staff, oldest first."""
        query = {"status": ("submitted", "under_review"), **query}
        if "assigned_to" in query:
            asked = str(identity().user_id) if query["assigned_to"] == "me" else query["assigned_to"]
            if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
                raise Invalid.field("assigned_to", "A user id, or me.")
            query["assigned_to"] = int(asked)
        with reading() as connection:
            return page_body(APPLICATIONS.page(connection, query))


@applications.route("/practitioner-applications/<id:practitioner_id>/")
class Application(MethodView):
    """One application; its id is the practitioner's."""

    @applications.operation("practitioner_applications_retrieve", SIGNED_IN, refuses=[PractitionerNotFound])
    @applications.response(200, ApplicationDetail)
    def get(self, practitioner_id: int) -> dict[str, Any]:
        """Return everything about an application, to staff and its owner."""
        by = identity()
        with transaction() as session:
            practitioner = find_practitioner(session, str(practitioner_id))
            if not by.is_staff and practitioner.user_id != by.user_id:
                raise PractitionerNotFound
            return application_detail(session, practitioner, now=utc_now(), staff=by.is_staff)


def _decide(practitioner_id: int, change: Change) -> dict[str, Any]:
    """Let staff decide about somebody, and answer the application."""
    now = utc_now()
    with transaction() as session:
        practitioner = reviewed_practitioner(session, practitioner_id, identity())
        change(session, practitioner, now)
        session.flush()
        return application_detail(session, practitioner, now=now, staff=True)


@applications.route("/practitioner-applications/<id:practitioner_id>/start_review/")
class StartReview(MethodView):
    """Claiming an application."""

    @applications.operation(
        "practitioner_applications_start_review_create",
        STAFF,
        refuses=[PractitionerNotFound, InvalidTransition, ClaimedByOther],
    )
    @applications.response(200, ApplicationDetail)
    def post(self, practitioner_id: int) -> dict[str, Any]:
        """Claim an application for half an hour."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.start_review(session, practitioner, by=identity(), now=now)

        return _decide(practitioner_id, change)


@applications.route("/practitioner-applications/<id:practitioner_id>/approve/")
class Approve(MethodView):
    """Verifying somebody."""

    @applications.operation(
        "practitioner_applications_approve_create",
        STAFF,
        refuses=[PractitionerNotFound, InvalidTransition, DocumentsMissing],
    )
    @applications.arguments(NoteRequest)
    @applications.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """Verify somebody; the required documents must be approved."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.approve_application(session, practitioner, by=identity(), note=body.get("note"), now=now)

        return _decide(practitioner_id, change)


@applications.route("/practitioner-applications/<id:practitioner_id>/reject/")
class Reject(MethodView):
    """Turning somebody down."""

    @applications.operation(
        "practitioner_applications_reject_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition]
    )
    @applications.arguments(RejectRequest)
    @applications.response(200, ApplicationDetail)
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


@applications.route("/practitioner-applications/<id:practitioner_id>/request_changes/")
class RequestChanges(MethodView):
    """Asking the applicant for something."""

    @applications.operation(
        "practitioner_applications_request_changes_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition]
    )
    @applications.arguments(ChangesRequest)
    @applications.response(200, ApplicationDetail)
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


@applications.route("/practitioners/<id:practitioner_id>/suspend/")
class Suspend(MethodView):
    """Taking somebody off the market."""

    @applications.operation("practitioners_suspend_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition])
    @applications.arguments(SuspendRequest)
    @applications.response(200, ApplicationDetail)
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


@applications.route("/practitioners/<id:practitioner_id>/reinstate/")
class Reinstate(MethodView):
    """Ending a suspension."""

    @applications.operation("practitioners_reinstate_create", STAFF, refuses=[PractitionerNotFound, InvalidTransition])
    @applications.arguments(NoteRequest)
    @applications.response(200, ApplicationDetail)
    def post(self, body: dict[str, Any], practitioner_id: int) -> dict[str, Any]:
        """End a suspension."""

        def change(session: Session, practitioner: Practitioner, now: datetime) -> None:
            verification.reinstate_practitioner(session, practitioner, note=body.get("note"), now=now, by=identity())

        return _decide(practitioner_id, change)


@applications.route("/practitioners/<ref:reference>/onboarding_progress/")
class Progress(MethodView):
    """How far somebody is."""

    @applications.operation(
        "practitioners_onboarding_progress_retrieve", SIGNED_IN, refuses=[Forbidden, PractitionerNotFound]
    )
    @applications.response(200, OnboardingProgress)
    def get(self, reference: str) -> dict[str, Any]:
        """Return how far somebody is, to the owner and staff."""
        with transaction() as session:
            practitioner = managed_practitioner(session, reference, identity(), writes=False)
            return onboarding_progress(session, practitioner)
