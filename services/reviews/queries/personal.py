"""What is held about a person, for that person."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.domain import figures
from services.reviews.models import Report, Review, User, Vote


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield the copy of the person's profile, their reviews, votes and reports."""
    user = session.get(User, user_id)
    if user is not None and user.deleted_at is None:
        yield {
            "kind": "profile",
            "first_name": user.first_name,
            "last_name": user.last_name,
            "avatar_url": user.avatar_url,
        }
    names = ("public_uuid", "comment", "status", "is_anonymous", "created_at", "response_text", "photos")
    for review in session.scalars(select(Review).where(Review.author_id == user_id).order_by(Review.id)):
        rating = figures.stars(review.rating)
        yield {"kind": "review", "rating": rating, **{name: getattr(review, name) for name in names}}
    own_votes = select(Review.public_uuid, Vote.is_helpful, Vote.created_at).join(Review, Review.id == Vote.review_id)
    for vote in session.execute(own_votes.where(Vote.user_id == user_id).order_by(Vote.id)):
        yield {
            "kind": "vote",
            "review": vote.public_uuid,
            "is_helpful": vote.is_helpful,
            "created_at": vote.created_at,
        }
    own_reports = select(Review.public_uuid, Report).join(Review, Review.id == Report.review_id)
    for reference, report in session.execute(own_reports.where(Report.user_id == user_id).order_by(Report.id)):
        told = {name: getattr(report, name) for name in ("reason", "details", "resolution", "created_at")}
        yield {"kind": "report", "review": reference, **told}
