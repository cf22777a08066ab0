"""The demo's reviews: what clients say of the demo's completed bookings, with questions, responses and votes."""

import logging
import time
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.domain.demo_reviews import QUESTIONS, REVIEWS, Said
from services.reviews.models import Booking, Practitioner, Question, Review, User
from services.reviews.models.eligibility import About
from services.reviews.operations.creating import Wish, create_review
from services.reviews.operations.questions import create_question
from services.reviews.operations.responding import respond
from services.reviews.operations.voting import vote
from services.reviews.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.identity import Identity
from shared.messaging import NotYet

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
_ANSWERS = ("rating_answer", "boolean_answer", "text_answer")

_began = time.monotonic()


def seed() -> None:
    """Review the demo's completed bookings, once. Raises NotYet while they have not arrived."""
    if settings().is_production:
        raise SystemExit("Demo reviews are not for production.")
    connect(settings().database_url, application_name="reviews-seed")
    with transaction() as session:
        if session.scalar(select(exists().where(Review.id.is_not(None)))):
            return
        numbers = list(session.scalars(_completed()))
        known = session.scalar(select(func.count()).where(User.id.in_(_clients()), User.first_name != "")) or 0
        clients = session.scalar(select(func.count()).select_from(_clients().subquery())) or 0
    arrived = bool(numbers) and known == clients
    if not numbers or (not arrived and time.monotonic() - _began < PATIENCE_SECONDS):
        raise NotYet("The completed bookings are not known yet.")
    with transaction() as session:
        questions = [question.id for question in session.scalars(select(Question).order_by(Question.position))]
        questions = questions or [_ask(session, place, *asked) for place, asked in enumerate(QUESTIONS)]
    for place, number in enumerate(numbers):
        with transaction() as session:
            _play(session, number, REVIEWS[place % len(REVIEWS)], questions, repeated=place // len(REVIEWS))
    log.info("demo reviews: %d", len(numbers))


def _completed() -> Select[int]:
    """Return the bookings that are reviewed: all but everybody's newest, so that something is left to write."""
    newest = func.row_number().over(partition_by=Booking.user_id, order_by=Booking.completed_at.desc())
    ranked = (
        select(Booking.booking_id, Booking.completed_at, newest.label("place"))
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .where(Booking.status == words.COMPLETED, ~Booking.is_refunded, Practitioner.user_id != Booking.user_id)
        .subquery()
    )
    return select(ranked.c.booking_id).where(ranked.c.place > 1).order_by(ranked.c.completed_at, ranked.c.booking_id)


def _clients() -> Select[int]:
    return select(Booking.user_id).where(Booking.status == words.COMPLETED).distinct()


def _ask(session: Session, place: int, question: str, kind: str) -> int:
    asked = {"question": question, "question_type": kind, "position": place, "is_required": False}
    return create_question(session, asked).id


def _play(session: Session, booking_id: int, said: Said, questions: list[int], *, repeated: int) -> None:
    """Let the client of a booking say something a while after it, others react, and the practitioner answer."""
    booking = session.get_one(Booking, booking_id)
    completed = booking.completed_at or utc_now()
    then = min(completed + timedelta(hours=5 + booking_id % 40), utc_now() - timedelta(minutes=30))
    wish = Wish(
        about=About(booking=booking.public_uuid),
        rating=said.rating,
        # The same words twice by one person would be held as spam.
        comment=said.comment if not repeated else "",
        is_anonymous=said.is_anonymous,
        answers=[
            {"question_id": question, name: value}
            for question, name, value in zip(questions, _ANSWERS, said.answers or (), strict=False)
        ],
    )
    author = Identity(user_id=booking.user_id, roles=frozenset({"user"}))
    review = create_review(session, wish, by=author, now=then)
    if not review.is_published:
        return
    for voter in _others(session, review, most=said.helpful):
        vote(session, review, is_helpful=True, by=Identity(user_id=voter, roles=frozenset({"user"})))
    if said.response:
        _answer(session, review, said.response, now=min(then + timedelta(hours=9), utc_now()))


def _others(session: Session, review: Review, *, most: int) -> list[int]:
    """Return people who neither wrote the review nor are reviewed."""
    practitioners = select(Practitioner.user_id)
    people = select(User.id).where(
        User.id != review.author_id, User.id.not_in(practitioners), User.deleted_at.is_(None)
    )
    return list(session.scalars(people.order_by(User.id).limit(most)))


def _answer(session: Session, review: Review, text: str, *, now: datetime) -> None:
    owner = session.scalar(select(Practitioner.user_id).where(Practitioner.id == review.practitioner_id))
    if owner is not None:
        respond(session, review, text, by=Identity(user_id=owner, roles=frozenset({"user", "practitioner"})), now=now)
