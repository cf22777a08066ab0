"""Telling of a review, in the transaction of the change, and keeping the log of decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from services.reviews.events import (
    MediaClaimed,
    MediaReleased,
    ReviewChanged,
    ReviewPublished,
    ReviewRemoved,
)
from services.reviews.models import MediaFile, ModerationEntry, Practitioner, Review
from shared.listing.statements import compiled, run
from shared.messaging import record, record_all

_REVIEWED = compiled(
    select(Practitioner.user_id).where(Practitioner.id == bindparam("practitioner", required=True)),
    in_transactions=True,
)
_NOTE = compiled(
    insert(ModerationEntry)
    .values({name: bindparam(name, required=True) for name in ("review_id", "action", "from_status", "to_status")})
    .values({name: bindparam(name, required=True) for name in ("reason", "notes", "by", "at")})
    .returning(ModerationEntry.id),
    in_transactions=True,
)


def announce_published(session: Session, review: Review, *, republished: bool) -> None:
    """Tell that a review is public, and its state. Emits ReviewPublished, ReviewChanged."""
    session.flush()
    found = run(session.connection(), _REVIEWED, {"practitioner": review.practitioner_id})
    user_id = found[0]["user_id"] if found else None
    told = ReviewPublished.of(review, practitioner_user_id=user_id, republished=republished)
    record_all(session, [(told, review), (ReviewChanged.of(review), review)])


def announce_changed(session: Session, review: Review) -> None:
    """Tell a review's state. Emits ReviewChanged."""
    session.flush()
    record(session, ReviewChanged.of(review), subject=review)


def announce_removed(session: Session, review: Review, *, tell_author: bool = True) -> None:
    """Tell that a review is gone, and its state. Emits ReviewRemoved, ReviewChanged."""
    session.flush()
    removed = ReviewRemoved.of(review, tell_author=tell_author)
    record_all(session, [(removed, review), (ReviewChanged.of(review), review)])


def note(
    session: Session,
    review: Review,
    action: str,
    *,
    before: str,
    by: int | None,
    now: datetime,
    reason: str = "",
    notes: str = "",
) -> None:
    """Write a line of the moderation log; `by` is null for what happens by itself."""
    entry = {
        "review_id": review.id,
        "action": action,
        "from_status": before,
        "to_status": review.status,
        "reason": reason,
        "notes": notes,
        "by": by,
        "at": now,
    }
    run(session.connection(), _NOTE, entry)


def claim_photos(session: Session, review: Review, files: list[MediaFile]) -> None:
    """Show these files with the review. Emits MediaClaimed."""
    review.photos = [shown(file) for file in files]
    for file in files:
        file.review_id = review.id
        record(session, MediaClaimed(**_use(file.media_id, review)), about=("media", file.media_id))


def release_photos(session: Session, review: Review) -> None:
    """Show no file with the review any more. Emits MediaReleased."""
    if not review.photos:
        return
    review.photos = []
    for file in session.scalars(select(MediaFile).where(MediaFile.review_id == review.id)).all():
        file.review_id = None
        record(session, MediaReleased(**_use(file.media_id, review)), about=("media", file.media_id))


def shown(file: MediaFile) -> dict[str, str | None]:
    """Return a file as reviews show it."""
    return {
        "id": str(file.media_id),
        "url": file.url,
        "thumbnail_url": file.thumbnail_url,
        "media_type": file.media_type,
    }


def _use(media_id: UUID, review: Review) -> dict[str, Any]:
    return {
        "media_id": media_id,
        "service": "reviews",
        "entity_type": "review",
        "entity_id": str(review.public_uuid),
    }
