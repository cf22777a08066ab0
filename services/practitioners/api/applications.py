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
    OnboardingCompleted,
    OnboardingProgress,
    StepRequest,
    SubmitRequest,
)
from services.practitioners.api.schemas.writing import PractitionerApplicationRequest
from services.practitioners.domain.errors import (
    AlreadyPractitioner,
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
