"""What runs out or comes to a halt by itself: documents and applications."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.events import DocumentExpiring, OnboardingReminder
from services.practitioners.models import Document, Onboarding, Practitioner
from services.practitioners.models.steps import missing_by_step
from services.practitioners.operations.announcing import announce
from services.practitioners.operations.verification import suspend_practitioner
from services.practitioners.settings import settings

REMIND_DAYS: Final = (30, 7)
NUDGE_DAYS: Final = (1, 3, 7)
STALLED_DAYS: Final = 14


def expire_documents(session: Session, *, now: datetime, batch: int) -> int:
    """Remind of, or expire, approved documents; return how many there were. Emits practitioner.document_expiring."""
    due = select(Document).where(
        Document.status == words.APPROVED,
        or_(
            Document.expires_at <= now,
            (Document.expires_at <= now + timedelta(days=7)) & (Document.reminded_days.is_distinct_from(7)),
            (Document.expires_at <= now + timedelta(days=30)) & Document.reminded_days.is_(None),
        ),
    )
    found = session.scalars(due.order_by(Document.id).limit(batch).with_for_update(skip_locked=True)).all()
    by_owner: dict[int, list[Document]] = {}
    for document in found:
        by_owner.setdefault(document.practitioner_id, []).append(document)
    for practitioner_id, documents in sorted(by_owner.items()):
        practitioner = session.get(Practitioner, practitioner_id, with_for_update=True)
        for document in documents:
            _run_out(session, practitioner, document, now=now)
    return len(found)


def _run_out(session: Session, practitioner: Practitioner | None, document: Document, *, now: datetime) -> None:
    assert document.expires_at is not None, "it is due"
    days = max((document.expires_at - now).days, 0)
    if document.expires_at <= now:
        document.status = words.EXPIRED
    else:
        document.reminded_days = 7 if document.expires_at <= now + timedelta(days=7) else 30
    if practitioner is None or practitioner.deleted_at is not None:
        return
    fact = DocumentExpiring.of(practitioner, document_id=document.id, type=document.document_type, days=days)
    announce(session, practitioner, fact)
    rules = settings()
    is_required = document.document_type in rules.practitioners_required_documents
    has_expired = document.status == words.EXPIRED and practitioner.verification_status == words.VERIFIED
    if rules.practitioners_suspend_on_expiry and is_required and has_expired:
        suspend_practitioner(
            session,
            practitioner,
            reason=f"{document.document_type} expired",
            reason_code="document_expired",
            message="A required document has expired. Upload a new one.",
            until=None,
            now=now,
        )


def nudge_applicants(session: Session, *, now: datetime, batch: int) -> int:
    """Remind applicants who do not go on, or let them count as stalled; return how many there were."""
    rows = session.execute(
        select(Onboarding, Practitioner)
        .join(Practitioner, Practitioner.id == Onboarding.practitioner_id)
        .where(
            Onboarding.status == "in_progress",
            Practitioner.deleted_at.is_(None),
            Practitioner.verification_status == words.DRAFT,
            or_(
                *(
                    (Onboarding.last_updated <= now - timedelta(days=days)) & (Onboarding.reminded_days < days)
                    for days in (*NUDGE_DAYS, STALLED_DAYS)
                )
            ),
        )
        .order_by(Onboarding.practitioner_id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    for onboarding, practitioner in rows:
        _nudge(session, onboarding, practitioner, now=now)
    return len(rows)


def _nudge(session: Session, onboarding: Onboarding, practitioner: Practitioner, *, now: datetime) -> None:
    quiet = (now - onboarding.last_updated).days
    if quiet >= STALLED_DAYS:
        onboarding.status, onboarding.stall_reason = "stalled", "no_progress"
        onboarding.reminded_days = STALLED_DAYS
        return
    onboarding.reminded_days = max(days for days in NUDGE_DAYS if days <= quiet)
    missing = missing_by_step(session, practitioner, onboarding)
    announce(
        session,
        practitioner,
        OnboardingReminder.of(practitioner, missing=[step for step, lacking in missing.items() if lacking]),
    )
