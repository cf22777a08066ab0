"""A practitioner's own calendar: what is open, booked and free, day by day and in sum."""

import calendar as months
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.models import BookingCopy, Practitioner
from services.practitioners.models.calendar import calendar_of
from shared.localtime import local_day, start_of_day
from shared.scheduling import Calendar, WorkingDay, working_days

_HELD = ("confirmed", "in_progress", "completed")
Span = tuple[datetime, datetime]


def month_of(
    session: Session, practitioner: Practitioner, *, year: int, month: int, now: datetime
) -> list[dict[str, Any]]:
    """Return each day of a month: its hours, what is booked, what is free."""
    first, last = date(year, month, 1), date(year, month, months.monthrange(year, month)[1])
    calendar = calendar_of(session, practitioner, now=now, since=first - timedelta(days=1))
    held = _booked(session, practitioner, calendar, first, last)
    return [_day(day, held, calendar) for day in working_days(calendar, day_from=first, day_to=last)]


def _day(day: WorkingDay, held: list[Span], calendar: Calendar) -> dict[str, Any]:
    zone = calendar.zone_of(calendar.schedule_for())
    mine = [span for span in held if local_day(span[0], zone.key) == day.date]
    booked = sum(_minutes(*span) for span in mine)
    taken = sum(_shared(window, span) for window in day.windows for span in mine)
    free = max(sum(_minutes(*window) for window in day.windows) - taken, 0)
    return {
        "date": day.date,
        "status": _status(day, booked=booked, free=free),
        "windows": [{"start_time": start, "end_time": end} for start, end in day.windows],
        "booked_minutes": booked,
        "free_minutes": free,
        "bookings": len(mine),
        "holiday": "Holiday" if day.is_holiday else None,
    }


def _status(day: WorkingDay, *, booked: int, free: int) -> str:
    if not day.windows:
        return "time_off" if day.is_time_off else "holiday" if day.is_holiday else "closed"
    if booked == 0:
        return "open"
    return "partly_booked" if free else "fully_booked"


def utilization(
    session: Session, practitioner: Practitioner, *, first: date, last: date, now: datetime
) -> dict[str, Any]:
    """Return how much of the open hours between two days (both included) is booked."""
    calendar = calendar_of(session, practitioner, now=now, since=first - timedelta(days=1))
    days = working_days(calendar, day_from=first, day_to=last)
    held = _booked(session, practitioner, calendar, first, last)
    zone = calendar.zone_of(calendar.schedule_for())
    open_minutes = sum(_minutes(*window) for day in days for window in day.windows)
    booked_minutes = sum(_minutes(*span) for span in held)
    hours = Counter(start.astimezone(zone).hour for start, _end in held)
    return {
        "period": {"start": first, "end": last},
        "utilization_rate": round(min(100 * booked_minutes / open_minutes, 100.0), 2) if open_minutes else 0.0,
        "total_available_hours": round(open_minutes / 60, 2),
        "total_booked_hours": round(booked_minutes / 60, 2),
        "total_bookings": len(held),
        "peak_hours": [{"hour": hour, "bookings": count} for hour, count in sorted(hours.items())],
    }


def _booked(session: Session, practitioner: Practitioner, calendar: Calendar, first: date, last: date) -> list[Span]:
    zone = calendar.zone_of(calendar.schedule_for()).key
    rows = session.execute(
        select(BookingCopy.start_time, BookingCopy.end_time).where(
            BookingCopy.practitioner_id == practitioner.id,
            BookingCopy.kind == "session",
            BookingCopy.status.in_(_HELD),
            BookingCopy.start_time >= start_of_day(first, zone),
            BookingCopy.start_time < start_of_day(last + timedelta(days=1), zone),
            BookingCopy.deleted_at.is_(None),
        )
    )
    return [(start, end) for start, end in rows if start and end]


def _minutes(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds()) // 60


def _shared(one: Span, other: Span) -> int:
    return max(_minutes(max(one[0], other[0]), min(one[1], other[1])), 0)
