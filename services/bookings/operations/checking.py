"""What has to hold before anything is booked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import (
    FieldForbidden,
    LimitReached,
    NotBookable,
    NotOnSale,
    OwnService,
    ServiceNotFound,
    SlotTaken,
    SlotUnavailable,
)
from services.bookings.models import Booking, Location, Practitioner, Service, SessionSeat, User
from services.bookings.models.busy import Taken, hold_client, spans
from services.bookings.models.offers import Offer, find_offer
from services.bookings.operations.wishes import Wish
from shared.errors import Invalid
from shared.identity import Identity
from shared.scheduling import is_offered

PENDING_MAX = 5
UNLIMITED = -1
LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wish that is understood: what is booked, for whom, by whom.

    `is_privileged`: by a practitioner of the service or by staff, for somebody else.
    """

    wish: Wish
    offer: Offer
    client_id: int
    by: Identity
    now: datetime
    is_privileged: bool

    @property
    def service(self) -> Service:
        """What is booked."""
        return self.offer.service

    @property
    def practitioner(self) -> Practitioner:
        """With whom."""
        assert self.offer.practitioner is not None
        return self.offer.practitioner

    @property
    def client(self) -> User | None:
        """The client as far as known."""
        return self.offer.client

    @property
    def seat(self) -> SessionSeat | None:
        """The dated session that was asked for."""
        return self.offer.seat

    @property
    def timezone(self) -> str:
        """The zone in which the client reads times."""
        known = self.client.timezone if self.client else None
        return self.wish.timezone or known or "UTC"


def understand(
    session: Session, wish: Wish, *, by: Identity, now: datetime, unknown_service_is_absent: bool = False
) -> Request:
    """Find what the wish is about, and refuse what this caller may not ask for.

    Raises Invalid, ServiceNotFound (only if so wanted), FieldForbidden, OwnService.
    """
    client_id = by.user_id if wish.user_id is None else wish.user_id
    offer = find_offer(
        session,
        wish.service,
        practitioner=wish.practitioner,
        client_id=client_id,
        service_session_id=wish.service_session_id,
    )
    if offer is None:
        if unknown_service_is_absent:
            raise ServiceNotFound
        raise Invalid.field("service_id", "There is no such service.")
    practitioner = offer.practitioner
    if wish.practitioner is not None and (
        practitioner is None or practitioner.id not in offer.service.practitioner_ids
    ):
        raise Invalid.field("practitioner_id", "This practitioner does not give this service.")
    gives_it = by.practitioner_id in offer.service.practitioner_ids or (
        practitioner is not None and practitioner.user_id == by.user_id
    )
    is_privileged = client_id != by.user_id and (by.is_staff or gives_it)
    _refuse_privileges(wish, by=by, client_id=client_id, may=is_privileged or by.is_staff)
    if gives_it and client_id == by.user_id:
        raise OwnService
    if client_id != by.user_id and (offer.client is None or not offer.client.is_active):
        raise Invalid.field("user_id", "There is no such user.")
    return Request(wish=wish, offer=offer, client_id=client_id, by=by, now=now, is_privileged=is_privileged)


def _refuse_privileges(wish: Wish, *, by: Identity, client_id: int, may: bool) -> None:
    if may:
        return
    asked = {
        "user_id": client_id != by.user_id,
        "price_override_cents": wish.price_override_cents is not None,
        "discount_amount_cents": wish.discount_amount_cents != 0,
        "override_availability": wish.override_availability,
        "collect": wish.collect != words.PLATFORM,
    }
    named = [name for name, changes in asked.items() if changes]
    if named:
        raise FieldForbidden.named(*named)


def check_offer(request: Request, *, is_credit: bool = False) -> None:
    """Refuse what can not be booked at present. Raises NotBookable, NotOnSale, Invalid."""
    offer, wish = request.offer, request.wish
    if not offer.takes_bookings or offer.calendar is None:
        raise NotBookable
    if is_credit:
        return
    if not (offer.service.is_visible or request.is_privileged or request.by.is_staff):
        raise NotBookable
    if not offer.is_on_sale(request.now):
        raise NotOnSale
    seat = offer.seat
    if wish.service_session_id is not None and (seat is None or seat.service_id != offer.service.id):
        raise Invalid.field("service_session_id", "This service has no such session.")


def price_of(request: Request) -> tuple[int, int]:
    """Return the price and the discount in cents. Raises Invalid."""
    wish, seat = request.wish, request.seat
    price = wish.price_override_cents
    if price is None:
        price = seat.price_cents if seat is not None and seat.price_cents is not None else request.service.price_cents
    if wish.discount_amount_cents > price:
        raise Invalid.field("discount_amount_cents", "Must not exceed the price.")
    return price, wish.discount_amount_cents


def check_limits(session: Session, request: Request, *, pending: int | None = None) -> None:
    """Refuse what exceeds a limit: of the service per customer, of the practitioner per month, of unpaid bookings.

    The practitioner's calendar is held, and the client here, so that nobody exceeds one in between; with `pending`, the
    number of their unpaid bookings, the client is held already. Raises LimitReached, NotBookable.
    """
    if (hold_client(session, request.client_id) if pending is None else pending) >= PENDING_MAX:
        raise LimitReached(f"At most {PENDING_MAX} bookings may wait for their payment.")
    most, monthly = request.service.max_per_customer, _monthly_limit(request)
    if most is None and monthly is None:
        return
    bought = (
        Booking.client_id == request.client_id,
        Booking.parent_id.is_(None),
        Booking.service_id == request.service.id,
        Booking.status != words.CANCELED,
    )
    this_month = (
        Booking.practitioner_id == request.practitioner.id,
        Booking.parent_id.is_(None),
        Booking.status != words.CANCELED,
        Booking.created_at >= _start_of_month(request),
    )
    row: Any = session.execute(
        select(
            select(func.count()).where(*bought).scalar_subquery().label("bought"),
            select(func.count()).where(*this_month).scalar_subquery().label("monthly"),
        )
    ).one()
    if most is not None and row.bought >= most:
        raise LimitReached(f"This can be booked {most} times at most.")
    if monthly is not None and row.monthly >= monthly:
        raise NotBookable


def _monthly_limit(request: Request) -> int | None:
    limit = request.practitioner.limits.get("max_monthly_bookings")
    return None if limit is None or limit == UNLIMITED else int(limit)


def _start_of_month(request: Request) -> datetime:
    calendar = request.offer.calendar
    assert calendar is not None
    local = request.now.astimezone(calendar.zone)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def place_for(session: Session, request: Request) -> int | None:
    """Return the location's id. Raises Invalid if the one that was asked for is not the practitioner's."""
    service, wish, seat = request.service, request.wish, request.seat
    if service.location_type == "virtual":
        return None
    if wish.location_id is not None:
        location = session.get(Location, wish.location_id)
        if location is None or location.deleted_at is not None or location.practitioner_id != request.practitioner.id:
            raise Invalid.field("location_id", "This practitioner has no such location.")
        return location.id
    return (seat.location_id if seat else None) or service.location_id


def times_of(request: Request) -> tuple[datetime, datetime]:
    """Return the start and the end of the session that is wished for. Raises Invalid."""
    start, wish = request.wish.start_time, request.wish
    if not 1 <= request.service.duration_minutes <= LONGEST_MINUTES:
        raise NotBookable("An appointment lasts from a minute to a day.")
    if start is None:
        raise Invalid.field("start_time", "A session needs a start time.")
    return start, checked_end(start, wish.end_time, duration_minutes=request.service.duration_minutes, now=request.now)


def checked_end(start: datetime, end: datetime | None, *, duration_minutes: int, now: datetime) -> datetime:
    """Return when a session that starts then ends. Raises Invalid for the past and for another length."""
    if start <= now:
        raise Invalid.field("start_time", "Must lie in the future.")
    right = start + timedelta(minutes=duration_minutes)
    if end is not None and end <= start:
        raise Invalid.field("end_time", "Must be after the start.")
    if end is not None and end != right:
        raise Invalid.field("end_time", f"Must be {duration_minutes} minutes after the start, or be left out.")
    return right


def check_slot(
    offer: Offer,
    taken: list[Taken],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    override: bool,
    valid_until: datetime | None = None,
    is_credit: bool = False,
) -> None:
    """Refuse a start that is not on offer; with `override`, only time that is taken.

    Raises SlotTaken, SlotUnavailable, NotBookable.
    """
    calendar = offer.calendar
    assert calendar is not None
    if override:
        occupied = end + timedelta(minutes=calendar.buffer_minutes)
        if any(one_start < occupied and start < one_end for one_start, one_end in spans(taken)):
            raise SlotTaken
        return
    refusal = is_offered(
        calendar, offer.bookable(valid_until=valid_until, is_credit=is_credit), spans(taken), start, now=now
    )
    if refusal is None:
        return
    if refusal.is_overlap:
        raise SlotTaken
    if refusal.reason == "not_bookable":
        raise NotBookable
    raise SlotUnavailable.because(str(refusal.reason))
