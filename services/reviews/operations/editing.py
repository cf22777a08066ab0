"""Changing and taking back one's own review."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.reviews.domain import windows, words
from services.reviews.domain.display import display_name
from services.reviews.domain.errors import EditWindowClosed, NotYours, ReviewLocked, ReviewNotFound
from services.reviews.models import Review, Revision
from services.reviews.operations import publishing
from services.reviews.operations.announcing import announce_changed
from services.reviews.operations.answering import read_answers, write_answers
from services.reviews.operations.counting import counting
from services.reviews.operations.finding import author_of, visible
from services.reviews.operations.screening import held_reasons
from services.reviews.settings import settings
from shared.identity import Identity


def edit_review(session: Session, review: Review, changes: Mapping[str, Any], *, by: Identity, now: datetime) -> None:
    """Change a locked review: `comment`, `rating`, `is_anonymous`, `answers`, those that are given.

    The old text is kept as a revision, and the new one is screened again: it may be held, and a held one let go.
    Raises NotYours, ReviewNotFound, EditWindowClosed, ReviewLocked, Invalid. Emits ReviewChanged, RatingChanged.
    """
    require_open(review, by=by, now=now)
    says_other = any(
        changes.get(name, getattr(review, name)) != getattr(review, name) for name in ("comment", "rating")
    )
    hides_other = changes.get("is_anonymous", review.is_anonymous) != review.is_anonymous
    with counting(session, review, answers=True):
        answers_other = _answer_again(session, review, changes)
        if says_other:
            session.add(Revision(review_id=review.id, rating=review.rating, comment=review.comment, at=now))
            review.comment = changes.get("comment", review.comment)
            review.rating = changes.get("rating", review.rating)
            review.screened_at = None if settings().reviews_screening_url else now
        if says_other or answers_other:
            review.note_edit(now=now)
        if hides_other:
            show_author(session, review, is_anonymous=changes["is_anonymous"])
    if says_other and _screened_again(session, review, by=by, now=now):
        return
    if says_other or answers_other or hides_other:
        announce_changed(session, review)


def withdraw_review(session: Session, review: Review, *, by: Identity, now: datetime) -> None:
    """Take back a locked review; its booking may be reviewed anew.

    Raises NotYours, ReviewNotFound, EditWindowClosed, ReviewLocked. Emits ReviewRemoved, ReviewChanged, RatingChanged.
    """
    require_open(review, by=by, now=now)
    publishing.move(session, review, words.WITHDRAW, by=by.user_id, now=now)


def require_open(review: Review, *, by: Identity, now: datetime) -> None:
    """Refuse all but the author within the window, before a response and unless staff took the review down.

    Raises NotYours, ReviewNotFound, EditWindowClosed, ReviewLocked.
    """
    if review.author_id != by.user_id:
        raise NotYours if visible(review, by) else ReviewNotFound
    if review.status == words.WITHDRAWN:
        raise ReviewNotFound
    if review.response_text or review.status not in words.EDITABLE:
        raise ReviewLocked
    if not windows.is_open(review.edit_until(settings().edit_window), now):
        raise EditWindowClosed


def show_author(session: Session, review: Review, *, is_anonymous: bool) -> None:
    """Show the author by name and picture, or not at all."""
    review.is_anonymous = is_anonymous
    author = author_of(session, review.author_id or 0)
    review.display_name = display_name(
        first_name=author.first_name, last_name=author.last_name, is_anonymous=is_anonymous
    )
    review.avatar_url = None if is_anonymous else author.avatar_url


def _answer_again(session: Session, review: Review, changes: Mapping[str, Any]) -> bool:
    if "answers" not in changes:
        return False
    read = read_answers(session, changes["answers"], has_service=review.service_id is not None)
    return write_answers(session, review, read)


def _screened_again(session: Session, review: Review, *, by: Identity, now: datetime) -> bool:
    """Hold the new text, or let it go; return whether the status moved, which is told then."""
    found = held_reasons(session, review.comment, author_id=by.user_id, now=now, review_id=review.id)
    action = {(True, False): words.SCREEN, (False, True): words.EDIT}.get((bool(found), review.status == words.HELD))
    if review.status != words.HIDDEN:
        review.held_reasons = found
    if action is None or review.status == words.HIDDEN:
        session.flush()
        return False
    publishing.move(session, review, action, by=None if action == words.SCREEN else by.user_id, now=now)
    return True
