"""What locations holds about a person: erasing it, and telling it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.locations.models import Practitioner, PractitionerLocation
from services.locations.operations.callers import lock_practitioner
from services.locations.operations.following import remove_all
from shared.clock import utc_now


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield the person's own locations, also those that were deleted."""
    own = (
        select(PractitionerLocation)
        .join(Practitioner, Practitioner.id == PractitionerLocation.practitioner_id)
        .where(Practitioner.user_id == user_id)
        .order_by(PractitionerLocation.id)
    )
    for location in session.scalars(own):
        yield {"kind": "location", **{name: getattr(location, name) for name in _TOLD}}


_TOLD = (
    *("id", "name", "address_line1", "address_line2", "city_name", "state_code", "postal_code", "country_code"),
    *("latitude", "longitude", "timezone", "is_primary", "is_virtual", "is_in_person", "service_radius_miles"),
    *("address_visibility", "virtual_platform", "virtual_url", "arrival_notes", "accessibility", "created_at"),
    "deleted_at",
)


def erase_person(session: Session, user_id: int, *, now: datetime | None = None) -> None:
    """Blank all that is personal in the person's locations, and delete them. Emits LocationDeleted."""
    profile = session.scalar(select(Practitioner).where(Practitioner.user_id == user_id))
    if profile is None:
        return
    lock_practitioner(session, profile.id)
    remove_all(session, profile.id, now=now or utc_now())
    session.execute(
        update(PractitionerLocation)
        .where(PractitionerLocation.practitioner_id == profile.id)
        .values({**_BLANK, "version": PractitionerLocation.version})
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


_BLANK: dict[str, Any] = {
    **dict.fromkeys(("name", "address_line2", "latitude", "longitude", "public_latitude", "public_longitude")),
    **dict.fromkeys(("place_id", "virtual_url", "arrival_notes", "virtual_platform", "precision", "city_id")),
    **dict.fromkeys(("address_line1", "postal_code", "practitioner_name", "practitioner_slug"), ""),
    "city_name": None,
    "accessibility": [],
    "geocode_due_at": None,
}
