"""What reviews do when what they are about changes elsewhere."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.domain.display import display_name
from services.reviews.models import Booking, MediaFile, Review
from services.reviews.operations.announcing import announce_changed, shown
from services.reviews.operations.counting import counting
from services.reviews.operations.finding import author_of

BATCH = 500


def follow_booking(session: Session, booking_id: int) -> None:
    """Let a review be verified as long as its booking counts as held and paid. Emits ReviewChanged, RatingChanged."""
    booking = session.get(Booking, booking_id, populate_existing=True)
    review = session.scalar(
        select(Review)
        .where(Review.booking_id == booking_id, Review.status != words.WITHDRAWN)
        .with_for_update(key_share=True)
    )
    if booking is None or review is None:
        return
    verified = booking.status == words.COMPLETED and not booking.is_refunded
    if review.is_verified != verified:
        with counting(session, review):
            review.is_verified = verified
        announce_changed(session, review)


def follow_author(session: Session, user_id: int) -> None:
    """Show the author's present name and picture where they are shown at all. Emits ReviewChanged for each new name."""
    author = author_of(session, user_id)
    name = display_name(first_name=author.first_name, last_name=author.last_name, is_anonymous=False)
    stale = (
        select(Review)
        .where(
            Review.author_id == user_id,
            Review.is_anonymous.is_(False),
            or_(Review.display_name != name, Review.avatar_url.is_distinct_from(author.avatar_url)),
        )
        .order_by(Review.id)
        .limit(BATCH)
        .with_for_update(key_share=True)
    )
    while reviews := session.scalars(stale).all():
        for review in reviews:
            is_renamed = review.display_name != name
            review.display_name, review.avatar_url = name, author.avatar_url
            if is_renamed:
                announce_changed(session, review)
        session.flush()


def follow_file(session: Session, media_id: UUID) -> None:
    """Show a file as it is now with the review that it belongs to, or no more. Emits ReviewChanged."""
    file = session.get(MediaFile, media_id, populate_existing=True)
    if file is None or file.review_id is None:
        return
    review = session.scalar(select(Review).where(Review.id == file.review_id).with_for_update(key_share=True))
    if review is None:
        return
    is_gone = file.deleted_at is not None
    photos = [
        *((shown(file) if photo["id"] == str(media_id) else photo) for photo in review.photos
          if not (is_gone and photo["id"] == str(media_id)))
    ]  # fmt: skip
    if is_gone:
        file.review_id = None
    if photos != review.photos:
        review.photos = photos
        announce_changed(session, review)
