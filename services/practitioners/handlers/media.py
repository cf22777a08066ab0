"""What media tells: files that are ready, and files that are gone."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.events import DocumentReviewed
from services.practitioners.models import Document, MediaFile, Practitioner
from services.practitioners.operations.announcing import announce
from services.practitioners.operations.verification import advance_onboarding
from shared.clock import utc_now
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """A file that can be shown or read."""

    media_id: UUID
    url: str
    media_type: str = ""
    visibility: str = "public"
    uploaded_by: int = 0


@handles("media.ready", MediaReady)
def keep_media(session: Session, event: MediaReady, message: Message) -> None:
    """Keep the file; profiles and documents that use it show its newest address."""
    values = {name: getattr(event, name) for name in ("url", "media_type", "visibility", "uploaded_by")}
    if not replace_replica(session, MediaFile, key={"id": event.media_id}, values=values, message=message):
        return
    session.execute(update(Document).where(Document.media_id == event.media_id).values(document_url=event.url))
    for practitioner in _using(session, event.media_id):
        for what in ("profile_image", "profile_video"):
            if getattr(practitioner, f"{what}_media_id") == event.media_id:
                changed = getattr(practitioner, f"{what}_url") != event.url
                setattr(practitioner, f"{what}_url", event.url)
                if changed:
                    announce(session, practitioner)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGone:
    """A file that failed, or was deleted."""

    media_id: UUID


@handles("media.deleted", MediaGone)
@handles("media.failed", MediaGone)
def drop_media(session: Session, event: MediaGone, message: Message) -> None:
    """Drop every use of the file; an approved document without its file is no evidence any more."""
    if not remove_replica(session, MediaFile, key={"id": event.media_id}, message=message):
        return
    for practitioner in _using(session, event.media_id):
        for what in ("profile_image", "profile_video"):
            if getattr(practitioner, f"{what}_media_id") == event.media_id:
                setattr(practitioner, f"{what}_media_id", None)
                setattr(practitioner, f"{what}_url", None)
        if not advance_onboarding(session, practitioner, now=utc_now()):
            announce(session, practitioner)
    for document in session.scalars(select(Document).where(Document.media_id == event.media_id)):
        _void(session, document)


def _void(session: Session, document: Document) -> None:
    if document.status not in (words.PENDING, words.APPROVED):
        return
    practitioner = session.get(Practitioner, document.practitioner_id, with_for_update=True)
    document.status, document.rejection_reason = words.REJECTED, "The file was deleted."
    if practitioner is not None:
        session.flush()
        announce(session, practitioner, DocumentReviewed.about(practitioner, document))


def _using(session: Session, media_id: UUID) -> list[Practitioner]:
    uses = or_(Practitioner.profile_image_media_id == media_id, Practitioner.profile_video_media_id == media_id)
    return list(session.scalars(select(Practitioner).where(uses).order_by(Practitioner.id).with_for_update()))
