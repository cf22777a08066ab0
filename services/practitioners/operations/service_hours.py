"""Hours of one service alone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import ScheduleNotFound
from services.practitioners.models import Schedule, Service
from services.practitioners.operations.schedules import (
    change_schedule,
    create_schedule,
    delete_schedule,
    own_calendar,
    update_schedule,
)
from shared.errors import NotFound
from shared.identity import Identity


def set_service_hours(
    session: Session, service_id: int, *, by: Identity, data: Mapping[str, Any]
) -> tuple[Schedule, str]:
    """Make `data` the service's own week; return it with the service's name. Raises NotFound, SlotOverlap."""
    practitioner = own_calendar(session, by)
    service = session.get(Service, service_id)
    if service is None or service.deleted_at is not None or practitioner.id not in service.practitioner_ids:
        raise NotFound("You have no such service.")
    held = _held(session, practitioner.id, service_id)
    if held is None:
        named = {**data, "name": service.name[:100] or f"Service {service_id}"}
        return create_schedule(session, by=by, data=named, service_id=service_id), service.name
    changed = change_schedule(session, held, by=by, change=lambda inner, row: update_schedule(inner, row, data))
    return changed, service.name


def remove_service_hours(session: Session, service_id: int, *, by: Identity) -> None:
    """Delete a service's own hours. Raises ScheduleNotFound."""
    practitioner = own_calendar(session, by)
    held = _held(session, practitioner.id, service_id)
    if held is None:
        raise ScheduleNotFound
    delete_schedule(session, held, by=by)


def _held(session: Session, practitioner_id: int, service_id: int) -> int | None:
    return session.scalar(
        select(Schedule.id).where(Schedule.practitioner_id == practitioner_id, Schedule.service_id == service_id)
    )
