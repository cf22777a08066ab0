"""How reviews become public, and stop being so: the one place that moves a review from status to status."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.models import Review
from services.reviews.operations.announcing import (
    announce_changed,
    announce_published,
    announce_removed,
    note,
    release_photos,
)
from services.reviews.operations.counting import counting

_GONE = (words.WITHDRAWN, words.REMOVED)


def move(
    session: Session,
    review: Review,
    action: str,
    *,
    by: int | None,
    now: datetime,
    reason: str | None = None,
    notes: str = "",
    tell_author: bool = True,
) -> None:
    """Take a locked review to the status that `action` leads to, with its numbers, log and events.

    Raises InvalidTransition. Emits ReviewChanged, RatingChanged; ReviewPublished or ReviewRemoved if it came or went.
    """
    was_visible = review.visible_at is not None and review.status != words.SEALED
    with counting(session, review, answers=True):
        before = review.move(action, now=now, reason=reason)
        if review.is_published and not was_visible:
            review.visible_at = now
        if review.status in _GONE:
            release_photos(session, review)
    note(session, review, action, before=before, by=by, now=now, reason=reason or "", notes=notes)
    if review.is_published:
        announce_published(session, review, republished=was_visible)
    elif review.status == words.HELD or before == words.REMOVED:
        announce_changed(session, review)
    else:
        announce_removed(session, review, tell_author=tell_author)
