"""Forgetting a person. What they said of others stays, without them."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.domain.display import ERASED
from services.reviews.models import Booking, Report, ReporterStats, Review, Revision, User, Vote
from services.reviews.operations.announcing import announce_changed, release_photos
from services.reviews.settings import settings

_NEVER_SHOWN = (words.WITHDRAWN, words.REMOVED)


def erase_person(session: Session, user_id: int) -> None:
    """Take the person off their reviews, votes and reports; numbers stay. Emits ReviewChanged, MediaReleased."""
    own = select(Review).where(Review.author_id == user_id).order_by(Review.id).with_for_update(key_share=True)
    for review in session.scalars(own).all():
        review.author_id, review.is_anonymous = None, True
        review.display_name, review.avatar_url = ERASED, None
        release_photos(session, review)
        if settings().reviews_erase_text or review.status in _NEVER_SHOWN:
            review.comment = ""
        session.execute(delete(Revision).where(Revision.review_id == review.id))
        announce_changed(session, review)
    session.execute(update(Vote).where(Vote.user_id == user_id).values(user_id=None))
    session.execute(update(Report).where(Report.user_id == user_id).values(user_id=None, details=""))
    session.execute(delete(ReporterStats).where(ReporterStats.user_id == user_id))
    session.execute(update(Booking).where(Booking.user_id == user_id).values(requests_sent=2))
    blank = {"first_name": "", "last_name": "", "avatar_url": None}
    session.execute(update(User).where(User.id == user_id).values(blank))
