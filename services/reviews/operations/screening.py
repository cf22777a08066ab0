"""Deciding whether a text is held for staff, and why."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.reviews.domain import screening
from services.reviews.models import Review
from services.reviews.settings import settings


def held_reasons(
    session: Session, comment: str, *, author_id: int, now: datetime, review_id: int | None = None
) -> list[str]:
    """Return why a text of this author is held; empty when it may be shown. `review_id` is the review it is of."""
    others = [Review.author_id == author_id]
    if review_id is not None:
        others.append(Review.id != review_id)
    earlier = session.execute(
        select(
            func.count().filter(Review.created_at > now - timedelta(hours=1)).label("recent"),
            func.count().filter(func.lower(Review.comment) == comment.lower()).label("same"),
        ).where(*others)
    ).one()
    found = screening.reasons(
        comment,
        blocked=settings().blocked_words,
        is_duplicate=bool(comment) and earlier.same > 0,
        in_last_hour=0 if review_id is not None else earlier.recent,
    )
    return [*found, screening.PREMODERATED] if settings().reviews_premoderate else found
