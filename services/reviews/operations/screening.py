"""Deciding whether a text is held for staff, and why: at once by rules of our own, later by a service outside."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from services.reviews.clients.classifier import Classifier, ClassifierUnreachable
from services.reviews.domain import screening, words
from services.reviews.models import Review
from services.reviews.operations import publishing
from services.reviews.settings import settings
from shared.listing.statements import compiled, run

log = logging.getLogger(__name__)

JUDGED = 50
_SHOWN = (words.PUBLISHED, words.SEALED)

_EARLIER = compiled(
    select(
        func.count().filter(Review.created_at > bindparam("since", required=True)).label("recent"),
        func.count().filter(func.lower(Review.comment) == bindparam("text", required=True)).label("same"),
    ).where(Review.author_id == bindparam("author", required=True), Review.id != bindparam("this", required=True)),
    in_transactions=True,
)


class Text(NamedTuple):
    """A text that the service outside has not seen yet."""

    review_id: int
    comment: str


def held_reasons(
    session: Session, comment: str, *, author_id: int, now: datetime, review_id: int | None = None
) -> list[str]:
    """Return why a text of this author is held; empty when it may be shown. `review_id` is the review it is of."""
    values = {"author": author_id, "this": review_id or 0, "since": now - timedelta(hours=1), "text": comment.lower()}
    [earlier] = run(session.connection(), _EARLIER, values)
    found = screening.reasons(
        comment,
        blocked=settings().blocked_words,
        is_duplicate=bool(comment) and earlier["same"] > 0,
        in_last_hour=0 if review_id is not None else earlier["recent"],
    )
    return [*found, screening.PREMODERATED] if settings().reviews_premoderate else found


def unjudged(session: Session) -> list[Text]:
    """Return the oldest texts that the service outside has not seen yet."""
    waiting = select(Review.id, Review.comment).where(Review.screened_at.is_(None), Review.status.in_(_SHOWN))
    return [Text(*row) for row in session.execute(waiting.order_by(Review.id).limit(JUDGED))]


def is_flagged(classifier: Classifier, text: Text) -> bool:
    """Ask about a text, outside of any transaction.

    An outsider that does not answer changes nothing: what our own rules decided stands.
    """
    try:
        return bool(text.comment) and classifier.flags(text.comment)
    except ClassifierUnreachable as failed:
        log.warning("the classifier did not answer: %s", failed)
        return False


def note_judgement(session: Session, text: Text, *, flagged: bool, now: datetime) -> None:
    """Remember that a text was judged, and hold it if it was flagged, unless it was changed meanwhile."""
    review = session.scalar(select(Review).where(Review.id == text.review_id).with_for_update(key_share=True))
    if review is None or review.screened_at is not None or review.comment != text.comment:
        return
    review.screened_at = now
    if flagged and review.status in _SHOWN:
        review.held_reasons = [screening.CLASSIFIER]
        publishing.move(session, review, words.SCREEN, by=None, now=now)
