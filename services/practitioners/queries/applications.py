"""Applications: how far somebody is, what staff see, and the queue."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.domain.steps import (
    DESCRIPTIONS,
    DOCUMENT_VERIFICATION,
    REQUIRED,
    STEPS,
    TITLES,
    current_step,
    percentage,
)
from services.practitioners.models import Document, Onboarding, Practitioner, ReviewClaim, StatusChange, User
from services.practitioners.models.steps import missing_by_step
from services.practitioners.queries.profiles import private_profile
from services.practitioners.queries.texts import holds
from shared.http import fields
from shared.listing import Filter, Listing


def onboarding_progress(session: Session, practitioner: Practitioner) -> dict[str, Any]:
    """Return how far somebody is, step by step."""
    onboarding = session.get_one(Onboarding, practitioner.id)
    done, skipped = onboarding.steps_completed, onboarding.steps_skipped
    missing = missing_by_step(session, practitioner, onboarding)
    step = current_step(done, skipped)
    waits = session.scalar(
        select(Document.id).where(
            Document.practitioner_id == practitioner.id,
            Document.document_type == words.ID_PROOF,
            Document.status == words.PENDING,
        )
    )
    return {
        "id": onboarding.id,
        "status": onboarding.status,
        "current_step": step,
        "steps_completed": [one for one in STEPS if one in done],
        "steps_skipped": [one for one in STEPS if one in skipped],
        "steps": [
            {
                "step": one,
                "title": TITLES[one],
                "required": one in REQUIRED,
                "state": _state(one, done, skipped, waits=waits is not None),
                "missing": [] if one in done or one in skipped else missing[one],
            }
            for one in STEPS
        ],
        "completion_percentage": percentage(done, skipped),
        "next_step_description": DESCRIPTIONS[step] if len(done) + len(skipped) < len(STEPS) else "",
        "stall_reason": onboarding.stall_reason,
        "rejection_reason": onboarding.rejection_reason,
        "started_at": onboarding.started_at,
        "last_updated": onboarding.last_updated,
        "completed_at": onboarding.completed_at,
    }


def _state(step: str, done: list[str], skipped: list[str], *, waits: bool) -> str:
    if step in done:
        return "waiting_review" if step == DOCUMENT_VERIFICATION and waits else "done"
    return "skipped" if step in skipped else "open"


def application_status(session: Session, practitioner: Practitioner, *, now: datetime) -> dict[str, Any]:
    """Return where somebody's application stands."""
    progress = onboarding_progress(session, practitioner)
    waiting = practitioner.may_reapply_from
    open_again = practitioner.verification_status != words.REJECTED or (waiting is not None and waiting <= now)
    return {
        "practitioner_status": practitioner.status,
        "verification_status": practitioner.verification_status,
        "onboarding": progress,
        "can_submit": practitioner.verification_status in (words.DRAFT, words.CHANGES_REQUESTED, words.REJECTED)
        and open_again
        and all(step in progress["steps_completed"] for step in REQUIRED),
        "message": practitioner.status_message,
        "requested_changes": practitioner.requested_changes,
        "submitted_at": practitioner.submitted_at,
        "reviewed_at": practitioner.reviewed_at,
    }


def application_detail(session: Session, practitioner: Practitioner, *, now: datetime, staff: bool) -> dict[str, Any]:
    """Return everything about an application; notes and who reviews are staff's."""
    claim = session.scalar(
        select(ReviewClaim.user_id).where(ReviewClaim.practitioner_id == practitioner.id, ReviewClaim.until > now)
    )
    history = session.scalars(
        select(StatusChange).where(StatusChange.practitioner_id == practitioner.id).order_by(StatusChange.id)
    )
    return {
        **private_profile(session.connection(), practitioner.id, now=now),
        "onboarding": onboarding_progress(session, practitioner),
        "documents": documents(session, practitioner.id),
        "history": [
            {
                "at": line.at,
                "from_status": line.from_status,
                "to": line.to_status,
                "by": line.by,
                "reason": line.reason,
                "note": line.note if staff else None,
            }
            for line in history
        ],
        "assigned_to": claim if staff else None,
    }


def documents(
    session: Session, practitioner_id: int, *, status: str | None = None, document_type: str | None = None
) -> list[dict[str, Any]]:
    """Return a practitioner's documents, newest first."""
    statement = select(Document).where(Document.practitioner_id == practitioner_id)
    if status is not None:
        statement = statement.where(Document.status == status)
    if document_type is not None:
        statement = statement.where(Document.document_type == document_type)
    rows = session.scalars(statement.order_by(Document.created_at.desc(), Document.id.desc()))
    return [document_body(row) for row in rows]


def document_body(document: Document) -> dict[str, Any]:
    """Return one document as it is answered."""
    names = ("id", "document_type", "document_url", "media_id", "status", "rejection_reason", "notes", "expires_at")
    return {name: getattr(document, name) for name in (*names, "created_at", "updated_at")}


_COUNTS: ColumnElement[Any] = literal_column("""
    (SELECT jsonb_build_object('pending', count(*) FILTER (WHERE status = 'pending'),
        'approved', count(*) FILTER (WHERE status = 'approved'),
        'rejected', count(*) FILTER (WHERE status = 'rejected'))
     FROM verification_documents WHERE verification_documents.practitioner_id = practitioners.id)
""")
_SETTLED: ColumnElement[Any] = literal_column(
    "(SELECT 100 * (cardinality(steps_completed) + cardinality(steps_skipped)) / 6 FROM onboarding"
    " WHERE onboarding.practitioner_id = practitioners.id)"
)
_CLAIMED = (
    select(ReviewClaim.user_id)
    .where(ReviewClaim.practitioner_id == Practitioner.id, ReviewClaim.until > func.now())
    .scalar_subquery()
)

APPLICATIONS: Final = Listing(
    columns=select(
        Practitioner.id,
        Practitioner.public_uuid,
        func.coalesce(Practitioner.display_name, func.nullif(Practitioner.full_name, ""), "Practitioner").label(
            "display_name"
        ),
        func.coalesce(User.email, "").label("email"),
        Practitioner.verification_status,
        Practitioner.submitted_at,
        _CLAIMED.label("assigned_to"),
        _COUNTS.label("documents"),
        func.coalesce(_SETTLED, 0).label("completion_percentage"),
    )
    .outerjoin(User, User.id == Practitioner.user_id)
    .where(Practitioner.deleted_at.is_(None)),
    key=Practitioner.id,
    filters={
        "status": Filter(
            fields.Names(words.VERIFICATION_STATUSES),
            lambda value: Practitioner.verification_status == func.any(cast(value, ARRAY(Text))),
        ),
        "assigned_to": Filter(fields.Integer(), lambda value: value == _CLAIMED),
    },
    orderings={"submitted_at": Practitioner.submitted_at, "updated_at": Practitioner.updated_at},
    default_ordering="submitted_at",
    search=lambda value: or_(holds(Practitioner.display_name, value), holds(User.email, value)),
    nullable=frozenset({"submitted_at"}),
)
