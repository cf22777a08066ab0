"""How a practitioner can be booked, and what takes time out of the weekly hours."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import LimitReached, SubscriptionRequired
from services.practitioners.domain.hours import PATTERNS
from services.practitioners.models import DateOverride, OutOfOffice, Practitioner, Preference, TimeBlock
from services.practitioners.operations.announcing import announce, announce_calendar
from services.practitioners.operations.schedules import own_calendar, own_schedule
from services.practitioners.settings import settings
from shared.errors import Invalid, NotFound
from shared.identity import Identity
from shared.localtime import local_day
from shared.scheduling.public_holidays import is_holiday_country

LONGEST_ABSENCE: Final = 366
LONGEST_BLOCK: Final = timedelta(days=31)
AHEAD_DAYS: Final = 400
ABSENCES_MAX: Final = 100
BLOCKS_MAX: Final = 100
OVERRIDES_MAX: Final = 400


def preference_of(session: Session, practitioner: Practitioner) -> Preference:
    """Return the preference, made with the practitioner's zone if there is none."""
    session.execute(
        insert(Preference)
        .values(practitioner_id=practitioner.id, timezone=practitioner.timezone, holidays=[])
        .on_conflict_do_nothing()
    )
    return session.get_one(Preference, practitioner.id)


def update_preference(session: Session, *, by: Identity, data: Mapping[str, Any]) -> Preference:
    """Apply what is given. Raises Invalid. Emits schedule.changed; practitioner.changed for zone or buffer."""
    practitioner = own_calendar(session, by)
    preference = preference_of(session, practitioner)
    for name, value in data.items():
        if name in Preference.__table__.c and name != "practitioner_id" and (value is not None or name == "region"):
            setattr(preference, name, value)
    if "country" in data:
        preference.country_code = data["country"]
        if preference.country_code is not None and not is_holiday_country(preference.country_code):
            raise Invalid.field("country", "The holidays of this country are not known.")
    if preference.advance_booking_min_hours >= 24 * preference.advance_booking_max_days:
        raise Invalid.field("advance_booking_min_hours", "No time would ever be free: the notice reaches the horizon.")
    buffer_minutes = data.get("buffer_time")
    if data.get("timezone") or buffer_minutes is not None:
        practitioner.timezone = preference.timezone
        practitioner.buffer_minutes = practitioner.buffer_minutes if buffer_minutes is None else buffer_minutes
        announce(session, practitioner)
    announce_calendar(session, practitioner)
    return preference


def add_absence(session: Session, *, by: Identity, data: Mapping[str, Any], now: datetime) -> OutOfOffice:
    """Take whole days off; bookings stay. Raises Invalid, LimitReached."""
    practitioner = own_calendar(session, by)
    held = session.scalar(
        select(func.count()).where(
            OutOfOffice.practitioner_id == practitioner.id,
            OutOfOffice.to_date >= now.date() - timedelta(days=2),
            OutOfOffice.is_archived.is_(False),
        )
    )
    if held is not None and held >= ABSENCES_MAX:
        raise LimitReached
    absence = OutOfOffice(practitioner_id=practitioner.id, **data)
    _check_absence(absence)
    session.add(absence)
    announce_calendar(session, practitioner)
    return absence


def change_absence(session: Session, absence_id: int, *, by: Identity, data: Mapping[str, Any]) -> OutOfOffice:
    """Change days off. Raises NotFound, Invalid."""
    practitioner = own_calendar(session, by)
    absence: OutOfOffice = _own(session, OutOfOffice, absence_id, practitioner)
    for name, value in data.items():
        setattr(absence, name, value)
    _check_absence(absence)
    announce_calendar(session, practitioner)
    return absence


def remove_absence(session: Session, absence_id: int, *, by: Identity) -> None:
    """Take days off back. Raises NotFound."""
    _remove(session, OutOfOffice, absence_id, by)


def _check_absence(absence: OutOfOffice) -> None:
    if absence.to_date < absence.from_date:
        raise Invalid.field("to_date", "Must not lie before from_date.")
    if (absence.to_date - absence.from_date).days >= LONGEST_ABSENCE:
        raise Invalid.field("to_date", f"At most {LONGEST_ABSENCE} days.")


def override_dates(
    session: Session,
    *,
    by: Identity,
    dates: Sequence[date],
    windows: Sequence[tuple[int, int]],
    schedule_id: int | None,
    reason: str | None,
    now: datetime,
) -> list[DateOverride]:
    """Give dates their own hours in place of the weekly ones and of what those dates had; none closes them.

    Raises Invalid, ScheduleNotFound, LimitReached.
    """
    practitioner = own_calendar(session, by)
    zone = preference_of(session, practitioner).timezone
    if schedule_id is not None:
        zone = own_schedule(session, practitioner, schedule_id).timezone
    today = local_day(now, zone)
    for day in dates:
        if not 0 <= (day - today).days <= AHEAD_DAYS:
            raise Invalid.field("date", f"Must be a date from today to {AHEAD_DAYS} days ahead.")
    held = session.scalar(
        select(func.count()).where(DateOverride.practitioner_id == practitioner.id, DateOverride.date >= today)
    )
    if held is not None and held + len(dates) > OVERRIDES_MAX:
        raise LimitReached
    written = {"windows": [list(window) for window in sorted(windows)], "reason": reason}
    rows = [
        session.execute(
            insert(DateOverride)
            .values(practitioner_id=practitioner.id, schedule_id=schedule_id, date=day, **written)
            .on_conflict_do_update(constraint="uq_date_overrides_date", set_=written)
            .returning(DateOverride),
            execution_options={"populate_existing": True},
        ).scalar_one()
        for day in sorted(set(dates))
    ]
    announce_calendar(session, practitioner)
    return rows


def remove_override(session: Session, override_id: int, *, by: Identity) -> None:
    """Let a date have its weekly hours again. Raises NotFound."""
    _remove(session, DateOverride, override_id, by)


def block_time(session: Session, *, by: Identity, data: Mapping[str, Any], now: datetime) -> TimeBlock:
    """Block a stretch of time, once or again and again. Raises Invalid, LimitReached, SubscriptionRequired."""
    practitioner = own_calendar(session, by)
    start, end = data["start_datetime"], data["end_datetime"]
    if end <= start:
        raise Invalid.field("end_datetime", "Must lie after start_datetime.")
    if end - start > LONGEST_BLOCK:
        raise Invalid.field("end_datetime", "At most 31 days after start_datetime.")
    zone = preference_of(session, practitioner).timezone
    pattern = data.get("recurrence_pattern") if data.get("is_recurring") else None
    until = _recurs_until(data, start=local_day(start, zone)) if data.get("is_recurring") else None
    if pattern is not None:
        require_feature(practitioner, "advanced_scheduling")
    held = session.scalar(
        select(func.count()).where(TimeBlock.practitioner_id == practitioner.id, TimeBlock.ends_at >= now)
    )
    if held is not None and held >= BLOCKS_MAX:
        raise LimitReached
    block = TimeBlock(
        practitioner_id=practitioner.id,
        starts_at=start,
        ends_at=end,
        zone=zone,
        reason=data.get("reason"),
        rrule=PATTERNS[pattern] if pattern else None,
        until=until,
    )
    session.add(block)
    announce_calendar(session, practitioner)
    return block


def _recurs_until(data: Mapping[str, Any], *, start: date) -> date:
    until: date | None = data.get("recurrence_end_date")
    if data.get("recurrence_pattern") is None:
        raise Invalid.field("recurrence_pattern", "Say how it recurs.")
    if until is None:
        raise Invalid.field("recurrence_end_date", "Say until when it recurs.")
    if not 0 <= (until - start).days <= LONGEST_ABSENCE:
        raise Invalid.field("recurrence_end_date", f"Within {LONGEST_ABSENCE} days of the start.")
    return until


def remove_block(session: Session, block_id: int, *, by: Identity) -> None:
    """Free blocked time. Raises NotFound."""
    _remove(session, TimeBlock, block_id, by)


def require_feature(practitioner: Practitioner, name: str) -> None:
    """Refuse what the plan does not include; a plan that does not mention it allows it. Raises SubscriptionRequired."""
    if settings().practitioners_enforce_tiers and practitioner.features.get(name, True) is False:
        raise SubscriptionRequired(errors={"feature": [name], "tier": ["professional"]})


def _own(session: Session, model: type[Any], row_id: int, practitioner: Practitioner) -> Any:
    row = session.scalar(select(model).where(model.id == row_id, model.practitioner_id == practitioner.id))
    if row is None:
        raise NotFound
    return row


def _remove(session: Session, model: type[Any], row_id: int, by: Identity) -> None:
    practitioner = own_calendar(session, by)
    session.delete(_own(session, model, row_id, practitioner))
    announce_calendar(session, practitioner)
