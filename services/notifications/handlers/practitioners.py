"""What practitioners tells: who a practitioner is, and what was decided about them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.notifications.models import Practitioner
from services.notifications.operations.telling import News, staff_ids, tell, tell_all
from shared.clock import utc_now
from shared.messaging import Message, handles, replace_replica

DOCUMENTS = {
    "id_proof": "Proof of identity",
    "certification": "Certification",
    "license": "License",
    "insurance": "Insurance",
    "background_check": "Background check",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """Which person a practitioner is."""

    id: int
    user_id: int
    display_name: str = ""
    slug: str | None = None


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest state."""
    values = {"user_id": event.user_id, "display_name": event.display_name, "slug": event.slug}
    replace_replica(session, Practitioner, key={"id": event.id}, values=values, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every decision about a practitioner says."""

    practitioner_id: int
    user_id: int
    display_name: str = ""


def _tell(session: Session, event: Fact, told_by: Message, kind: str, **values: object) -> None:
    news = News(kind=kind, values=values, related=("practitioner", event.practitioner_id))
    tell(session, event.user_id, news, message=told_by, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Fact):
    """An application came in."""

    resubmission: bool = False


@handles("practitioner.application_submitted", Submitted)
def tell_of_the_application(session: Session, event: Submitted, message: Message) -> None:
    """Thank the applicant, and tell staff."""
    _tell(session, event, message, "practitioner.application_received", name=event.display_name)
    values = {"name": event.display_name, "resubmission": event.resubmission}
    news = News(kind="staff.application", values=values, related=("practitioner", event.practitioner_id))
    tell_all(session, staff_ids(session), news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Fact):
    """May offer, or may again."""

    reinstated: bool = False


@handles("practitioner.verified", Verified)
def tell_the_verified(session: Session, event: Verified, message: Message) -> None:
    """Tell the practitioner that the profile is public."""
    _tell(session, event, message, "practitioner.reinstated" if event.reinstated else "practitioner.verified")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesRequested(Fact):
    """Something is missing."""

    message: str


@handles("practitioner.changes_requested", ChangesRequested)
def ask_the_applicant(session: Session, event: ChangesRequested, message: Message) -> None:
    """Tell the applicant what staff ask for."""
    _tell(session, event, message, "practitioner.changes_requested", message=event.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Fact):
    """Turned down."""

    reason: str
    may_reapply_from: datetime | None = None


@handles("practitioner.rejected", Rejected)
def tell_the_rejected(session: Session, event: Rejected, message: Message) -> None:
    """Tell the applicant why."""
    values = {"reason": event.reason, "may_reapply_from": event.may_reapply_from}
    _tell(session, event, message, "practitioner.rejected", **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended(Fact):
    """Off the market."""

    message: str | None = None
    until: datetime | None = None


@handles("practitioner.suspended", Suspended)
def tell_the_suspended(session: Session, event: Suspended, message: Message) -> None:
    """Tell the practitioner, with the reason that staff gave."""
    _tell(session, event, message, "practitioner.suspended", message=event.message, until=event.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReviewed(Fact):
    """A document was looked at."""

    type: str
    status: str
    reason: str | None = None


@handles("practitioner.document_reviewed", DocumentReviewed)
def tell_of_the_document(session: Session, event: DocumentReviewed, message: Message) -> None:
    """Tell the practitioner what was decided."""
    name, approved = DOCUMENTS.get(event.type, "Document"), event.status == "approved"
    values = {"document": name, "approved": approved, "reason": event.reason, "days": None}
    _tell(session, event, message, "practitioner.document", **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentExpiring(Fact):
    """A document runs out."""

    type: str
    days: int


@handles("practitioner.document_expiring", DocumentExpiring)
def warn_of_the_document(session: Session, event: DocumentExpiring, message: Message) -> None:
    """Tell the practitioner in time."""
    name = DOCUMENTS.get(event.type, "Document")
    values = {"document": name, "approved": False, "reason": None, "days": event.days}
    _tell(session, event, message, "practitioner.document", **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingReminder(Fact):
    """Nothing happened for a while."""

    missing: list[str]


@handles("practitioner.onboarding_reminder", OnboardingReminder)
def remind_the_applicant(session: Session, event: OnboardingReminder, message: Message) -> None:
    """Tell the applicant what is missing."""
    _tell(
        session, event, message, "practitioner.onboarding", missing=[word.replace("_", " ") for word in event.missing]
    )
