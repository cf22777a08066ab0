"""The road from applicant to verified practitioner. Every move is a line of history and a `practitioner.changed`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.domain.errors import ClaimedByOther, DocumentsMissing, InvalidTransition
from services.practitioners.events import (
    ApplicationSubmitted,
    ChangesRequested,
    PractitionerRejected,
    PractitionerSuspended,
    PractitionerVerified,
)
from services.practitioners.models import Document, Onboarding, Practitioner, ReviewClaim, StatusChange
from services.practitioners.operations.announcing import announce
from services.practitioners.operations.onboarding import refresh_onboarding, require_steps
from services.practitioners.operations.queueing import queue_next_available
from services.practitioners.settings import settings
from shared.identity import Identity
from shared.identity.caller import SYSTEM

CLAIM: Final = timedelta(minutes=30)
REAPPLY_AFTER: Final = timedelta(days=7)
NEW_FOR: Final = timedelta(days=60)
_REVIEWABLE = (words.SUBMITTED, words.UNDER_REVIEW)


def submit_application(session: Session, practitioner: Practitioner, *, note: str | None, now: datetime) -> None:
    """Ask to be verified. Raises StepIncomplete, InvalidTransition. Emits practitioner.application_submitted."""
    before = practitioner.verification_status
    if before in _REVIEWABLE:
        return
    if before == words.REJECTED:
        if practitioner.may_reapply_from is None or now < practitioner.may_reapply_from:
            raise InvalidTransition("This application can not be made again yet.")
    elif before not in (words.DRAFT, words.CHANGES_REQUESTED):
        raise _refused(practitioner)
    onboarding = session.get(Onboarding, practitioner.id)
    assert onboarding is not None, "made with the practitioner"
    require_steps(session, practitioner, onboarding)
    if onboarding.status == "rejected":
        onboarding.status, onboarding.rejection_reason = "in_progress", None
    resubmission = practitioner.submitted_at is not None
    practitioner.submitted_at = now
    practitioner.status_message, practitioner.requested_changes = None, []
    _move(session, practitioner, words.SUBMITTED, note=note, now=now)
    announce(session, practitioner, ApplicationSubmitted.of(practitioner, resubmission=resubmission))


def advance_onboarding(session: Session, practitioner: Practitioner, *, now: datetime) -> bool:
    """Bring the steps in line with the facts; all six settled submits by itself. Return whether that was announced."""
    if not refresh_onboarding(session, practitioner, now=now):
        return False
    if practitioner.verification_status not in (words.DRAFT, words.CHANGES_REQUESTED):
        return False
    submit_application(session, practitioner, note=None, now=now)
    return True


def withdraw_application(session: Session, practitioner: Practitioner, *, now: datetime) -> None:
    """Take an application back that nobody is reviewing yet. Raises InvalidTransition."""
    if practitioner.verification_status == words.DRAFT:
        return
    if practitioner.verification_status != words.SUBMITTED or _claim(session, practitioner, now) is not None:
        raise _refused(practitioner)
    _move(session, practitioner, words.DRAFT, now=now)
    announce(session, practitioner)


def start_review(session: Session, practitioner: Practitioner, *, by: Identity, now: datetime) -> None:
    """Claim an application for half an hour. Raises InvalidTransition, ClaimedByOther."""
    if practitioner.verification_status not in _REVIEWABLE:
        raise _refused(practitioner)
    claim = _claim(session, practitioner, now)
    if claim is not None and claim.user_id != by.user_id:
        raise ClaimedByOther
    taken = {"user_id": by.user_id, "until": now + CLAIM}
    session.execute(
        insert(ReviewClaim)
        .values(practitioner_id=practitioner.id, **taken)
        .on_conflict_do_update(index_elements=["practitioner_id"], set_=taken)
    )
    if practitioner.verification_status == words.SUBMITTED:
        _move(session, practitioner, words.UNDER_REVIEW, by=by, now=now)
        announce(session, practitioner)


def approve_application(
    session: Session,
    practitioner: Practitioner,
    *,
    by: Identity,
    note: str | None,
    now: datetime,
    documents_needed: bool = True,
) -> None:
    """Verify somebody. Raises InvalidTransition, DocumentsMissing. Emits practitioner.verified."""
    if practitioner.verification_status == words.VERIFIED:
        return
    if practitioner.verification_status not in _REVIEWABLE:
        raise _refused(practitioner)
    missing = missing_documents(session, practitioner, now=now) if documents_needed else []
    if missing:
        raise DocumentsMissing(errors={"documents": missing})
    practitioner.reviewed_at = now
    practitioner.new_until = practitioner.new_until if practitioner.verified_at else now + NEW_FOR
    practitioner.verified_at = practitioner.verified_at or now
    practitioner.activity = words.ACTIVE
    practitioner.status_message, practitioner.requested_changes = None, []
    _move(session, practitioner, words.VERIFIED, by=by, note=note, now=now)
    announce(session, practitioner, PractitionerVerified.of(practitioner, reinstated=False))
    queue_next_available(session, [practitioner.id])


def missing_documents(session: Session, practitioner: Practitioner, *, now: datetime) -> list[str]:
    """Return the required types of document of which no approved, unexpired one is there."""
    held = set(
        session.scalars(
            select(Document.document_type).where(
                Document.practitioner_id == practitioner.id,
                Document.status == words.APPROVED,
                or_(Document.expires_at.is_(None), Document.expires_at > now),
            )
        )
    )
    return [kind for kind in settings().practitioners_required_documents if kind not in held]


def request_changes(
    session: Session, practitioner: Practitioner, *, by: Identity, message: str, fields: Sequence[str], now: datetime
) -> None:
    """Ask the applicant for something. Raises InvalidTransition. Emits practitioner.changes_requested."""
    if practitioner.verification_status == words.CHANGES_REQUESTED:
        return
    if practitioner.verification_status not in _REVIEWABLE:
        raise _refused(practitioner)
    practitioner.reviewed_at, practitioner.status_message = now, message
    practitioner.requested_changes = list(fields)
    _move(session, practitioner, words.CHANGES_REQUESTED, by=by, reason=message, now=now)
    announce(session, practitioner, ChangesRequested.of(practitioner, message=message))


def reject_application(
    session: Session,
    practitioner: Practitioner,
    *,
    by: Identity,
    reason: str,
    may_reapply: bool,
    note: str | None,
    now: datetime,
) -> None:
    """Turn an application down. Raises InvalidTransition. Emits practitioner.rejected."""
    if practitioner.verification_status == words.REJECTED:
        return
    if practitioner.verification_status not in _REVIEWABLE:
        raise _refused(practitioner)
    practitioner.reviewed_at, practitioner.status_message = now, reason
    practitioner.may_reapply_from = now + REAPPLY_AFTER if may_reapply else None
    onboarding = session.get(Onboarding, practitioner.id)
    if onboarding is not None:
        onboarding.status, onboarding.rejection_reason, onboarding.last_updated = "rejected", reason, now
    _move(session, practitioner, words.REJECTED, by=by, reason=reason, note=note, now=now)
    fact = PractitionerRejected.of(
        practitioner, reason=reason, may_reapply=may_reapply, may_reapply_from=practitioner.may_reapply_from
    )
    announce(session, practitioner, fact)


def suspend_practitioner(
    session: Session,
    practitioner: Practitioner,
    *,
    reason: str,
    reason_code: str,
    message: str | None,
    until: datetime | None,
    now: datetime,
    by: Identity = SYSTEM,
) -> None:
    """Take somebody off the market; bookings stay. Raises InvalidTransition. Emits practitioner.suspended."""
    if practitioner.verification_status == words.SUSPENDED:
        return
    if practitioner.verification_status != words.VERIFIED:
        raise _refused(practitioner)
    practitioner.status_message, practitioner.suspended_until = message, until
    _move(session, practitioner, words.SUSPENDED, by=by, reason=reason, now=now)
    fact = PractitionerSuspended.of(practitioner, reason_code=reason_code, message=message, until=until)
    announce(session, practitioner, fact)


def reinstate_practitioner(
    session: Session, practitioner: Practitioner, *, note: str | None, now: datetime, by: Identity = SYSTEM
) -> None:
    """End a suspension. Raises InvalidTransition. Emits practitioner.verified."""
    if practitioner.verification_status == words.VERIFIED:
        return
    if practitioner.verification_status != words.SUSPENDED:
        raise _refused(practitioner)
    practitioner.status_message = practitioner.suspended_until = None
    _move(session, practitioner, words.VERIFIED, by=by, note=note, now=now)
    announce(session, practitioner, PractitionerVerified.of(practitioner, reinstated=True))
    queue_next_available(session, [practitioner.id])


def _move(
    session: Session,
    practitioner: Practitioner,
    to: str,
    *,
    now: datetime,
    by: Identity | None = None,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    session.add(
        StatusChange(
            practitioner_id=practitioner.id,
            from_status=practitioner.verification_status,
            to_status=to,
            by=by.user_id or None if by else None,
            reason=reason,
            note=note,
            at=now,
        )
    )
    practitioner.verification_status = to
    if to != words.UNDER_REVIEW:
        session.execute(delete(ReviewClaim).where(ReviewClaim.practitioner_id == practitioner.id))


def _claim(session: Session, practitioner: Practitioner, now: datetime) -> ReviewClaim | None:
    return session.scalar(
        select(ReviewClaim).where(ReviewClaim.practitioner_id == practitioner.id, ReviewClaim.until > now)
    )


def _refused(practitioner: Practitioner) -> InvalidTransition:
    return InvalidTransition(errors={"verification_status": [f"It is {practitioner.verification_status}."]})
