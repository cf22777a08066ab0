"""Which completed booking of a client a review would be about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from services.reviews.domain import windows, words
from services.reviews.domain.errors import (
    AlreadyReviewed,
    BookingMismatch,
    NoCompletedBooking,
    OwnService,
    WindowClosed,
)
from services.reviews.models.replicas import Booking, Practitioner, Service
from services.reviews.models.review import Review
from shared.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What somebody wants to review, as far as they name it."""

    practitioner: UUID | None = None
    service: UUID | None = None
    booking: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The booking that fits best and what speaks against reviewing it; `review` is the one it has already."""

    booking: Booking | None = None
    refusal: DomainError | None = None
    review: UUID | None = None
    review_by: datetime | None = None


def eligibility(
    session: Session, about: About, *, user_id: int, now: datetime, window_days: int, lock: bool = False
) -> Eligibility:
    """Find the newest completed booking that fits and is not reviewed yet, or say why there is none.

    `lock` keeps the booking as it is until the transaction ends.
    """
    practitioner = _named(session, Practitioner, about.practitioner)
    service = _named(session, Service, about.service)
    if _is_own(session, user_id, practitioner, service):
        return Eligibility(refusal=OwnService())
    completed = Booking.completed_at
    open_still = and_(Review.id.is_(None), completed >= windows.oldest(now, days=window_days))
    query = (
        select(Booking, Review.public_uuid)
        .outerjoin(Review, and_(Review.booking_id == Booking.booking_id, Review.status != words.WITHDRAWN))
        .where(Booking.user_id == user_id, Booking.status == words.COMPLETED, Booking.deleted_at.is_(None))
        .order_by(case((open_still, 0), else_=1), completed.desc(), Booking.booking_id.desc())
        .limit(1)
    )
    if about.booking is not None:
        query = query.where(Booking.public_uuid == about.booking)
    else:
        if about.practitioner is not None:
            query = query.where(Booking.practitioner_id == (practitioner.id if practitioner else None))
        if about.service is not None:
            query = query.where(Booking.service_id == (service.id if service else None))
    if lock:
        query = query.with_for_update(read=True, of=Booking)
    found = session.execute(query).first()
    if found is None:
        return Eligibility(refusal=NoCompletedBooking())
    booking, review = found
    return _judged(session, about, booking, review, user_id=user_id, now=now, window_days=window_days)


def _judged(
    session: Session,
    about: About,
    booking: Booking,
    review: UUID | None,
    *,
    user_id: int,
    now: datetime,
    window_days: int,
) -> Eligibility:
    until = windows.review_by(booking.completed_at or now, days=window_days)
    refusal: DomainError | None = None
    for name, wanted, model, number in (
        ("practitioner_uuid", about.practitioner, Practitioner, booking.practitioner_id),
        ("service_uuid", about.service, Service, booking.service_id),
    ):
        if wanted is not None and session.scalar(select(model.public_uuid).where(model.id == number)) != wanted:
            refusal = BookingMismatch(errors={name: ["The booking is of another one."]})
    if refusal is None and _gave(session, booking, user_id):
        refusal = OwnService()
    elif refusal is None and review is not None:
        refusal = AlreadyReviewed()
    elif refusal is None and not windows.is_open(until, now):
        refusal = WindowClosed()
    return Eligibility(booking=booking, refusal=refusal, review=review, review_by=until)


def _gave(session: Session, booking: Booking, user_id: int) -> bool:
    """Whether the client is the practitioner of the booking, or works for its service."""
    giving = select(func.unnest(Service.practitioner_ids)).where(Service.id == booking.service_id)
    own = select(Practitioner.id).where(
        Practitioner.user_id == user_id,
        or_(Practitioner.id == booking.practitioner_id, Practitioner.id.in_(giving)),
    )
    return session.scalar(own.limit(1)) is not None


def _named(session: Session, model: Any, reference: UUID | None) -> Any:
    if reference is None:
        return None
    return session.scalar(select(model).where(model.public_uuid == reference).limit(1))


def _is_own(session: Session, user_id: int, practitioner: Practitioner | None, service: Service | None) -> bool:
    """Whether the caller is, or works for, what is named."""
    if practitioner is not None and practitioner.user_id == user_id:
        return True
    if service is None:
        return False
    people = [service.practitioner_id, *service.practitioner_ids]
    own = select(Practitioner.id).where(Practitioner.user_id == user_id, Practitioner.id.in_(people)).limit(1)
    return session.scalar(own) is not None
