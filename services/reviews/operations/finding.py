"""Finding what an operation works on, and whether the caller may."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.reviews.domain.errors import NotTheReviewed, ReviewNotFound
from services.reviews.models import Practitioner, Review, User
from shared.identity import Identity


def locked(session: Session, reference: UUID, *clauses: Any) -> Review:
    """Return the review, locked until the transaction ends. Raises ReviewNotFound."""
    review = session.scalar(
        select(Review)
        .where(Review.public_uuid == reference, *clauses)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if review is None:
        raise ReviewNotFound
    return review


def visible(review: Review, by: Identity) -> bool:
    """Whether the caller may see the review: what is published everybody, the rest its author and staff."""
    return review.is_published or by.is_staff or (by.is_signed_in and review.author_id == by.user_id)


def is_reviewed(session: Session, review: Review, by: Identity) -> bool:
    """Whether the caller is the practitioner that the review is about."""
    own = select(func.count()).where(Practitioner.id == review.practitioner_id, Practitioner.user_id == by.user_id)
    return by.is_signed_in and bool(session.scalar(own))


def require_reviewed(session: Session, review: Review, by: Identity) -> None:
    """Refuse all but the practitioner that the review is about. Raises NotTheReviewed, ReviewNotFound."""
    if not is_reviewed(session, review, by):
        raise NotTheReviewed if visible(review, by) else ReviewNotFound


def author_of(session: Session, user_id: int) -> User:
    """Return the author's names, blank when they have not arrived yet."""
    return session.get(User, user_id) or User(id=user_id, first_name="", last_name="", avatar_url=None)
