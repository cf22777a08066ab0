"""Schedules as they are answered."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from services.practitioners.domain.hours import time_text
from services.practitioners.models import DateOverride, Practitioner, Schedule, ScheduleSlot, Service
from services.practitioners.queries.texts import holds
from shared.http import fields
from shared.listing import Filter, Listing

_SLOTS = """
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', slot.id, 'day', slot.day, 'start_min', slot.start_min,
        'end_min', slot.end_min, 'is_active', slot.is_active) ORDER BY slot.day, slot.start_min, slot.id)
    FROM schedule_slots AS slot WHERE slot.schedule_id = schedules.id), '[]'::jsonb)
"""
_OVERRIDES = """
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', own.id, 'schedule_id', own.schedule_id, 'date', own.date,
        'windows', own.windows, 'reason', own.reason) ORDER BY own.date)
    FROM date_overrides AS own
    WHERE own.schedule_id = schedules.id AND own.date >= (now() AT TIME ZONE 'UTC')::date - 1), '[]'::jsonb)
"""
_SERVICES = """
    coalesce((SELECT jsonb_agg(services.id ORDER BY services.id) FROM services
    WHERE services.schedule_id = schedules.id AND services.deleted_at IS NULL
      AND services.practitioner_ids @> ARRAY[schedules.practitioner_id]), '[]'::jsonb)
"""

SCHEDULES: Final = Listing(
    columns=select(
        Schedule.id,
        Schedule.name,
        Schedule.description,
        Schedule.timezone,
        Schedule.is_default,
        Schedule.is_active,
        Schedule.service_id,
        Schedule.created_at,
        Schedule.updated_at,
        literal_column(_SLOTS).label("slots"),
        literal_column(_OVERRIDES).label("overrides"),
        literal_column(_SERVICES).label("service_ids"),
    ),
    key=Schedule.id,
    filters={"is_active": Filter(fields.Boolean(), lambda value: Schedule.is_active == value)},
    orderings={"name": Schedule.name, "created_at": Schedule.created_at, "is_default": Schedule.is_default},
    default_ordering="-is_default,name",
    search=lambda value: holds(Schedule.name, value),
)

OWN_SCHEDULES: Final = Schedule.practitioner_id == (
    select(Practitioner.id)
    .where(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None))
    .scalar_subquery()
)


def schedule_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a schedule as it is answered, from a row of SCHEDULES."""
    minutes = sum(slot["end_min"] - slot["start_min"] for slot in row["slots"] if slot["is_active"])
    return {
        **{name: row[name] for name in ("id", "name", "description", "timezone", "is_default", "is_active")},
        "time_slots": [slot_body(slot) for slot in row["slots"]],
        "date_overrides": [override_body(one) for one in row["overrides"]],
        "weekly_hours": f"{minutes / 60:.2f}",
        "service_ids": row["service_ids"],
        "service_id": row["service_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def schedule_body(session: Session, schedule: Schedule) -> dict[str, Any]:
    """Return one schedule as it is answered."""
    session.flush()
    row = session.execute(SCHEDULES.columns.where(Schedule.id == schedule.id)).mappings().one()
    return schedule_row(dict(row))


def slot_body(slot: dict[str, Any]) -> dict[str, Any]:
    """Return hours as they are answered; midnight as 00:00:00."""
    return {
        "id": slot["id"],
        "day": slot["day"],
        "start_time": time_text(slot["start_min"]),
        "end_time": time_text(slot["end_min"]),
        "is_active": slot["is_active"],
    }


def slot_of(slot: ScheduleSlot) -> dict[str, Any]:
    """Return one slot as it is answered."""
    return slot_body({name: getattr(slot, name) for name in ("id", "day", "start_min", "end_min", "is_active")})


def override_body(one: dict[str, Any]) -> dict[str, Any]:
    """Return a date's own hours as they are answered."""
    return {
        **{name: one[name] for name in ("id", "schedule_id", "date", "reason")},
        "time_slots": [{"start_time": time_text(start), "end_time": time_text(end)} for start, end in one["windows"]],
    }


def override_of(one: DateOverride) -> dict[str, Any]:
    """Return one override as it is answered."""
    return override_body({name: getattr(one, name) for name in ("id", "schedule_id", "date", "reason", "windows")})


def service_schedules(session: Session, practitioner_id: int, *, service_id: int | None) -> list[dict[str, Any]]:
    """Return the schedules that serve one service alone."""
    statement = (
        select(Schedule, Service.name)
        .outerjoin(Service, Service.id == Schedule.service_id)
        .where(Schedule.practitioner_id == practitioner_id, Schedule.service_id.is_not(None))
        .order_by(Schedule.service_id)
    )
    if service_id is not None:
        statement = statement.where(Schedule.service_id == service_id)
    rows: Sequence[Any] = session.execute(statement).all()
    return [service_schedule_body(schedule, name or "") for schedule, name in rows]


def service_schedule_body(schedule: Schedule, service_name: str) -> dict[str, Any]:
    """Return one service's own hours as they are answered."""
    return {
        "service_id": schedule.service_id,
        "service_name": service_name,
        "schedule_id": schedule.id,
        "timezone": schedule.timezone,
        "is_active": schedule.is_active,
        "time_slots": [slot_of(slot) for slot in sorted(schedule.slots, key=lambda s: (s.day, s.start_min))],
    }
