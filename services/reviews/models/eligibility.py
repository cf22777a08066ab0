"""Which completed booking of a client a review would be about."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, any_, bindparam, case, false, func, or_, select
from sqlalchemy.orm import Session

from services.reviews.domain import windows, words
from services.reviews.domain.errors import (
    AlreadyReviewed,
    BookingMismatch,
    NoCompletedBooking,
    OwnService,
    WindowClosed,
)
from services.reviews.models.replicas import Booking, Practitioner, Service, User
from services.reviews.models.review import Review
from shared.errors import DomainError
from shared.listing.statements import Compiled, compiled, run


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What somebody wants to review, as far as they name it."""

    practitioner: UUID | None = None
    service: UUID | None = None
    booking: UUID | None = None


class Held(NamedTuple):
    """A client's completed booking, beside whom it is about and who the client is."""

    booking_id: int
    public_uuid: UUID
    practitioner_id: int
    service_id: int | None
    is_refunded: bool
    completed_at: datetime | None
    review: UUID | None
    practitioner_uuid: UUID | None
    service_uuid: UUID | None
    is_own: bool
    first_name: str
    last_name: str
    avatar_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The booking that fits best and what speaks against reviewing it; `review` is the one it has already."""

    booking: Held | None = None
    refusal: DomainError | None = None
    review: UUID | None = None
    review_by: datetime | None = None


def eligibility(
    session: Session, about: About, *, user_id: int, now: datetime, window_days: int, lock: bool = False
) -> Eligibility:
    """Find the newest completed booking that fits and is not reviewed yet, or say why there is none.

    `lock` keeps the booking as it is until the transaction ends.
    """
    if _is_own(session, user_id, about):
        return Eligibility(refusal=OwnService())
    # A booking that is named by itself may turn out to be of somebody else than who is named beside it.
    named = (
        {"booking": about.booking} if about.booking else {"practitioner": about.practitioner, "service": about.service}
    )
    given = {name: reference for name, reference in named.items() if reference is not None}
    values = {"me": user_id, "oldest": windows.oldest(now, days=window_days), **given}
    rows = run(session.connection(), _newest(frozenset(given), lock=lock), values)
    if not rows:
        return Eligibility(refusal=NoCompletedBooking())
    booking = Held(**rows[0])
    until = windows.review_by(booking.completed_at or now, days=window_days)
    refusal = _refusal(about, booking, until, now=now)
    return Eligibility(booking=booking, refusal=refusal, review=booking.review, review_by=until)


@cache
def _newest(named: frozenset[str], *, lock: bool) -> Compiled:
    """Return the statement that finds the newest completed booking of what is `named`; those to review come first."""
    me: ColumnElement[int] = bindparam("me", required=True)
    giving = select(Practitioner.id).where(
        Practitioner.user_id == me, Practitioner.id == any_(Service.practitioner_ids)
    )  # fmt: skip
    open_still = and_(Review.id.is_(None), Booking.completed_at >= bindparam("oldest", required=True))
    query = (
        select(
            Booking.booking_id,
            Booking.public_uuid,
            Booking.practitioner_id,
            Booking.service_id,
            Booking.is_refunded,
            Booking.completed_at,
            Review.public_uuid.label("review"),
            Practitioner.public_uuid.label("practitioner_uuid"),
            Service.public_uuid.label("service_uuid"),
            or_(func.coalesce(Practitioner.user_id == me, false()), giving.correlate(Service).exists()).label("is_own"),
            func.coalesce(User.first_name, "").label("first_name"),
            func.coalesce(User.last_name, "").label("last_name"),
            User.avatar_url,
        )
        .outerjoin(Review, and_(Review.booking_id == Booking.booking_id, Review.status != words.WITHDRAWN))
        .outerjoin(Practitioner, Practitioner.id == Booking.practitioner_id)
        .outerjoin(Service, Service.id == Booking.service_id)
        .outerjoin(User, User.id == Booking.user_id)
        .where(Booking.user_id == me, Booking.status == words.COMPLETED, Booking.deleted_at.is_(None))
        .order_by(case((open_still, 0), else_=1), Booking.completed_at.desc(), Booking.booking_id.desc())
        .limit(1)
    )
    for name, column in (
        ("booking", Booking.public_uuid),
        ("practitioner", Practitioner.public_uuid),
        ("service", Service.public_uuid),
    ):
        if name in named:
            query = query.where(column == bindparam(name, required=True))
    if lock:
        query = query.with_for_update(read=True, of=Booking)
    return compiled(query, in_transactions=True)


def _refusal(about: About, booking: Held, until: datetime | None, *, now: datetime) -> DomainError | None:
    for name, wanted, found in (
        ("practitioner_uuid", about.practitioner, booking.practitioner_uuid),
        ("service_uuid", about.service, booking.service_uuid),
    ):
        if wanted is not None and wanted != found:
            return BookingMismatch(errors={name: ["The booking is of another one."]})
    if booking.is_own:
        return OwnService()
    if booking.review is not None:
        return AlreadyReviewed()
    return None if windows.is_open(until, now) else WindowClosed()


def _is_own(session: Session, user_id: int, about: About) -> bool:
    """Whether the caller is, or works for, what is named."""
    own = select(Practitioner.id).where(Practitioner.user_id == user_id)
    if about.practitioner is not None and session.scalar(own.where(Practitioner.public_uuid == about.practitioner)):
        return True
    if about.service is None:
        return False
    works_for = or_(Service.practitioner_id == Practitioner.id, Practitioner.id == any_(Service.practitioner_ids))
    of_service = select(Service.id).where(Service.public_uuid == about.service, works_for).correlate(Practitioner)
    return session.scalar(own.where(of_service.exists()).limit(1)) is not None
