"""Which of a practitioner's locations is the primary one: exactly one, as long as there is any.

The practitioner's row must be locked.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.locations.models import PractitionerLocation
from services.locations.operations.announcing import announce

_ALIVE = PractitionerLocation.deleted_at.is_(None)


def unset_primary(session: Session, practitioner_id: int) -> None:
    """Take the mark from the location that has it, and tell so."""
    held = session.scalar(
        select(PractitionerLocation).where(
            PractitionerLocation.practitioner_id == practitioner_id, PractitionerLocation.is_primary, _ALIVE
        )
    )
    if held is not None:
        held.is_primary = False
        announce(session, held)


def make_primary(session: Session, location: PractitionerLocation) -> None:
    """Give the mark to this location; both that change are told of, the old one first."""
    if not location.is_primary:
        unset_primary(session, location.practitioner_id)
        location.is_primary = True


def promote_next(session: Session, practitioner_id: int) -> None:
    """Give the mark that was deleted to the oldest location in person, else to the oldest."""
    heir = session.scalar(
        select(PractitionerLocation)
        .where(PractitionerLocation.practitioner_id == practitioner_id, _ALIVE)
        .order_by(PractitionerLocation.is_in_person.desc(), PractitionerLocation.created_at, PractitionerLocation.id)
        .limit(1)
    )
    if heir is not None:
        heir.is_primary = True
        announce(session, heir)


def has_any(session: Session, practitioner_id: int) -> bool:
    """Tell whether the practitioner has a location."""
    own = select(PractitionerLocation.id).where(PractitionerLocation.practitioner_id == practitioner_id, _ALIVE)
    return session.scalar(own.limit(1)) is not None
