"""Writing a review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, false, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, make_transient_to_detached

from services.reviews.domain import words
from services.reviews.domain.display import display_name
from services.reviews.domain.errors import AlreadyReviewed, MediaNotReady
from services.reviews.domain.tally import Difference
from services.reviews.models import MediaFile, Review
from services.reviews.models.eligibility import About, Held, eligibility
from services.reviews.operations import counting
from services.reviews.operations.announcing import announce_changed, announce_published, claim_photos, note
from services.reviews.operations.answering import read_answers, write_answers
from services.reviews.operations.screening import held_reasons
from services.reviews.settings import settings
from shared.errors import Invalid
from shared.identity import Identity
from shared.ids import uuid7
from shared.listing.statements import compiled, run

_GIVEN = (
    *("public_uuid", "booking_id", "practitioner_id", "service_id", "author_id", "rating", "comment", "is_anonymous"),
    *("is_verified", "status", "visible_at", "held_reasons", "screened_at", "display_name", "avatar_url"),
    *("created_at", "updated_at"),
)
_NEW = {
    **dict.fromkeys(("helpful", "unhelpful", "helpful_score", "reports_open", "report_score"), 0),
    **dict.fromkeys(("was_restored", "staff_reported"), false()),
    "response_text": "",
    "photos": literal_column("'[]'"),
    "version": 1,
}
# Many may write about one practitioner at once, so this is planned once on each connection.
_INSERT = compiled(
    insert(Review)
    .values({name: bindparam(name, required=True) for name in _GIVEN} | _NEW)
    .on_conflict_do_nothing(index_elements=[Review.booking_id], index_where=Review.status != words.WITHDRAWN)
    .returning(*(column for column in Review.__table__.columns if column.name != Review.search.key)),
    in_transactions=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to say. `rating` is in hundredths of a star."""

    about: About
    rating: int
    comment: str = ""
    is_anonymous: bool = False
    answers: Sequence[Mapping[str, Any]] = ()
    media_ids: Sequence[UUID] = field(default=())


def create_review(session: Session, wish: Wish, *, by: Identity, now: datetime) -> Review:
    """Write a review of a completed booking; it is public at once unless it is held, or sealed for a while.

    Raises NoCompletedBooking, AlreadyReviewed, WindowClosed, OwnService, BookingMismatch, MediaNotReady, Invalid.
    Emits ReviewPublished (if it is), ReviewChanged, RatingChanged, MediaClaimed.
    """
    if wish.about == About():
        raise Invalid.field("practitioner_uuid", "Name a practitioner, a service or a booking.")
    found = eligibility(
        session, wish.about, user_id=by.user_id, now=now, window_days=settings().reviews_window_days, lock=True
    )
    if found.refusal is not None:
        raise found.refusal
    assert found.booking is not None
    answers = read_answers(session, wish.answers, has_service=found.booking.service_id is not None)
    files = _own_files(session, wish.media_ids, by=by)
    held = held_reasons(session, wish.comment, author_id=by.user_id, now=now)
    review = _insert(session, wish, found.booking, held, by=by, now=now)
    claim_photos(session, review, files)
    if answers:
        write_answers(session, review, answers)
    note(session, review, words.CREATE, before=review.status, by=by.user_id, now=now, reason=", ".join(held))
    if review.is_published:
        announce_published(session, review, republished=False)
    else:
        announce_changed(session, review)
    difference = Difference()
    difference.move(None, counting.measured(session, review, answers=bool(answers)))
    counting.move(session, difference)
    return review


def _insert(session: Session, wish: Wish, booking: Held, held: list[str], *, by: Identity, now: datetime) -> Review:
    """Insert the review; the unique index decides between two at once. Raises AlreadyReviewed."""
    status, visible_at = words.PUBLISHED, now
    if held:
        status = words.HELD
    elif settings().reviews_blind_days:
        status, visible_at = words.SEALED, now + timedelta(days=settings().reviews_blind_days)
    values = {
        "public_uuid": uuid7(),
        "booking_id": booking.booking_id,
        "practitioner_id": booking.practitioner_id,
        "service_id": booking.service_id,
        "author_id": by.user_id,
        "rating": wish.rating,
        "comment": wish.comment,
        "is_anonymous": wish.is_anonymous,
        "is_verified": not booking.is_refunded,
        "status": status,
        "visible_at": None if held else visible_at,
        "held_reasons": held,
        "screened_at": None if settings().reviews_screening_url else now,
        "display_name": display_name(
            first_name=booking.first_name, last_name=booking.last_name, is_anonymous=wish.is_anonymous
        ),
        "avatar_url": None if wish.is_anonymous else booking.avatar_url,
        "created_at": now,
        "updated_at": now,
    }
    rows = run(session.connection(), _INSERT, values)
    if not rows:
        raise AlreadyReviewed
    review = Review(**rows[0])
    make_transient_to_detached(review)
    session.add(review)
    return review


def _own_files(session: Session, media_ids: Sequence[UUID], *, by: Identity) -> list[MediaFile]:
    """Return the caller's images in the wished order, locked. Raises MediaNotReady."""
    if not media_ids:
        return []
    files = {
        file.media_id: file
        for file in session.scalars(
            select(MediaFile)
            .where(
                MediaFile.media_id.in_(media_ids),
                MediaFile.uploaded_by == by.user_id,
                MediaFile.deleted_at.is_(None),
                MediaFile.review_id.is_(None),
            )
            .order_by(MediaFile.media_id)
            .with_for_update()
        )
    }
    wanted = list(dict.fromkeys(media_ids))
    if len(files) < len(wanted):
        raise MediaNotReady
    return [files[media_id] for media_id in wanted]
