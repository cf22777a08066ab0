"""The demo's bookings: past and to come, in every state, made by the same operations that clients use."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models import Booking, Practitioner, Service, SessionSeat, User
from services.bookings.models.busy import spans, taken_between
from services.bookings.models.offers import find_offer
from services.bookings.operations.cancelling import Cancellation, cancel_booking
from services.bookings.operations.creating import create_booking
from services.bookings.operations.lifecycle import complete_booking, confirm_booking, mark_no_show
from services.bookings.operations.payments import take_payment
from services.bookings.operations.wishes import Wish
from services.bookings.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.errors import DomainError
from shared.identity import Identity
from shared.messaging import NotYet
from shared.scheduling import first_slots, zone_named

DEMO_CLIENT = "client@demo.estuary.local"
STAFF = Identity(roles=frozenset({"user", "staff"}))
SERVICES, CLIENTS = 12, 8
log = logging.getLogger(__name__)

Afterwards = Callable[[Session, Booking], object]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who books what: the demo client first."""

    clients: list[int]
    sessions: list[int]
    workshops: list[tuple[int, int]]
    purchases: list[int]


def seed() -> None:
    """Fill an empty service; one that holds a booking of the demo client is left alone.

    Raises NotYet while people, calendars and services have not arrived.
    """
    connect(settings().database_url, application_name="bookings-seed")
    now = utc_now()
    with transaction() as session:
        cast = _cast(session, now=now)
        if session.scalar(select(Booking.id).where(Booking.client_id == cast.clients[0]).limit(1)):
            return
    acts = (_past(cast, now), _to_come(cast, now), _seats(cast, now), _purchases(cast, now))
    made = sum(_play(scene) for act in acts for scene in act)
    log.info("demo bookings: %d", made)


def _cast(session: Session, *, now: datetime) -> Cast:
    demo = session.scalar(select(User.id).where(func.lower(User.email) == DEMO_CLIENT))
    if demo is None:
        raise NotYet(f"{DEMO_CLIENT} is not known here yet.")
    practitioners = select(Practitioner.user_id)
    others = session.scalars(
        select(User.id)
        .where(User.is_active, ~User.is_staff, User.id != demo, User.id.not_in(practitioners))
        .order_by(User.id)
        .limit(CLIENTS - 1)
    )
    services = list(
        session.scalars(select(Service).where(Service.deleted_at.is_(None), Service.is_visible).order_by(Service.id))
    )
    sessions = [one.id for one in services if one.service_type == words.SESSION and _can_be_booked(session, one)]
    if not sessions:
        raise NotYet("No service that can be booked is known here yet.")
    seats = session.execute(
        select(SessionSeat.service_id, SessionSeat.id)
        .where(SessionSeat.status == "scheduled", SessionSeat.starts_at > now)
        .order_by(SessionSeat.starts_at)
    )
    workshops = {one.id for one in services if one.service_type == words.WORKSHOP}
    return Cast(
        clients=[demo, *others],
        sessions=_spread(sessions),
        workshops=[(service_id, seat_id) for service_id, seat_id in seats if service_id in workshops],
        purchases=[one.id for one in services if one.service_type in (*words.CREDIT_KINDS, words.COURSE)],
    )


def _spread(ids: list[int]) -> list[int]:
    """Return some of the services, from all over the list, so that many practitioners appear."""
    return ids[:: max(1, len(ids) // SERVICES)][:SERVICES]


def _can_be_booked(session: Session, service: Service) -> bool:
    offer = find_offer(session, service.id)
    return offer is not None and offer.takes_bookings and offer.calendar is not None


def _play(scene: Callable[[Session], object]) -> int:
    """Run one scene in a transaction of its own; one that can not be is left out."""
    try:
        with transaction() as session:
            scene(session)
    except DomainError as refused:
        log.info("demo booking left out: %s", refused.code)
        return 0
    return 1


def _pairs(cast: Cast) -> Iterator[tuple[int, int]]:
    for number, service in enumerate(cast.sessions * 2):
        yield cast.clients[number % len(cast.clients)], service


def _past(cast: Cast, now: datetime) -> Iterator[Callable[[Session], object]]:
    """Appointments of the last weeks: most were held, one was missed, one canceled, one never paid."""
    for number, (client, service) in enumerate(_pairs(cast)):
        then = now - timedelta(days=20 - number % 12)
        if number == 3:
            yield _lived(client, service, then, afterwards=_missed)
        elif number == 5:
            yield _lived(client, service, then, afterwards=_canceled(then))
        else:
            yield _lived(client, service, then, afterwards=_held)
    yield lambda session: _book(session, cast.clients[0], cast.sessions[-1], now - timedelta(hours=1), paid_here=False)


def _to_come(cast: Cast, now: datetime) -> Iterator[Callable[[Session], object]]:
    """Appointments to come: paid in person, one by the client's own credits, one that still waits."""
    for number, (client, service) in enumerate(_pairs(cast)):
        if number < len(cast.sessions):
            yield _booked(client, service, now, skip=number)
    yield lambda session: _book(session, cast.clients[0], cast.sessions[0], now, skip=30, paid_here=False)
    if len(cast.clients) > 1:
        yield lambda session: _book(session, cast.clients[1], cast.sessions[-1], now, skip=40, paid_here=False)


def _seats(cast: Cast, now: datetime) -> Iterator[Callable[[Session], object]]:
    """Seats in the coming workshops."""
    for number, (service, seat) in enumerate(cast.workshops[:6]):
        for client in cast.clients[: 2 + number % 3]:
            wish = Wish(service=service, service_session_id=seat, user_id=client, collect=words.IN_PERSON)
            yield _granted(wish, now)


def _purchases(cast: Cast, now: datetime) -> Iterator[Callable[[Session], object]]:
    """A few packages, bundles and courses, so that there are session credits."""
    for number, service in enumerate(cast.purchases[:4]):
        client = cast.clients[0 if number < 2 else number % len(cast.clients)]
        wish = Wish(service=service, user_id=client, collect=words.IN_PERSON)
        yield _granted(wish, now)


def _granted(wish: Wish, now: datetime) -> Callable[[Session], object]:
    return lambda session: _confirmed(session, create_booking(session, wish, by=STAFF, now=now), now)


def _booked(client: int, service: int, then: datetime, *, skip: int) -> Callable[[Session], object]:
    return lambda session: _book(session, client, service, then, skip=skip, paid_here=True)


def _lived(client: int, service: int, then: datetime, *, afterwards: Afterwards) -> Callable[[Session], object]:
    """A booking of the past with what became of it, paid by the client's credits.

    Payments hears of it as of any other, takes the credits and gives the practitioner what was earned; that it was paid
    is noted here at once, since its hold ran out long ago.
    """

    def scene(session: Session) -> None:
        booking = _book(session, client, service, then, paid_here=False)
        if booking is not None:
            take_payment(session, booking.id, paid_cents=booking.final_amount_cents, order_uuid=None, now=then)
            afterwards(session, booking)

    return scene


def _book(
    session: Session, client: int, service: int, then: datetime, *, skip: int = 0, paid_here: bool
) -> Booking | None:
    """Book a free time as it was offered `then`; paid in person by staff, or through payments by the client."""
    offer = find_offer(session, service)
    if offer is None or offer.calendar is None or offer.practitioner is None:
        return None
    zone = zone_named("UTC")
    assert zone is not None
    busy = spans(taken_between(session, offer.practitioner.id, then, then + timedelta(days=62), now=then))
    free = first_slots(
        offer.calendar, offer.bookable(), busy, day_from=then.date(), zone=zone, now=then, count=skip + 1
    )
    if not free:
        return None
    start = free[-1].start
    if not paid_here:
        by = Identity(user_id=client, roles=frozenset({"user"}))
        return create_booking(session, Wish(service=service, start_time=start), by=by, now=then)
    wish = Wish(service=service, start_time=start, user_id=client, collect=words.IN_PERSON)
    return _confirmed(session, create_booking(session, wish, by=STAFF, now=then), then)


def _confirmed(session: Session, booking: Booking, now: datetime) -> Booking:
    return confirm_booking(session, str(booking.id), by=STAFF, collect=words.IN_PERSON, now=now)


def _held(session: Session, booking: Booking) -> None:
    assert booking.end_time is not None
    if booking.end_time < utc_now():
        complete_booking(session, str(booking.id), by=STAFF, now=booking.end_time)


def _missed(session: Session, booking: Booking) -> None:
    assert booking.end_time is not None
    if booking.end_time < utc_now():
        with suppress(DomainError):
            mark_no_show(session, str(booking.id), by=STAFF, now=booking.end_time, reason="Nobody came")


def _canceled(then: datetime) -> Afterwards:
    def cancel(session: Session, booking: Booking) -> None:
        by = Identity(user_id=booking.client_id, roles=frozenset({"user"}))
        cancel_booking(session, booking.id, Cancellation(reason="Something came up"), by=by, now=then)

    return cancel
