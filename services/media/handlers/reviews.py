"""What reviews tells: reviews whose photos came before them, and those that are gone."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from services.media.operations.following import entity_gone, keep_entity
from shared.messaging import Message, handles

ENDED = frozenset({"withdrawn", "removed", "erased"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPublished:
    """A review is shown."""

    review_uuid: str
    author_user_id: int | None = None


@handles("review.published", ReviewPublished)
def keep_review(session: Session, event: ReviewPublished, message: Message) -> None:
    """Let the author's photos be the review's."""
    authors = [event.author_user_id] if event.author_user_id is not None else []
    keep_entity(session, message, kind="review", uuid=event.review_uuid, number=None, owner_user_ids=authors)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRemoved:
    """A review is shown no longer: `hidden` may come back, everything else is the end."""

    review_uuid: str
    cause: str


@handles("review.removed", ReviewRemoved)
def drop_review(session: Session, event: ReviewRemoved, message: Message) -> None:
    """Delete the photos of a review that does not come back."""
    if event.cause in ENDED:
        entity_gone(session, message, kind="review", uuid=event.review_uuid, number=None, after=timedelta(0))
