"""Saying whether a review helps."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.domain.errors import OwnReview, OwnService, ReviewNotFound
from services.reviews.models import Review, Vote
from services.reviews.operations.announcing import announce_changed
from services.reviews.operations.counting import counting
from services.reviews.operations.finding import is_reviewed
from shared.errors import NotFound
from shared.identity import Identity


def vote(session: Session, review: Review, *, is_helpful: bool, by: Identity) -> Vote:
    """Vote on a locked review, or change one's vote; the same again changes nothing.

    Raises ReviewNotFound, OwnReview, OwnService. Emits ReviewChanged.
    """
    if not review.is_published:
        raise ReviewNotFound
    if review.author_id == by.user_id:
        raise OwnReview
    if is_reviewed(session, review, by):
        raise OwnService
    held = _held(session, review, by)
    if held is not None and held.is_helpful == is_helpful:
        return held
    with counting(session, review):
        if held is None:
            held = Vote(review_id=review.id, user_id=by.user_id, is_helpful=is_helpful)
            session.add(held)
        else:
            _count(review, held, -1)
            held.is_helpful = is_helpful
        _count(review, held, 1)
    announce_changed(session, review)
    return held


def unvote(session: Session, review: Review, *, by: Identity) -> None:
    """Take one's vote on a locked review back. Raises NotFound when there is none. Emits ReviewChanged."""
    held = _held(session, review, by)
    if held is None:
        raise NotFound("You have not voted on this review.")
    with counting(session, review):
        session.delete(held)
        _count(review, held, -1)
    announce_changed(session, review)


def _held(session: Session, review: Review, by: Identity) -> Vote | None:
    return session.scalar(select(Vote).where(Vote.review_id == review.id, Vote.user_id == by.user_id))


def _count(review: Review, held: Vote, sign: int) -> None:
    review.count_votes(helpful=sign * held.is_helpful, unhelpful=sign * (not held.is_helpful))
