"""A practitioner's day plan: one event per slot, with everybody who comes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models import Booking, CalendarBlock, CalendarCopy, Hold, Service, SessionSeat, WaitlistEntry
from services.bookings.models.occupancy import SERVICE_SESSION
from services.bookings.queries import presenting
from services.bookings.queries.lists import day_bounds
from services.bookings.queries.rows import SUMMARY_ROWS
from shared.errors import Invalid
from shared.scheduling import Calendar, zone_named

DAYS_MAX = 62
ATTENDEES_MAX = 200
SHOWN = (words.PENDING, words.CONFIRMED, words.IN_PROGRESS, words.COMPLETED, words.NO_SHOW)


def day_plan(
    session: Session,
    practitioner_id: int,
    *,
    first: date,
    last: date,
    timezone: str | None,
    statuses: tuple[str, ...] | None,
    types: tuple[str, ...] | None,
    now: datetime,
) -> list[dict[str, Any]]:
    """Return what fills the days from `first` to `last`, in order. Raises Invalid for more than 62 days."""
    if last < first or (last - first).days > DAYS_MAX:
        raise Invalid.field("end_date", f"Must lie within {DAYS_MAX} days after start_date.")
    copy = session.get(CalendarCopy, practitioner_id)
    calendar = copy.calendar if copy else Calendar(practitioner_id=practitioner_id)
    zone = zone_named(timezone) or calendar.zone
    start, end = day_bounds(first, last, zone)
    assert start is not None
    assert end is not None
    rows = _bookings(session, practitioner_id, start, end, statuses or SHOWN)
    seats = _seats(session, practitioner_id, start, end)
    events = [
        *(_appointment(row) for row in rows if row["service_session_id"] is None),
        *_groups(seats, rows),
        *_holds(session, practitioner_id, start, end, now=now),
        *_away(calendar, start, end),
    ]
    if types:
        events = [event for event in events if event["type"] in types]
    _mark_conflicts(session, practitioner_id, start, end, events)
    return sorted(events, key=lambda event: (event["start_time"], event["key"]))


def _bookings(
    session: Session, practitioner_id: int, start: datetime, end: datetime, statuses: Sequence[str]
) -> list[dict[str, Any]]:
    rows = session.execute(
        SUMMARY_ROWS.add_columns(Booking.buffer_minutes, Booking.meeting_url)
        .where(
            Booking.practitioner_id == practitioner_id,
            Booking.start_time < end,
            Booking.end_time > start,
            Booking.status.in_(statuses),
            (Booking.sessions_total.is_(None)) | (Booking.parent_id.is_not(None)),
        )
        .order_by(Booking.start_time, Booking.id)
    )
    return [dict(row) for row in rows.mappings()]


def _seats(session: Session, practitioner_id: int, start: datetime, end: datetime) -> list[Any]:
    waiting = (
        select(func.count())
        .where(WaitlistEntry.service_session_id == SessionSeat.id, WaitlistEntry.status == "waiting")
        .scalar_subquery()
    )
    return list(
        session.execute(
            select(SessionSeat, Service, waiting.label("waiting"))
            .outerjoin(Service, Service.id == SessionSeat.service_id)
            .where(
                SessionSeat.practitioner_id == practitioner_id,
                SessionSeat.starts_at < end,
                SessionSeat.ends_at > start,
                SessionSeat.status.in_(("scheduled", "in_progress", "completed")),
                SessionSeat.deleted_at.is_(None),
            )
        )
    )


def _event(**told: Any) -> dict[str, Any]:
    return {
        "service_session_id": None,
        "booking_id": None,
        "buffer_minutes": 0,
        "status": "",
        "location_type": None,
        "location": None,
        "meeting_url": None,
        "max_participants": None,
        "attendee_count": 0,
        "waiting_count": 0,
        "attendees": [],
        "has_conflict": False,
        **told,
    }


def _attendee(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "booking_id": row["id"],
        "user": presenting.user(row, role=words.PRACTITIONER),
        "status": row["status"],
        "payment_status": row["payment_status"],
    }


def _appointment(row: Mapping[str, Any]) -> dict[str, Any]:
    return _event(
        key=f"booking-{row['id']}",
        type="session",
        booking_id=row["id"],
        title=row["title"] or row["service_name"] or row["service_name_snapshot"],
        start_time=row["start_time"],
        end_time=row["end_time"],
        buffer_minutes=row["buffer_minutes"],
        timezone=row["timezone"],
        status=row["status"],
        location_type=row["location_type"],
        location=presenting.location(row, role=words.PRACTITIONER),
        meeting_url=row["meeting_url"],
        max_participants=1,
        attendee_count=1,
        attendees=[_attendee(row)],
    )


def _groups(seats: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    coming: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["service_session_id"] is not None:
            coming.setdefault(row["service_session_id"], []).append(row)
    groups = []
    for seat, service, waiting in seats:
        people = coming.get(seat.id, [])
        groups.append(
            _event(
                key=f"session-{seat.id}",
                type=service.service_type if service is not None else words.WORKSHOP,
                service_session_id=seat.id,
                title=seat.title or (service.name if service is not None else ""),
                start_time=seat.starts_at,
                end_time=seat.ends_at,
                timezone=seat.timezone,
                status=seat.status,
                location_type=service.location_type if service is not None else None,
                location=presenting.location(people[0], role=words.PRACTITIONER) if people else None,
                max_participants=seat.capacity,
                attendee_count=len(people),
                waiting_count=waiting,
                attendees=[_attendee(row) for row in people[:ATTENDEES_MAX]],
            )
        )
    return groups


def _holds(
    session: Session, practitioner_id: int, start: datetime, end: datetime, *, now: datetime
) -> list[dict[str, Any]]:
    holds = session.scalars(
        select(Hold).where(
            Hold.practitioner_id == practitioner_id,
            Hold.service_session_id.is_(None),
            Hold.start_time < end,
            Hold.end_time > start,
            Hold.expires_at > now,
        )
    )
    return [
        _event(
            key=f"hold-{hold.id}",
            type="hold",
            title="Held",
            start_time=hold.start_time,
            end_time=hold.end_time,
            timezone="UTC",
            status="held",
        )
        for hold in holds
    ]


def _away(calendar: Calendar, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return time off and blocked intervals."""
    found = []
    for away in calendar.time_off:
        began, over = (
            _midnight(away.from_date, calendar.zone),
            _midnight(away.to_date + timedelta(days=1), calendar.zone),
        )
        if began < end and over > start:
            title = away.title or "Time off"
            found.append(_blocked(f"time_off-{away.id}", "time_off", title, began, over, calendar))
    for number, (began, over) in enumerate(calendar.blocked):
        if began < end and over > start:
            found.append(_blocked(f"block-{number}", "block", "Blocked", began, over, calendar))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _blocked(key: str, kind: str, title: str, start: datetime, end: datetime, calendar: Calendar) -> dict[str, Any]:
    return _event(
        key=key,
        type=kind,
        title=title,
        start_time=start,
        end_time=end,
        timezone=calendar.timezone,
        status="blocked",
    )


def _mark_conflicts(
    session: Session, practitioner_id: int, start: datetime, end: datetime, events: list[dict[str, Any]]
) -> None:
    """Mark dated sessions that were laid over something, and what they lie over."""
    rows = session.execute(
        select(CalendarBlock.source_id, func.lower(CalendarBlock.during), func.upper(CalendarBlock.during)).where(
            # GiST compares bigint with bigint only: without the cast the index is of no use.
            CalendarBlock.practitioner_id == cast(practitioner_id, BigInteger),
            CalendarBlock.source == SERVICE_SESSION,
            CalendarBlock.exclusive.is_(False),
            CalendarBlock.during.overlaps(Range(start, end, bounds="[)")),
        )
    ).all()
    for source_id, began, over in rows:
        for event in events:
            overlaps = event["start_time"] < over and event["end_time"] > began
            if event["service_session_id"] == source_id or (overlaps and event["booking_id"] is not None):
                event["has_conflict"] = True
