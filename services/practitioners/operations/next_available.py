"""The next free time of each practitioner, and which of the coming sixty days have any."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from services.practitioners.models import NextAvailableQueue, Practitioner
from services.practitioners.models.calendar import calendar_of
from services.practitioners.models.free_time import bookable_sessions, busy_times
from services.practitioners.operations.queueing import queue_next_available
from shared.localtime import local_day
from shared.scheduling import Bookable, Calendar, Slot, first_slots, slots

MAP_DAYS: Final = 60
_NOON, _EVENING = 12, 17


def compute_due(session: Session, *, now: datetime) -> bool:
    """Compute one that is queued and due; return whether there was any.

    The profile is locked before its place in the queue is given up. Whoever queues it meanwhile waits at that place
    until this is committed, or holds it until the change is: so no change is looked at too early and then forgotten.
    """
    practitioner = session.scalar(
        select(Practitioner)
        .join(NextAvailableQueue, NextAvailableQueue.practitioner_id == Practitioner.id)
        .where(NextAvailableQueue.due_at <= now)
        .order_by(NextAvailableQueue.due_at)
        .limit(1)
        .with_for_update(of=Practitioner, skip_locked=True)
    )
    if practitioner is None:
        return False
    session.execute(delete(NextAvailableQueue).where(NextAvailableQueue.practitioner_id == practitioner.id))
    compute_next_available(session, practitioner, now=now)
    return True


def compute_next_available(session: Session, practitioner: Practitioner, *, now: datetime) -> datetime | None:
    """Compute and store the earliest start of any session that is on offer. The profile's version stays."""
    earliest, free_map = (None, None)
    first_day = local_day(now, practitioner.timezone)
    if practitioner.is_listed:
        earliest, free_map = _look(session, practitioner, now=now)
    session.execute(
        update(Practitioner)
        .where(Practitioner.id == practitioner.id)
        .values(
            next_available_at=earliest,
            next_computed_at=now,
            free_from=first_day,
            free_map=free_map,
            version=Practitioner.version,
            updated_at=Practitioner.updated_at,
        )
        .execution_options(synchronize_session=False)
    )
    return earliest


def _look(session: Session, practitioner: Practitioner, *, now: datetime) -> tuple[datetime | None, str]:
    calendar = calendar_of(session, practitioner, now=now)
    busy = busy_times(session, practitioner.id, start=now, end=now + timedelta(days=MAP_DAYS + 366))
    first_day = local_day(now, practitioner.timezone)
    found: list[Slot] = []
    bits = ["0"] * (3 * MAP_DAYS)
    for service in bookable_sessions(session, practitioner.id):
        offered = slots(
            calendar,
            service,
            busy,
            day_from=first_day,
            day_to=first_day + timedelta(days=MAP_DAYS - 1),
            zone=calendar.zone,
            now=now,
        ).slots
        for slot in offered:
            part = 0 if slot.local_start.hour < _NOON else 1 if slot.local_start.hour < _EVENING else 2
            bits[3 * (slot.local_start.date() - first_day).days + part] = "1"
        found += offered[:1] or _later(calendar, service, busy, now=now)
    earliest = min((slot.start for slot in found), default=None)
    return earliest, "".join(bits)


def _later(
    calendar: Calendar, service: Bookable, busy: Sequence[tuple[datetime, datetime]], *, now: datetime
) -> tuple[Slot, ...]:
    """Look beyond the map, as far as bookings are taken."""
    if calendar.advance_booking_max_days < MAP_DAYS:
        return ()
    day_from = local_day(now, calendar.timezone) + timedelta(days=MAP_DAYS)
    return first_slots(
        calendar,
        service,
        busy,
        day_from=day_from,
        zone=calendar.zone,
        now=now,
        days=calendar.advance_booking_max_days - MAP_DAYS + 1,
    )


def queue_slipped(session: Session, *, now: datetime, batch: int = 200) -> int:
    """Queue the listed ones whose next free time has come within the notice, or was computed a day ago."""
    rows = session.scalars(
        text("""
            SELECT practitioners.id FROM practitioners
            LEFT JOIN preferences ON preferences.practitioner_id = practitioners.id
            WHERE listed AND (
                next_computed_at IS NULL OR next_computed_at < :day_ago
                OR next_available_at < CAST(:now AS timestamptz)
                   + make_interval(hours => coalesce(preferences.advance_booking_min_hours, 24)::int))
              AND NOT EXISTS (SELECT FROM next_available_queue WHERE practitioner_id = practitioners.id)
            ORDER BY next_available_at LIMIT :batch
        """),
        {"now": now, "day_ago": now - timedelta(days=1), "batch": batch},
    ).all()
    queue_next_available(session, rows)
    return len(rows)
