"""What reviews tells: to who was reviewed, to who wrote, and to staff."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.notifications.operations.telling import News, staff_ids, tell, tell_all
from shared.clock import utc_now
from shared.messaging import Message, handles

EXCERPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A review is public."""

    review_uuid: str
    practitioner_user_id: int | None
    display_name: str
    rating: str
    comment: str | None = None
    republished: bool = False


@handles("review.published", Published)
def tell_the_reviewed(session: Session, event: Published, message: Message) -> None:
    """Tell the practitioner, the first time."""
    if event.republished or event.practitioner_user_id is None:
        return
    stars = event.rating.rstrip("0").rstrip(".") if "." in event.rating else event.rating
    values = {"stars": stars, "name": event.display_name, "comment": (event.comment or "")[:EXCERPT]}
    news = News(kind="review.received", values=values, related=("review", event.review_uuid))
    tell(session, event.practitioner_user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Responded:
    """The practitioner has answered."""

    review_uuid: str
    author_user_id: int | None
    practitioner_name: str
    response_text: str | None = None


@handles("review.responded", Responded)
def tell_the_author_of_the_answer(session: Session, event: Responded, message: Message) -> None:
    """Tell the author what was answered."""
    if event.author_user_id is None:
        return
    values = {"practitioner": event.practitioner_name, "comment": (event.response_text or "")[:EXCERPT]}
    news = News(kind="review.responded", values=values, related=("review", event.review_uuid))
    tell(session, event.author_user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A review is no longer public."""

    review_uuid: str
    cause: str
    author_user_id: int | None = None
    reason: str | None = None


@handles("review.removed", Removed)
def tell_the_author_of_the_removal(session: Session, event: Removed, message: Message) -> None:
    """Tell the author, unless it was they who took it back or they are gone."""
    if event.cause not in ("hidden", "removed") or event.author_user_id is None:
        return
    news = News(kind="review.removed", values={"reason": event.reason}, related=("review", event.review_uuid))
    tell(session, event.author_user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDue:
    """It is time to ask a client for a review."""

    booking_id: int
    user_id: int
    service_name: str
    practitioner_name: str
    number: int = 1


@handles("review.request_due", RequestDue)
def ask_for_a_review(session: Session, event: RequestDue, message: Message) -> None:
    """Ask the client, once per booking and number."""
    news = News(
        kind="review.request",
        values={"service": event.service_name, "practitioner": event.practitioner_name},
        related=("booking", event.booking_id),
        occasion=f"review:{event.booking_id}:{event.number}",
    )
    tell(session, event.user_id, news, message=message, now=utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Somebody thinks that a review breaks the rules."""

    review_uuid: str
    reason: str
    score: float | None = None


@handles("review.reported", Reported)
def tell_staff_of_the_report(session: Session, event: Reported, message: Message) -> None:
    """Tell staff; unread reports of one review fold."""
    news = News(
        kind="staff.review_reported",
        values={"reason": event.reason.replace("_", " "), "score": event.score},
        related=("review", event.review_uuid),
        fold_into=f"review:{event.review_uuid}",
    )
    tell_all(session, staff_ids(session), news, message=message, now=utc_now())
