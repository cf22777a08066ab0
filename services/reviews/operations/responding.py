"""The practitioner's public answer to a review."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.domain import windows
from services.reviews.domain.errors import AlreadyResponded, EditWindowClosed, NotPublished, ReviewNotFound
from services.reviews.events import ReviewResponded
from services.reviews.models import Practitioner, Review
from services.reviews.operations.announcing import announce_changed
from services.reviews.operations.counting import counting
from services.reviews.operations.finding import require_reviewed
from shared.identity import Identity
from shared.messaging import record


def respond(session: Session, review: Review, text: str, *, by: Identity, now: datetime) -> None:
    """Answer a locked review, once.

    Raises NotTheReviewed, ReviewNotFound, NotPublished, AlreadyResponded. Emits ReviewResponded, ReviewChanged.
    """
    require_reviewed(session, review, by)
    if not review.is_published:
        raise NotPublished
    if review.response_text:
        raise AlreadyResponded
    with counting(session, review):
        review.response_text, review.response_at, review.response_edited_at = text, now, None
    name = session.scalar(select(Practitioner.display_name).where(Practitioner.id == review.practitioner_id))
    told = ReviewResponded(
        review_uuid=review.public_uuid,
        practitioner_id=review.practitioner_id,
        author_user_id=review.author_id,
        response_text=text,
        practitioner_name=name or "",
    )
    record(session, told, subject=review)
    announce_changed(session, review)


def change_response(session: Session, review: Review, text: str, *, by: Identity, now: datetime) -> None:
    """Change the answer to a locked review within a day. Raises NotTheReviewed, ReviewNotFound, EditWindowClosed."""
    require_reviewed(session, review, by)
    _require_recent(review, now=now)
    if review.response_text == text:
        return
    review.response_text, review.response_edited_at = text, now
    announce_changed(session, review)


def remove_response(session: Session, review: Review, *, by: Identity, now: datetime) -> None:
    """Take the answer back within a day; staff may later. Raises NotTheReviewed, ReviewNotFound, EditWindowClosed."""
    if by.is_staff:
        if not review.response_text:
            raise ReviewNotFound
    else:
        require_reviewed(session, review, by)
        _require_recent(review, now=now)
    with counting(session, review):
        review.response_text, review.response_at, review.response_edited_at = "", None, None
    announce_changed(session, review)


def _require_recent(review: Review, *, now: datetime) -> None:
    if review.response_at is None or not review.is_published:
        raise ReviewNotFound
    if not windows.is_open(review.response_at + windows.RESPONSE_EDIT, now):
        raise EditWindowClosed
