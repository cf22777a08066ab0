"""Waitlists: joining, being offered a place in order, taking it or letting it go."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import (
    AlreadyBooked,
    AlreadyWaiting,
    EntryNotFound,
    InvalidTransition,
    LimitReached,
    OfferExpired,
    OwnService,
    ServiceNotFound,
    WaitlistClosed,
    WaitlistNotNeeded,
)
from services.bookings.events import WaitlistChanged
from services.bookings.models import Booking, WaitlistEntry
from services.bookings.models.busy import spans, taken_between
from services.bookings.models.offers import Offer, Reference, find_offer
from services.bookings.operations.checking import Request
from services.bookings.operations.occupying import let_seat_go
from shared.errors import Invalid
from shared.identity import Identity
from shared.ids import uuid7
from shared.messaging import record
from shared.scheduling import first_slots, zone_named

WAITING = "waiting"
NOTIFIED = "notified"
CONVERTED = "converted"
EXPIRED = "expired"
REMOVED = "removed"
STATUSES = (WAITING, NOTIFIED, CONVERTED, EXPIRED, REMOVED)
LINES_MAX = 20
LOOK_DAYS = 14


def join_line(
    session: Session,
    service: Reference,
    *,
    service_session_id: int | None,
    notes: str | None,
    by: Identity,
    now: datetime,
    unknown_service_is_absent: bool,
) -> WaitlistEntry:
    """Put the caller at the end of the line.

    Raises Invalid, ServiceNotFound, OwnService, WaitlistClosed, WaitlistNotNeeded, AlreadyBooked, AlreadyWaiting,
    LimitReached. Emits WaitlistChanged.
    """
    offer = find_offer(session, service, service_session_id=service_session_id, client_id=by.user_id)
    if offer is None:
        if unknown_service_is_absent:
            raise ServiceNotFound
        raise Invalid.field("service", "There is no such service.")
    if offer.practitioner is not None and offer.practitioner.user_id == by.user_id:
        raise OwnService
    if service_session_id is not None and (offer.seat is None or offer.seat.service_id != offer.service.id):
        raise Invalid.field("service_session", "This service has no such session.")
    _check_needed(session, offer, by=by, now=now)
    entry = WaitlistEntry(
        id=uuid7(),
        service_id=offer.service.id,
        service_session_id=service_session_id,
        practitioner_user_id=offer.practitioner.user_id if offer.practitioner else 0,
        user_id=by.user_id,
        joined_at=now,
        notes=notes,
        version=1,
    )
    _insert(session, entry)
    record(session, WaitlistChanged.of(entry), subject=entry)
    return entry


def _insert(session: Session, entry: WaitlistEntry) -> None:
    """Write the entry, or say where the caller stands already."""
    names = ("id", "service_id", "service_session_id", "practitioner_user_id", "user_id", "joined_at", "notes")
    values = {name: getattr(entry, name) for name in names}
    written = session.execute(
        insert(WaitlistEntry)
        .values(**values, status=WAITING, version=1, notification_count=0, offer_exclusive=False)
        .on_conflict_do_nothing()
        .returning(WaitlistEntry.id)
    ).first()
    if written is not None:
        entry.status = WAITING
        return
    held = session.scalar(
        select(WaitlistEntry).where(
            WaitlistEntry.service_id == entry.service_id,
            WaitlistEntry.service_session_id.is_not_distinct_from(entry.service_session_id),
            WaitlistEntry.user_id == entry.user_id,
            WaitlistEntry.status.in_((WAITING, NOTIFIED)),
        )
    )
    raise AlreadyWaiting(errors={"position": [str(position_of(session, held)) if held else "1"]})


def _check_needed(session: Session, offer: Offer, *, by: Identity, now: datetime) -> None:
    seat, service = offer.seat, offer.service
    if service.status != "active" or not service.is_active:
        raise WaitlistClosed
    lines = session.scalar(
        select(func.count()).where(WaitlistEntry.user_id == by.user_id, WaitlistEntry.status.in_((WAITING, NOTIFIED)))
    )
    if (lines or 0) >= LINES_MAX:
        raise LimitReached(f"You can wait in {LINES_MAX} lines at most.")
    if seat is not None:
        if seat.deleted_at is not None or seat.status != "scheduled" or seat.starts_at is None or seat.starts_at <= now:
            raise WaitlistClosed
        if _is_booked(session, by.user_id, seat.id):
            raise AlreadyBooked
        if seat.spots != 0 and not _anybody_waits(session, offer):
            raise WaitlistNotNeeded
        return
    if service.service_type in (words.WORKSHOP, words.COURSE):
        raise Invalid.field("service_session", "Choose one of its sessions.")
    if _has_free_time(session, offer, now=now):
        raise WaitlistNotNeeded


def _is_booked(session: Session, user_id: int, session_id: int) -> bool:
    return (
        session.scalar(
            select(Booking.id).where(
                Booking.client_id == user_id,
                Booking.service_session_id == session_id,
                Booking.status.in_(words.OPEN),
            )
        )
        is not None
    )


def _anybody_waits(session: Session, offer: Offer) -> bool:
    assert offer.seat is not None
    return (
        session.scalar(
            select(WaitlistEntry.id)
            .where(WaitlistEntry.service_session_id == offer.seat.id, WaitlistEntry.status == WAITING)
            .limit(1)
        )
        is not None
    )


def _has_free_time(session: Session, offer: Offer, *, now: datetime) -> bool:
    return first_free(session, offer, now=now) is not None


def first_free(session: Session, offer: Offer, *, now: datetime) -> datetime | None:
    """Return the first offered start of the next fourteen days, or None."""
    calendar, practitioner = offer.calendar, offer.practitioner
    if calendar is None or practitioner is None:
        return None
    zone = zone_named("UTC")
    assert zone is not None
    taken = taken_between(session, practitioner.id, now, now + timedelta(days=LOOK_DAYS + 2), now=now)
    found = first_slots(
        calendar, offer.bookable(), spans(taken), day_from=now.date(), zone=zone, now=now, days=LOOK_DAYS
    )
    return found[0].start if found else None


def position_of(session: Session, entry: WaitlistEntry) -> int:
    """Return the place in the line, 1 being next."""
    ahead = session.scalar(
        select(func.count()).where(
            WaitlistEntry.service_id == entry.service_id,
            WaitlistEntry.service_session_id.is_not_distinct_from(entry.service_session_id),
            WaitlistEntry.status == WAITING,
            (WaitlistEntry.joined_at < entry.joined_at)
            | ((WaitlistEntry.joined_at == entry.joined_at) & (WaitlistEntry.id < entry.id)),
        )
    )
    return (ahead or 0) + 1


def lock_entry(session: Session, entry_id: object, *, user_id: int | None = None) -> WaitlistEntry:
    """Return the entry, locked; only this user's if one is named. Raises EntryNotFound."""
    statement = select(WaitlistEntry).where(WaitlistEntry.id == entry_id)
    if user_id is not None:
        statement = statement.where(WaitlistEntry.user_id == user_id)
    entry = session.scalar(statement.with_for_update())
    if entry is None:
        raise EntryNotFound
    return entry


def take_offer(session: Session, request: Request) -> WaitlistEntry:
    """Return the caller's offered place, locked, that the wish refers to. Raises OfferExpired, InvalidTransition."""
    entry = lock_entry(session, request.wish.waitlist_entry_id, user_id=request.client_id)
    check_offered(entry, now=request.now)
    if entry.service_session_id != request.wish.service_session_id:
        raise Invalid.field("waitlist_entry_id", "This place was offered for another session.")
    return entry


def own_place(session: Session, user_id: int, session_id: int) -> WaitlistEntry | None:
    """Return the person's live place in a session's line, locked: booking a seat in another way ends it as well."""
    return session.scalar(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.service_session_id == session_id,
            WaitlistEntry.user_id == user_id,
            WaitlistEntry.status.in_((WAITING, NOTIFIED)),
        )
        .with_for_update()
    )


def check_offered(entry: WaitlistEntry, *, now: datetime) -> None:
    """Refuse a place that is not, or no longer, offered."""
    if entry.status == EXPIRED or (entry.offer_expires_at is not None and entry.offer_expires_at <= now):
        raise OfferExpired
    if entry.status != NOTIFIED:
        raise InvalidTransition.of(entry.status)


def convert(session: Session, entry: WaitlistEntry, booking: Booking) -> None:
    """Note that the place became a booking; the seat that was kept is taken by now. Emits WaitlistChanged."""
    entry.status, entry.booking_id, entry.offer_exclusive = CONVERTED, booking.id, False
    session.flush()
    record(session, WaitlistChanged.of(entry), subject=entry)


def give_back(session: Session, entry: WaitlistEntry) -> None:
    """Let go of the seat that was kept for somebody."""
    if entry.offer_exclusive and entry.service_session_id is not None:
        let_seat_go(session, entry.service_session_id)
    entry.offer_exclusive = False


def leave_line(session: Session, entry: WaitlistEntry, *, status: str = REMOVED) -> None:
    """Take somebody out of the line; a seat that was kept for them is free. Emits WaitlistChanged."""
    give_back(session, entry)
    entry.status = status
    session.flush()
    record(session, WaitlistChanged.of(entry), subject=entry)
