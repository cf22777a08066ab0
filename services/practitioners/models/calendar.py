"""A calendar assembled from its rows: what `schedule.changed` tells and free times are computed from."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain.hours import Block, occurrences
from services.practitioners.models.hours import DateOverride, OutOfOffice, Preference, Schedule, TimeBlock
from services.practitioners.models.practitioner import Practitioner
from shared.localtime import local_day
from shared.scheduling import Calendar, TimeOff, Window
from shared.scheduling import DateOverride as Override
from shared.scheduling import Schedule as Hours
from shared.scheduling.public_holidays import public_holidays

EXPANDED_DAYS: Final = 400


def calendar_of(session: Session, practitioner: Practitioner, *, now: datetime, since: date | None = None) -> Calendar:
    """Return the calendar; recurring blocks and public holidays are expanded to 400 days on.

    What ended before `since` (default: the day before today in the practitioner's zone) is left out.
    """
    preference = session.get(Preference, practitioner.id) or Preference(**_defaults(practitioner))
    today = local_day(now, preference.timezone)
    first, last = since or today - timedelta(days=1), today + timedelta(days=EXPANDED_DAYS)
    overrides = _overrides(session, practitioner.id, first)
    return Calendar(
        practitioner_id=practitioner.id,
        timezone=preference.timezone,
        country_code=preference.country_code,
        is_active=preference.is_active,
        buffer_minutes=practitioner.buffer_minutes,
        advance_booking_min_hours=preference.advance_booking_min_hours,
        advance_booking_max_days=preference.advance_booking_max_days,
        slot_interval_minutes=preference.slot_interval_minutes,
        auto_accept_bookings=preference.auto_accept_bookings,
        respect_holidays=preference.respect_holidays,
        holidays=_holidays(preference, first, last),
        schedules=tuple(
            _hours(schedule, overrides.get(schedule.id, ())) for schedule in schedules_of(session, practitioner.id)
        ),
        date_overrides=tuple(overrides.get(None, ())),
        time_off=_time_off(session, practitioner.id, first),
        blocked=_blocked(session, practitioner.id, first, last),
    )


def schedules_of(session: Session, practitioner_id: int) -> Sequence[Schedule]:
    """Return a practitioner's schedules with their slots, oldest first."""
    return session.scalars(
        select(Schedule).where(Schedule.practitioner_id == practitioner_id).order_by(Schedule.id)
    ).all()


def _defaults(practitioner: Practitioner) -> dict[str, object]:
    return {
        "practitioner_id": practitioner.id,
        "timezone": practitioner.timezone,
        "country_code": None,
        "holidays": [],
        "respect_holidays": True,
        "advance_booking_min_hours": 24,
        "advance_booking_max_days": 30,
        "slot_interval_minutes": 15,
        "is_active": True,
        "auto_accept_bookings": False,
    }


def _hours(schedule: Schedule, overrides: Sequence[Override]) -> Hours:
    return Hours(
        id=schedule.id,
        name=schedule.name,
        description=schedule.description or "",
        timezone=schedule.timezone,
        is_default=schedule.is_default,
        is_active=schedule.is_active,
        service_id=schedule.service_id,
        weekly=tuple((slot.day, Window(slot.start_min, slot.end_min)) for slot in schedule.slots if slot.is_active),
        date_overrides=tuple(overrides),
    )


def _overrides(session: Session, practitioner_id: int, first: date) -> dict[int | None, list[Override]]:
    rows = session.scalars(
        select(DateOverride)
        .where(DateOverride.practitioner_id == practitioner_id, DateOverride.date >= first)
        .order_by(DateOverride.date, DateOverride.id)
    )
    found: dict[int | None, list[Override]] = {}
    for row in rows:
        windows = tuple(Window(start, end) for start, end in row.windows)
        found.setdefault(row.schedule_id, []).append(Override(date=row.date, windows=windows))
    return found


def _holidays(preference: Preference, first: date, last: date) -> frozenset[date]:
    own = {date.fromisoformat(one["date"]) for one in preference.holidays}
    if not preference.respect_holidays:
        return frozenset(own)
    return frozenset(
        own | set(public_holidays(preference.country_code, preference.region, day_from=first, day_to=last))
    )


def _time_off(session: Session, practitioner_id: int, first: date) -> tuple[TimeOff, ...]:
    rows = session.scalars(
        select(OutOfOffice)
        .where(
            OutOfOffice.practitioner_id == practitioner_id,
            OutOfOffice.to_date >= first,
            OutOfOffice.is_archived.is_(False),
        )
        .order_by(OutOfOffice.from_date, OutOfOffice.id)
    )
    return tuple(TimeOff(id=row.id, from_date=row.from_date, to_date=row.to_date, title=row.title) for row in rows)


def _blocked(session: Session, practitioner_id: int, first: date, last: date) -> tuple[tuple[datetime, datetime], ...]:
    rows = session.scalars(
        select(TimeBlock).where(TimeBlock.practitioner_id == practitioner_id).order_by(TimeBlock.starts_at)
    )
    spans = [span for row in rows for span in occurrences(block_of(row), until=last)]
    return tuple(sorted(span for span in spans if span[1].date() >= first))


def block_of(row: TimeBlock) -> Block:
    """Return the rule's view of a block."""
    return Block(start=row.starts_at, end=row.ends_at, zone=row.zone, rrule=row.rrule, until=row.until)
