"""Checks of a service's own fields that need the database or each other."""

from collections.abc import Set as AbstractSet

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.catalog.domain import words
from services.catalog.models import Location, PractitionerCategory, Schedule, Service, ServiceCategory
from shared.errors import Invalid

MAX_MINUTES = 10_080
RETRY_AFTER = 2


def check(session: Session, service: Service, *, changed: AbstractSet[str]) -> None:
    """Check a service whose fields named in `changed` were set. Raises Invalid naming every wrong field."""
    with session.no_autoflush:
        wrong = {**_ranges(service), **_references(session, service, changed)}
        if wrong:
            raise Invalid(errors=wrong)
        _belongings(session, service, changed)


def _ranges(service: Service) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    least = 0 if service.type_id in words.COMPOSED else 1
    if not least <= service.duration_minutes <= MAX_MINUTES:
        wrong["duration_minutes"] = [f"Must be {least} to {MAX_MINUTES}."]
    if service.min_participants > service.max_participants:
        wrong["min_participants"] = ["Must not be more than max_participants."]
    if service.age_min is not None and service.age_max is not None and service.age_min > service.age_max:
        wrong["age_min"] = ["Must not be more than age_max."]
    if service.available_from and service.available_until and service.available_from >= service.available_until:
        wrong["available_until"] = ["Must be after available_from."]
    return wrong


def _references(session: Session, service: Service, changed: AbstractSet[str]) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if "category_id" in changed and service.category_id is not None:
        active = session.scalar(select(ServiceCategory.is_active).where(ServiceCategory.id == service.category_id))
        if not active:
            wrong["category_id"] = ["There is no such category."]
    if "practitioner_category_id" in changed and service.practitioner_category_id is not None:
        owner = session.scalar(
            select(PractitionerCategory.practitioner_id).where(
                PractitionerCategory.id == service.practitioner_category_id
            )
        )
        if owner != service.practitioner_id:
            wrong["practitioner_category_id"] = ["You have no such category."]
    return wrong


def _belongings(session: Session, service: Service, changed: AbstractSet[str]) -> None:
    if "location_id" in changed and service.location_id is not None:
        check_location(session, service.practitioner_id, service.location_id)
    if service.location_id is not None and service.location_type == words.VIRTUAL:
        service.location_id = None
    if "schedule_id" in changed and service.schedule_id is not None:
        owner = session.scalar(select(Schedule.practitioner_id).where(Schedule.id == service.schedule_id))
        _require_own("schedule", owner, service.practitioner_id)


def check_location(session: Session, practitioner_id: int, location_id: int) -> None:
    """Check that the location is the practitioner's. Raises Invalid."""
    owner = session.scalar(
        select(Location.practitioner_id).where(Location.id == location_id, Location.deleted_at.is_(None))
    )
    _require_own("address", owner, practitioner_id)


def _require_own(name: str, owner: int | None, wanted: int) -> None:
    """Tell what is not known from what is somebody else's: the first may be on its way."""
    if owner is None:
        raise Invalid("It is not known yet.", errors={name: ["Not known yet."]}, retry_after=RETRY_AFTER)
    if owner != wanted:
        raise Invalid.field(name, "This is not yours.")
