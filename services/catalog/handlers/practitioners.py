"""What practitioners tell: profiles, and calendars of which catalog keeps the schedules' names."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from services.catalog.models import Calendar, Practitioner, Schedule
from services.catalog.operations.following import follow_practitioner
from shared.messaging import Message, handles, remove_replica, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """The part of a profile that services show."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str | None = None
    display_name: str | None = None
    professional_title: str | None = None
    profile_image_url: str | None = None
    bio: str | None = None
    status: str = "draft"
    is_verified: bool = False
    is_listed: bool = False
    featured: bool = False
    timezone: str | None = None
    languages: list[str] = field(default_factory=list)
    specializations: list[dict[str, Any]] = field(default_factory=list)
    modality_ids: list[int] = field(default_factory=list)
    limits: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False


_FIELDS = tuple(name for name in PractitionerChanged.__slots__ if name not in ("id", "deleted"))


@handles("practitioner.changed", PractitionerChanged)
def keep_practitioner(session: Session, event: PractitionerChanged, message: Message) -> None:
    """Keep the newest profile, and show or hide its services."""
    values = {name: getattr(event, name) for name in _FIELDS}
    values["display_name"] = event.display_name or "Practitioner"
    take = remove_replica if event.deleted else replace_replica
    if event.deleted:
        values |= {"is_listed": False, "bio": None, "profile_image_url": None}
    if take(session, Practitioner, key={"id": event.id}, values=values, message=message):
        session.expire_all()
        follow_practitioner(session, event.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChanged:
    """A practitioner's whole calendar; here only what its schedules are called."""

    practitioner_id: int
    timezone: str | None = None
    schedules: list[dict[str, Any]] = field(default_factory=list)


@handles("schedule.changed", ScheduleChanged)
def keep_schedules(session: Session, event: ScheduleChanged, message: Message) -> None:
    """Keep the practitioner's schedules; those that are missing are gone."""
    key = {"practitioner_id": event.practitioner_id}
    if not replace_replica(session, Calendar, key=key, values={}, message=message):
        return
    session.execute(delete(Schedule).where(Schedule.practitioner_id == event.practitioner_id))
    rows = [
        {
            "id": one["id"],
            "practitioner_id": event.practitioner_id,
            "name": one.get("name") or "",
            "is_default": bool(one.get("is_default")),
            "timezone": one.get("timezone") or event.timezone or "UTC",
            "description": one.get("description"),
        }
        for one in event.schedules
        if one.get("is_active", True)
    ]
    if rows:
        session.execute(insert(Schedule), rows)
