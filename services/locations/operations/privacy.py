"""What locations holds about a person: erasing it, and telling it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.locations.models import Practitioner, PractitionerLocation


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


def erase_person(session: Session, user_id: int) -> None:
    """Blank and delete the person's locations."""
