"""Evidence: uploaded by practitioners, decided by staff, run out by the clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.domain.errors import InvalidTransition, LimitReached, MediaNotReady
from services.practitioners.events import DocumentReviewed
from services.practitioners.models import Document, MediaFile, Practitioner
from services.practitioners.operations.announcing import announce, claim_media, release_media
from services.practitioners.operations.profiles import settle_profile
from shared.clock import utc_now
from shared.errors import Invalid, NotFound
from shared.identity import Identity

DOCUMENTS_MAX: Final = 30


def upload_document(
    session: Session, practitioner: Practitioner, data: Mapping[str, Any], *, now: datetime
) -> Document:
    """Add a document that waits for staff. Raises Invalid, MediaNotReady, LimitReached."""
    held = session.scalar(select(func.count()).where(Document.practitioner_id == practitioner.id))
    if held is not None and held >= DOCUMENTS_MAX:
        raise LimitReached
    media_id, url = data.get("media_id"), data.get("document_url")
    if (media_id is None) == (url is None):
        raise Invalid.field("media_id", "Send either media_id or document_url.")
    expires_at = data.get("expires_at")
    if expires_at is not None and expires_at <= now:
        raise Invalid.field("expires_at", "Must lie in the future.")
    if media_id is not None:
        url = _ready_media(session, practitioner, media_id).url
        claim_media(session, practitioner, media_id)
    document = Document(
        practitioner_id=practitioner.id,
        document_type=data["document_type"],
        media_id=media_id,
        document_url=url,
        notes=data.get("notes"),
        expires_at=expires_at,
    )
    session.add(document)
    settle_profile(session, practitioner, now=now)
    return document


def _ready_media(session: Session, practitioner: Practitioner, media_id: UUID) -> MediaFile:
    file = session.get(MediaFile, media_id)
    if file is None or file.deleted_at is not None:
        raise MediaNotReady
    if file.uploaded_by != practitioner.user_id:
        raise Invalid.field("media_id", "This is not a file of yours.")
    if file.visibility == "public":
        raise Invalid.field("media_id", "Documents must be private files.")
    return file


def review_document(
    session: Session,
    practitioner: Practitioner,
    document_id: UUID,
    *,
    by: Identity,
    decision: Mapping[str, Any],
    now: datetime,
) -> Document:
    """Approve or reject a pending document; the same decision again changes nothing.

    Raises NotFound, Invalid, InvalidTransition. Emits practitioner.document_reviewed.
    """
    document = find_document(session, practitioner, document_id)
    wanted, reason = decision["decision"], decision.get("rejection_reason")
    if wanted == words.REJECTED and not reason:
        raise Invalid.field("rejection_reason", "Say why.")
    if document.status == wanted:
        return document
    if document.status != words.PENDING:
        raise InvalidTransition(errors={"status": [f"It is {document.status}."]})
    if decision.get("expires_at") is not None:
        if decision["expires_at"] <= now:
            raise Invalid.field("expires_at", "Must lie in the future.")
        document.expires_at = decision["expires_at"]
    document.status, document.reviewed_by = wanted, by.user_id
    document.rejection_reason = reason if wanted == words.REJECTED else None
    document.notes = decision.get("notes") or document.notes
    session.flush()
    announce(session, practitioner, DocumentReviewed.about(practitioner, document))
    return document


def delete_document(session: Session, practitioner: Practitioner, document_id: UUID) -> None:
    """Delete a pending or rejected document. Raises NotFound, InvalidTransition: the rest is evidence."""
    document = find_document(session, practitioner, document_id)
    if document.status not in (words.PENDING, words.REJECTED):
        raise InvalidTransition("An approved or expired document is kept as evidence.")
    session.delete(document)
    if document.media_id is not None:
        release_media(session, practitioner, document.media_id)
    settle_profile(session, practitioner, now=utc_now())


def find_document(session: Session, practitioner: Practitioner, document_id: UUID) -> Document:
    """Return a practitioner's document, locked. Raises NotFound."""
    document = session.scalar(
        select(Document)
        .where(Document.id == document_id, Document.practitioner_id == practitioner.id)
        .with_for_update()
    )
    if document is None:
        raise NotFound("There is no such document.")
    return document
