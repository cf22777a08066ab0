"""What becomes of profiles that are deleted: their text goes, at once with the person, else after thirty days."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Text, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.models import (
    Certification,
    ClientNote,
    ClientStats,
    Document,
    Education,
    OldSlug,
    OutOfOffice,
    Practitioner,
    Question,
    Schedule,
    TimeBlock,
)
from services.practitioners.operations.announcing import announce, announce_calendar, release_media
from services.practitioners.operations.facts import refresh_facts

KEPT: Final = timedelta(days=30)
_OF_THE_PROFILE = (
    Document,
    Certification,
    Education,
    Question,
    ClientNote,
    ClientStats,
    OutOfOffice,
    TimeBlock,
    Schedule,
)
_TEXTS = ("display_name", "professional_title", "bio", "quote", "profile_image_url", "profile_video_url")


def erase_profile(session: Session, practitioner: Practitioner) -> None:
    """Blank a deleted profile. Its addresses stay its own until `free_addresses`. Emits practitioner.changed."""
    documents = session.scalars(select(Document).where(Document.practitioner_id == practitioner.id)).all()
    media = {document.media_id for document in documents if document.media_id}
    media |= {one for one in (practitioner.profile_image_media_id, practitioner.profile_video_media_id) if one}
    for model in _OF_THE_PROFILE:
        session.execute(delete(model).where(model.practitioner_id == practitioner.id))
    for name in _TEXTS:
        setattr(practitioner, name, None)
    practitioner.profile_image_media_id = practitioner.profile_video_media_id = None
    practitioner.status_message, practitioner.full_name, practitioner.languages = None, "", []
    before, practitioner.slug = practitioner.slug, practitioner.nameless_slug
    session.execute(insert(OldSlug).values(slug=before, practitioner_id=practitioner.id).on_conflict_do_nothing())
    for media_id in media:
        release_media(session, practitioner, media_id)
    refresh_facts(session, [practitioner.id])
    announce(session, practitioner)
    announce_calendar(session, practitioner)


def forget_deleted(session: Session, *, now: datetime, batch: int) -> int:
    """Blank profiles that were deleted thirty days ago; return how many. Emits practitioner.changed."""
    nameless = func.concat("practitioner-", func.right(func.replace(cast(Practitioner.public_uuid, Text), "-", ""), 12))
    due = (
        select(Practitioner)
        .where(Practitioner.deleted_at <= now - KEPT, Practitioner.slug != nameless)
        .order_by(Practitioner.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(due).all()
    for practitioner in found:
        erase_profile(session, practitioner)
    return len(found)


def free_addresses(session: Session, *, now: datetime) -> None:
    """Let others have the addresses of profiles that were deleted thirty days ago."""
    gone = select(Practitioner.id).where(Practitioner.deleted_at <= now - KEPT)
    session.execute(delete(OldSlug).where(OldSlug.practitioner_id.in_(gone)))
