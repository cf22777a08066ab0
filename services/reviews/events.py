"""Every fact that reviews announces.

`author_user_id` is for addressing messages only: where a review is anonymous it must not be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reviews.domain import figures, words
from services.reviews.domain.tally import Target
from services.reviews.models import Practitioner, Rating, Review, Service
from shared.messaging import Snapshot, Subject, event
from shared.privacy import PRIVACY_EVENTS

EXCERPT = 200


@event("review.published")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPublished:
    """A review is public; `republished` when it was before. `comment` is its beginning."""

    review_uuid: UUID
    practitioner_id: int
    practitioner_user_id: int | None
    service_id: int | None
    booking_id: int
    author_user_id: int | None
    display_name: str
    is_anonymous: bool
    rating: str
    comment: str
    republished: bool

    @classmethod
    def of(cls, review: Review, *, practitioner_user_id: int | None, republished: bool) -> Self:
        """Tell that a review is public."""
        return cls(
            review_uuid=review.public_uuid,
            practitioner_id=review.practitioner_id,
            practitioner_user_id=practitioner_user_id,
            service_id=review.service_id,
            booking_id=review.booking_id,
            author_user_id=review.author_id,
            display_name=review.display_name,
            is_anonymous=review.is_anonymous,
            rating=figures.stars(review.rating),
            comment=review.comment[:EXCERPT],
            republished=republished,
        )


@event("review.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChanged:
    """All that others may know of a review."""

    id: int
    uuid: UUID
    practitioner_id: int
    service_id: int | None
    rating: str
    comment: str
    display_name: str
    is_anonymous: bool
    is_verified: bool
    status: str
    response: str
    response_at: datetime | None
    helpful: int
    unhelpful: int
    created_at: datetime

    @classmethod
    def of(cls, review: Review) -> Self:
        """Tell a review's present state."""
        names = ("id", "practitioner_id", "service_id", "comment", "display_name", "is_anonymous", "is_verified")
        more = ("status", "response_at", "helpful", "unhelpful", "created_at")
        return cls(
            **{name: getattr(review, name) for name in (*names, *more)},
            uuid=review.public_uuid,
            rating=figures.stars(review.rating),
            response=review.response_text,
        )


@event("review.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRemoved:
    """A review is no longer public; `cause` withdrawn, hidden or removed. Without an author nobody is to be told."""

    review_uuid: UUID
    practitioner_id: int
    service_id: int | None
    author_user_id: int | None
    cause: str
    reason: str | None

    @classmethod
    def of(cls, review: Review, *, tell_author: bool = True) -> Self:
        """Tell that a review is gone, and why."""
        return cls(
            review_uuid=review.public_uuid,
            practitioner_id=review.practitioner_id,
            service_id=review.service_id,
            author_user_id=review.author_id if tell_author else None,
            cause=review.status,
            reason=review.status_reason,
        )


@event("review.responded")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResponded:
    """The practitioner answered."""

    review_uuid: UUID
    practitioner_id: int
    author_user_id: int | None
    response_text: str
    practitioner_name: str


@event("review.reported")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReported:
    """Somebody thinks that a review breaks the rules. Never says who."""

    review_uuid: UUID
    reason: str
    score: Decimal
    status: str
    practitioner_id: int


@event("review.request_due")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequestDue:
    """It is time to ask a client for a review, the first or the second time."""

    booking_id: int
    booking_uuid: UUID
    user_id: int
    service_id: int | None
    service_name: str
    practitioner_id: int
    practitioner_name: str
    number: int


@event("rating.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RatingChanged:
    """What people think of a practitioner or service, all in all; the subject's id is `target:target_id`."""

    target: str
    target_id: int
    target_uuid: UUID | None
    count: int
    average: Decimal
    weighted: Decimal
    distribution: dict[str, int]
    verified: int
    last_review_at: datetime | None

    @classmethod
    def of(cls, row: Mapping[str, Any], *, target_uuid: UUID | None, last_review_at: datetime | None) -> Self:
        """Tell the numbers of a row of `ratings`."""
        return cls(
            target=row["target"],
            target_id=target_id(Target(row["target"], row["practitioner_id"], row["service_id"])),
            target_uuid=target_uuid,
            count=row["count"],
            average=Decimal(figures.average(sum_hundredths=row["sum_hundredths"], count=row["count"])),
            weighted=row["weighted"],
            distribution=figures.distribution(row),
            verified=row["verified"],
            last_review_at=last_review_at,
        )


@event("media.claimed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaClaimed:
    """A file is in use."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


@event("media.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReleased:
    """A file is no longer in use here."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str


def target_id(target: Target) -> int:
    """Return the id of the practitioner or service."""
    return target.service_id if target.kind == words.SERVICE else target.practitioner_id


def rating_subject(target: Target, version: int) -> Subject:
    """Return whom `rating.changed` is about."""
    return Subject(type="rating", id=f"{target.kind}:{target_id(target)}", sequence=version)


def _rating(session: Session, row: Rating) -> RatingChanged:
    own, shown = (Service, Review.service_id) if row.target == words.SERVICE else (Practitioner, Review.practitioner_id)
    number = target_id(row.key)
    uuid = session.scalar(select(own.public_uuid).where(own.id == number))
    last = select(Review.created_at).where(shown == number, Review.status == words.PUBLISHED)
    newest = session.scalar(last.order_by(Review.created_at.desc(), Review.id.desc()).limit(1))
    figures_of_row = {column.key: getattr(row, column.key) for column in Rating.__table__.columns}
    return RatingChanged.of(figures_of_row, target_uuid=uuid, last_review_at=newest)


PUBLISHES = [
    ReviewPublished,
    ReviewChanged,
    ReviewRemoved,
    ReviewResponded,
    ReviewReported,
    ReviewRequestDue,
    RatingChanged,
    MediaClaimed,
    MediaReleased,
    *PRIVACY_EVENTS,
]

SNAPSHOTS = [
    Snapshot(ReviewChanged, select(Review)),
    Snapshot(
        RatingChanged,
        select(Rating).where(Rating.target != words.PAIR),
        build=_rating,
        about=lambda row: rating_subject(row.key, row.version),
    ),
]
