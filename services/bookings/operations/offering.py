"""Offering places to people in line, in their order."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.bookings.domain.errors import SessionFull, SessionUnavailable
from services.bookings.events import WaitlistChanged, WaitlistSpotOpened
from services.bookings.models import Service, SessionSeat, WaitlistEntry
from services.bookings.models.offers import find_offer
from services.bookings.operations.occupying import keep_seat
from services.bookings.operations.waiting import EXPIRED, NOTIFIED, WAITING, first_free, leave_line
from shared.messaging import record

EXCLUSIVE = timedelta(hours=2)
SHORTEST = timedelta(minutes=15)
BATCH = 200


def offer_place(
    session: Session,
    entry: WaitlistEntry,
    *,
    service_name: str,
    start: datetime | None,
    timezone: str,
    expires_at: datetime,
    exclusive: bool,
    now: datetime,
) -> None:
    """Offer a place to somebody in line. Emits WaitlistChanged, WaitlistSpotOpened."""
    entry.status, entry.notified_at = NOTIFIED, now
    entry.notification_count += 1
    entry.offer_expires_at, entry.offer_exclusive, entry.offered_start = expires_at, exclusive, start
    session.flush()
    record(session, WaitlistChanged.of(entry), subject=entry)
    record(
        session,
        WaitlistSpotOpened(
            entry_id=entry.id,
            user_id=entry.user_id,
            service_id=entry.service_id,
            service_name=service_name,
            session_id=entry.service_session_id,
            start_time=start,
            timezone=timezone,
            offer_expires_at=expires_at,
            exclusive=exclusive,
        ),
        subject=entry,
    )


def seats_waited_for(session: Session, *, now: datetime) -> list[int]:
    """Return the sessions that have a free seat and somebody waiting for it."""
    rows = session.scalars(
        select(SessionSeat.id)
        .where(
            SessionSeat.status == "scheduled",
            SessionSeat.deleted_at.is_(None),
            SessionSeat.starts_at > now,
            SessionSeat.capacity.is_(None) | (SessionSeat.taken + SessionSeat.offered < SessionSeat.capacity),
            select(WaitlistEntry.id)
            .where(
                WaitlistEntry.service_session_id == SessionSeat.id,
                WaitlistEntry.service_id == SessionSeat.service_id,
                WaitlistEntry.status == WAITING,
            )
            .exists(),
        )
        .order_by(SessionSeat.id)
        .limit(200)
    )
    return list(rows)


def lapse_offers(session: Session, *, now: datetime) -> int:
    """Take back offers that nobody took in time; return how many. Emits WaitlistChanged."""
    lapsed = session.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.status == NOTIFIED, WaitlistEntry.offer_expires_at <= now)
        .order_by(WaitlistEntry.offer_expires_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for entry in lapsed:
        leave_line(session, entry, status=EXPIRED)
    return len(lapsed)


def close_lines(session: Session, *, now: datetime) -> int:
    """End the waiting for sessions that have begun or are off; return how many waited. Emits WaitlistChanged."""
    over = session.scalars(
        select(WaitlistEntry)
        .join(SessionSeat, SessionSeat.id == WaitlistEntry.service_session_id)
        .where(
            WaitlistEntry.status == WAITING,
            (SessionSeat.status != "scheduled") | (SessionSeat.starts_at <= now) | SessionSeat.deleted_at.is_not(None),
        )
        .order_by(WaitlistEntry.id)
        .limit(BATCH)
        .with_for_update(of=WaitlistEntry, skip_locked=True)
    ).all()
    for entry in over:
        leave_line(session, entry, status=EXPIRED)
    return len(over)


def offer_seats(session: Session, session_id: int, *, now: datetime) -> None:
    """Offer the free seats of a dated session: one person each for two hours, or to all at once shortly before.

    Emits WaitlistSpotOpened.
    """
    seat = session.get(SessionSeat, session_id)
    if seat is None or seat.starts_at is None:
        return
    left = seat.starts_at - now
    exclusive = left >= EXCLUSIVE
    expires_at = now + max(min(EXCLUSIVE, left / 2), SHORTEST) if exclusive else seat.starts_at
    waiting = session.scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.service_id == seat.service_id,
            WaitlistEntry.service_session_id == session_id,
            WaitlistEntry.status == WAITING,
        )
        .order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    service = session.get(Service, seat.service_id)
    for entry in waiting:
        if exclusive:
            try:
                keep_seat(session, session_id, now=now)
            except (SessionFull, SessionUnavailable):
                return
        offer_place(
            session,
            entry,
            service_name=service.name if service else "",
            start=seat.starts_at,
            timezone=seat.timezone,
            expires_at=expires_at,
            exclusive=exclusive,
            now=now,
        )


def services_waited_for(session: Session, *, now: datetime) -> list[int]:
    """Return the services that somebody waits for without a session, and of which nobody was told lately."""
    rows = session.scalars(
        select(WaitlistEntry.service_id)
        .where(WaitlistEntry.service_session_id.is_(None), WaitlistEntry.status.in_((WAITING, NOTIFIED)))
        .group_by(WaitlistEntry.service_id)
        .having(
            func.count().filter(WaitlistEntry.status == WAITING) > 0,
            func.coalesce(func.max(WaitlistEntry.notified_at), now - SHORTEST) <= now - SHORTEST,
        )
        .order_by(WaitlistEntry.service_id)
        .limit(BATCH)
    )
    return list(rows)


def offer_time(session: Session, service_id: int, *, now: datetime) -> None:
    """Tell the first in a service's line of a free time, which is not kept for them. Emits WaitlistSpotOpened."""
    entry = session.scalar(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.service_id == service_id,
            WaitlistEntry.service_session_id.is_(None),
            WaitlistEntry.status == WAITING,
        )
        .order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    offer = find_offer(session, service_id) if entry is not None else None
    if entry is None or offer is None or not offer.takes_bookings:
        return
    start = first_free(session, offer, now=now)
    calendar = offer.calendar
    if start is None or calendar is None:
        return
    offer_place(
        session,
        entry,
        service_name=offer.service.name,
        start=start,
        timezone=calendar.zone.key,
        expires_at=now + SHORTEST,
        exclusive=False,
        now=now,
    )
