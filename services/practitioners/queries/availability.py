"""Free times as they are shown, and what a practitioner keeps about them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain.countries import NUMBER_BY_CODE
from services.practitioners.domain.errors import PractitionerNotFound
from services.practitioners.domain.hours import occurrences
from services.practitioners.models import (
    BookingCopy,
    DateOverride,
    OutOfOffice,
    Practitioner,
    Preference,
    Service,
    TimeBlock,
)
from services.practitioners.models.calendar import block_of, calendar_of
from services.practitioners.models.free_time import bookable, busy_times
from services.practitioners.models.referring import referred_to
from services.practitioners.queries.schedules import override_of
from shared.errors import Invalid
from shared.localtime import local_day, start_of_day
from shared.scheduling import Bookable, Calendar, Slot, first_slots, is_offered, slots

Busy = Sequence[tuple[datetime, datetime]]
DEFAULT_MINUTES = 60
LOOK_AHEAD_DAYS = 366
DAYS_EXPLAINED = 60


def shown_practitioner(session: Session, reference: str) -> Practitioner:
    """Return a practitioner whose free times anybody may ask for. Raises PractitionerNotFound."""
    practitioner = session.scalar(select(Practitioner).where(referred_to(reference)))
    if practitioner is None or not practitioner.is_visible:
        raise PractitionerNotFound
    return practitioner


def asked_service(
    session: Session, practitioner: Practitioner, *, service_id: int | None, minutes: int | None
) -> tuple[Bookable, Service | None]:
    """Return what free times are asked for. Raises Invalid for a service that is not this practitioner's."""
    if service_id is None:
        return Bookable(service_id=None, duration_minutes=minutes or DEFAULT_MINUTES), None
    service = session.get(Service, service_id)
    if service is None or service.deleted_at is not None or practitioner.id not in service.practitioner_ids:
        raise Invalid.field("service_id", "This practitioner has no such service.")
    wanted = bookable(service)
    return (replace(wanted, duration_minutes=minutes) if minutes else wanted), service


def calendar_and_busy(session: Session, practitioner: Practitioner, *, now: datetime) -> tuple[Calendar, Busy]:
    """Return what free times follow from; the calendar is closed while the practitioner is not listed."""
    calendar = calendar_of(session, practitioner, now=now)
    busy = busy_times(session, practitioner.id, start=now, end=now + timedelta(days=LOOK_AHEAD_DAYS + 2))
    return replace(calendar, is_active=calendar.is_active and practitioner.is_listed), busy


def availability(
    session: Session, practitioner: Practitioner, query: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Return the free times of some days, or why there are none. Raises Invalid."""
    wanted, service = asked_service(
        session, practitioner, service_id=query.get("service_id"), minutes=query.get("duration_minutes")
    )
    zone = ZoneInfo(query["timezone"])
    calendar, busy = calendar_and_busy(session, practitioner, now=now)
    found = slots(calendar, wanted, busy, day_from=query["start_date"], day_to=query["end_date"], zone=zone, now=now)
    return {
        "practitioner_id": practitioner.id,
        "timezone": query["timezone"],
        "practitioner_timezone": found.schedule_zone,
        "available_slots": [slot_body(slot, wanted, service) for slot in found.slots],
        "reason": str(found.reason) if found.reason else None,
        "next_available_date": _next_start(calendar, wanted, busy, found.slots, zone=zone, now=now),
    }


def _next_start(
    calendar: Calendar, wanted: Bookable, busy: Busy, found: Sequence[Slot], *, zone: ZoneInfo, now: datetime
) -> datetime | None:
    if found:
        return found[0].start
    today = local_day(now, zone.key)
    later = first_slots(
        calendar, wanted, busy, day_from=today, zone=zone, now=now, days=calendar.advance_booking_max_days + 1
    )
    return later[0].start if later else None


def next_slots(session: Session, practitioner: Practitioner, query: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return the next free times from a day on. Raises Invalid."""
    wanted, service = asked_service(session, practitioner, service_id=query.get("service_id"), minutes=None)
    zone = ZoneInfo(query["timezone"])
    calendar, busy = calendar_and_busy(session, practitioner, now=now)
    found = first_slots(
        calendar,
        wanted,
        busy,
        day_from=query.get("from_day") or local_day(now, zone.key),
        zone=zone,
        now=now,
        days=LOOK_AHEAD_DAYS,
        count=query["count"],
    )
    return {
        "practitioner_id": practitioner.id,
        "timezone": query["timezone"],
        "next_available_slots": [slot_body(slot, wanted, service) for slot in found],
    }


def slot_body(slot: Slot, wanted: Bookable, service: Service | None) -> dict[str, Any]:
    """Return a free time as it is answered."""
    return {
        "date": slot.local_start.date(),
        "start_time": slot.start,
        "end_time": slot.end,
        "local_start": slot.local_start,
        "duration_minutes": wanted.duration_minutes,
        "is_available": True,
        "service_types": [service.service_type] if service else ["session"],
        "booking_id": None,
        "service_name": None,
    }


_SENTENCES = {
    "not_bookable": "This practitioner can not be booked at the moment.",
    "no_schedule": "This practitioner has no working hours.",
    "too_far": "This is further ahead than bookings are taken.",
    "too_soon": "This is too soon to be booked.",
    "time_off": "The practitioner is away.",
    "holiday": "This is a holiday.",
    "not_working": "This is outside the working hours.",
    "overlap": "This time is taken.",
    "not_on_grid": "Appointments do not start at this time.",
}


def slot_check(session: Session, practitioner: Practitioner, body: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return whether one start is free, or why not. Raises Invalid."""
    wanted, _service = asked_service(
        session, practitioner, service_id=body.get("service_id"), minutes=body.get("duration_minutes")
    )
    zone = ZoneInfo(body["timezone"])
    start_time: time = body["start_time"].replace(tzinfo=None)
    start = datetime.combine(body["date"], start_time, tzinfo=zone).astimezone(ZoneInfo("UTC"))
    calendar, busy = calendar_and_busy(session, practitioner, now=now)
    refusal = is_offered(calendar, wanted, busy, start, now=now)
    return {
        "available": refusal is None,
        "message": _SENTENCES.get(str(refusal.reason), "This time is not free.") if refusal else "This time is free.",
        "reason": str(refusal.reason) if refusal else None,
        "requested_slot": {
            "start_time": start,
            "end_time": start + timedelta(minutes=wanted.duration_minutes),
            "timezone": body["timezone"],
        },
    }


def preference_body(preference: Preference, practitioner: Practitioner) -> dict[str, Any]:
    """Return how somebody can be booked, as it is answered."""
    names = (
        *("timezone", "country_code", "region", "holidays", "respect_holidays", "advance_booking_min_hours"),
        *("advance_booking_max_days", "slot_interval_minutes", "is_active", "auto_accept_bookings"),
    )
    return {
        "id": preference.practitioner_id,
        **{name: getattr(preference, name) for name in names},
        "country": NUMBER_BY_CODE.get(preference.country_code or ""),
        "buffer_time": practitioner.buffer_minutes,
    }


def absences(
    session: Session, practitioner: Practitioner, zone: str, *, past: bool, archived: bool, now: datetime
) -> list[dict[str, Any]]:
    """Return days away, in order."""
    statement = select(OutOfOffice).where(OutOfOffice.practitioner_id == practitioner.id)
    if not past:
        statement = statement.where(OutOfOffice.to_date >= local_day(now, zone))
    if not archived:
        statement = statement.where(OutOfOffice.is_archived.is_(False))
    rows = session.scalars(statement.order_by(OutOfOffice.from_date, OutOfOffice.id)).all()
    return [absence_body(session, row, zone) for row in rows]


def absence_body(session: Session, row: OutOfOffice, zone: str) -> dict[str, Any]:
    """Return days away, and how many bookings lie in them."""
    start, end = start_of_day(row.from_date, zone), start_of_day(row.to_date + timedelta(days=1), zone)
    names = ("id", "from_date", "to_date", "title", "is_archived", "created_at", "updated_at")
    return {
        **{name: getattr(row, name) for name in names},
        "conflicting_bookings": _bookings_within(session, row.practitioner_id, [(start, end)]),
    }


def overrides(
    session: Session, practitioner: Practitioner, *, first: date, last: date | None, schedule_id: int | None
) -> list[dict[str, Any]]:
    """Return dates with hours of their own, in order."""
    statement = select(DateOverride).where(DateOverride.practitioner_id == practitioner.id, DateOverride.date >= first)
    if last is not None:
        statement = statement.where(DateOverride.date <= last)
    if schedule_id is not None:
        statement = statement.where(DateOverride.schedule_id == schedule_id)
    return [override_of(row) for row in session.scalars(statement.order_by(DateOverride.date, DateOverride.id))]


def blocks(
    session: Session, practitioner: Practitioner, *, start: datetime | None, end: datetime | None
) -> list[dict[str, Any]]:
    """Return blocked times, in order; recurring ones while they may still recur."""
    statement = select(TimeBlock).where(TimeBlock.practitioner_id == practitioner.id)
    if start is not None:
        statement = statement.where((TimeBlock.ends_at >= start) | (TimeBlock.until >= start.date()))
    if end is not None:
        statement = statement.where(TimeBlock.starts_at < end)
    rows = session.scalars(statement.order_by(TimeBlock.starts_at, TimeBlock.id)).all()
    return [block_body(session, row) for row in rows]


def block_body(session: Session, row: TimeBlock) -> dict[str, Any]:
    """Return blocked time as it is answered."""
    spans = occurrences(block_of(row), until=row.until or row.ends_at.date())
    return {
        "id": row.id,
        "start_datetime": row.starts_at,
        "end_datetime": row.ends_at,
        "reason": row.reason,
        "is_recurring": row.rrule is not None,
        "rrule": row.rrule,
        "recurrence_end_date": row.until,
        "conflicting_bookings": _bookings_within(session, row.practitioner_id, spans),
    }


def _bookings_within(session: Session, practitioner_id: int, spans: Busy) -> int:
    """Return how many confirmed bookings touch any of these stretches."""
    if not spans:
        return 0
    rows = session.execute(
        select(BookingCopy.start_time, BookingCopy.end_time).where(
            BookingCopy.practitioner_id == practitioner_id,
            BookingCopy.status == "confirmed",
            BookingCopy.start_time < max(end for _, end in spans),
            BookingCopy.start_time > min(start for start, _ in spans) - timedelta(days=1),
            BookingCopy.deleted_at.is_(None),
        )
    )
    return sum(any(start < last and first < end for first, last in spans) for start, end in rows if start and end)


def why_none(session: Session, practitioner: Practitioner, *, now: datetime) -> str:
    """Return why a practitioner has no free time at all."""
    calendar, busy = calendar_and_busy(session, practitioner, now=now)
    today = local_day(now, calendar.timezone)
    found = slots(
        calendar,
        Bookable(service_id=None, duration_minutes=DEFAULT_MINUTES),
        busy,
        day_from=today,
        day_to=today + timedelta(days=min(calendar.advance_booking_max_days, DAYS_EXPLAINED)),
        zone=calendar.zone,
        now=now,
    )
    return str(found.reason or "not_bookable")
