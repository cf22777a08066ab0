"""Booking: the one place where time and seats are given away to clients."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import HoldExpired, SlotTaken
from services.bookings.models import Booking, Hold, WaitlistEntry
from services.bookings.models.busy import Taken, is_sold, look_while_held
from services.bookings.models.occupancy import HOLD
from services.bookings.operations import courses, packages, spending, tokens, waiting
from services.bookings.operations.building import announce_new, insert, new_booking
from services.bookings.operations.checking import (
    Request,
    check_limits,
    check_offer,
    check_slot,
    place_for,
    price_of,
    times_of,
    understand,
)
from services.bookings.operations.expiring import clear_stale
from services.bookings.operations.occupying import drop_holds, lock_calendar, take_time_of
from services.bookings.operations.seating import give_seat
from services.bookings.operations.wishes import Wish
from shared.errors import Invalid
from shared.identity import Identity


def create_booking(session: Session, wish: Wish, *, by: Identity, now: datetime) -> Booking:
    """Book what is wished for: a time, a seat, a course, a package or a bundle, or spend a session credit.

    The slot or the seat is taken in this transaction; unpaid, it is kept for the hold's minutes. Raises Invalid,
    FieldForbidden, OwnService, NotBookable, NotOnSale, LimitReached, SlotTaken, SlotUnavailable, SessionFull,
    SessionUnavailable, AlreadyBooked, NoSessionCredit, CreditExpired, HoldExpired. Emits BookingCreated, and
    BookingConfirmed where there is nothing to pay.
    """
    if _is_lost(session, wish, by=by, now=now):
        raise SlotTaken
    request = understand(session, wish, by=by, now=now)
    if wish.use_session_credit or wish.parent_booking is not None:
        check_offer(request, is_credit=True)
        return _spend(session, request)
    check_offer(request)
    return _create(session, request)


def _is_lost(session: Session, wish: Wish, *, by: Identity, now: datetime) -> bool:
    """Whether somebody for whom nothing out of the ordinary is asked wants a time that is somebody else's already.

    Of many who want one time nearly all end here, so this comes before everything else that could be said of a wish.
    """
    start = wish.start_time
    if start is None or start <= now or not isinstance(wish.service, int):
        return False
    if by.practitioner_id is not None or by.is_staff or wish != wish.ordinary:
        return False
    assert wish.practitioner is None or isinstance(wish.practitioner, int)
    return is_sold(session, wish.service, start, wish.end_time, practitioner_id=wish.practitioner, now=now)


def _spend(session: Session, request: Request) -> Booking:
    return _instead_of_waiting(session, request, spending.spend)


def _create(session: Session, request: Request) -> Booking:
    kind = request.service.service_type
    if kind == words.WORKSHOP:
        return _book_seat(session, request)
    ways = {words.PACKAGE: packages.buy, words.BUNDLE: packages.buy, words.COURSE: courses.enrol}
    return _instead_of_waiting(session, request, ways.get(kind, book_time))


def _instead_of_waiting(session: Session, request: Request, book: Callable[[Session, Request], Booking]) -> Booking:
    """Book, and let the place on a waitlist that the wish names become this booking."""
    if request.wish.waitlist_entry_id is None:
        return book(session, request)
    entry = waiting.take_offer(session, request)
    # The seat that was kept goes back first, and is taken as any other within the same transaction.
    waiting.give_back(session, entry)
    booking = book(session, request)
    waiting.convert(session, entry, booking)
    return booking


def book_time(session: Session, request: Request) -> Booking:
    """Book an appointment at the wished time, which becomes the caller's only if nobody else has it."""
    start, end = times_of(request)
    price, discount = price_of(request)
    location_id = place_for(session, request)
    calendar, who = request.offer.calendar, request.practitioner.id
    assert calendar is not None
    until, override = end + timedelta(minutes=calendar.buffer_minutes), request.wish.override_availability

    def is_lost(seen: list[Taken]) -> None:
        if request.wish.hold_token is None:
            check_slot(request.offer, seen, start, end, now=request.now, override=override)

    held = look_while_held(session, who, start, until, client_id=request.client_id, now=request.now, is_lost=is_lost)
    taken = held.taken
    check_limits(session, request, pending=held.pending)
    hold = _own_hold(session, request)
    if hold is not None:
        taken = [one for one in taken if (one.source, one.source_id) != (HOLD, hold.id)]
    if hold is None or hold.start_time != start:
        check_slot(request.offer, taken, start, end, now=request.now, override=override)
    if any(not one.is_stale for one in clear_stale(session, taken, now=request.now)):
        raise SlotTaken
    if hold is not None:
        drop_holds(session, [hold])
    booking = new_booking(
        request,
        kind=words.SESSION,
        start=start,
        end=end,
        price_cents=price,
        discount_cents=discount,
        location_id=location_id,
    )
    insert(session, booking)
    take_time_of(session, booking)
    announce_new(session, booking, request)
    return booking


def _book_seat(session: Session, request: Request) -> Booking:
    seat, wish = request.seat, request.wish
    if seat is None:
        raise Invalid.field("service_session_id", "Choose one of the workshop's sessions.")
    price, discount = price_of(request)
    location_id = place_for(session, request)
    if request.service.max_per_customer is not None or request.practitioner.limits:
        lock_calendar(session, request.practitioner.id)
    check_limits(session, request)
    hold = _own_hold(session, request)
    if wish.waitlist_entry_id:
        entry: WaitlistEntry | None = waiting.take_offer(session, request)
    else:
        entry = waiting.own_place(session, request.client_id, seat.id)
    was_offered = entry is not None and entry.offer_exclusive
    if hold is not None:
        drop_holds(session, [hold])
    give_seat(session, seat.id, now=request.now, was_offered=was_offered)
    booking = new_booking(
        request,
        kind=words.WORKSHOP,
        start=seat.starts_at,
        end=seat.ends_at,
        price_cents=price,
        discount_cents=discount,
        location_id=location_id,
    )
    insert(session, booking)
    announce_new(session, booking, request)
    if entry is not None:
        waiting.convert(session, entry, booking)
    return booking


def _own_hold(session: Session, request: Request) -> Hold | None:
    """Return the caller's live hold that the token names, locked. Raises HoldExpired."""
    token = request.wish.hold_token
    if token is None:
        return None
    hold = session.scalar(select(Hold).where(Hold.token_hash == tokens.digest(token)).with_for_update())
    if (
        hold is None
        or hold.user_id != request.by.user_id
        or hold.expires_at <= request.now
        or hold.service_id != request.service.id
        or hold.practitioner_id != request.practitioner.id
        or hold.service_session_id != request.wish.service_session_id
    ):
        raise HoldExpired
    return hold
