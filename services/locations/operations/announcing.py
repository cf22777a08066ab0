"""Telling of a change, in the transaction of the change."""

from sqlalchemy.orm import Session

from services.locations.events import LocationChanged, LocationDeleted
from services.locations.models import PractitionerLocation
from shared.clock import utc_now
from shared.messaging import record


def announce(session: Session, location: PractitionerLocation) -> None:
    """Count the change and tell the location's state."""
    location.updated_at = utc_now()
    session.flush()
    record(session, LocationChanged.of(session, location), subject=location)


def announce_deleted(session: Session, location: PractitionerLocation, *, was_primary: bool) -> None:
    """Tell that the location is gone."""
    session.flush()
    record(session, LocationDeleted.of(location, was_primary=was_primary), subject=location)
