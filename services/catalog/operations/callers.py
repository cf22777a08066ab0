"""Who calls, and what they may change."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.catalog.domain.errors import NotAPractitioner, NotYours, PractitionerSuspended, ServiceNotFound
from services.catalog.models import Practitioner, Service, ServicePractitioner
from services.catalog.models.naming import named
from shared.identity import Identity


@dataclass(frozen=True, slots=True)
class Found:
    """A service that the caller may change, and the caller's profile; staff may have none."""

    service: Service
    practitioner: Practitioner | None


def profile_of(session: Session, by: Identity) -> Practitioner | None:
    """Return the caller's practitioner profile, or None."""
    if not by.is_signed_in:
        return None
    return session.scalar(
        select(Practitioner).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    )


def practitioner(session: Session, by: Identity) -> Practitioner:
    """Return the caller's profile. Raises NotAPractitioner."""
    found = profile_of(session, by)
    if found is None:
        raise NotAPractitioner
    return found


def practitioner_in_business(session: Session, by: Identity) -> Practitioner:
    """Return the caller's profile, which is not suspended. Raises NotAPractitioner, PractitionerSuspended."""
    found = practitioner(session, by)
    if found.is_suspended:
        raise PractitionerSuspended
    return found


def service_to_change(session: Session, reference: str | int, by: Identity, *, helper: bool = False) -> Found:
    """Return the service, locked, for its owner or staff; `helper`: its additional practitioners may too.

    Raises ServiceNotFound where the caller may not even see it, NotYours.
    """
    service = session.scalar(select(Service).where(named(reference), Service.deleted_at.is_(None)).with_for_update())
    if service is None:
        raise ServiceNotFound
    mine = profile_of(session, by)
    if by.is_staff or (mine is not None and mine.id == service.practitioner_id):
        return Found(service, mine)
    helping = mine is not None and session.scalar(
        select(ServicePractitioner.id).where(
            ServicePractitioner.service_id == service.id, ServicePractitioner.practitioner_id == mine.id
        )
    )
    if helping and helper:
        return Found(service, mine)
    if helping or service.is_visible:
        raise NotYours
    raise ServiceNotFound
