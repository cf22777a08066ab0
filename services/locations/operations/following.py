"""What follows here from changes of practitioners and services."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.locations.models import Practitioner, PractitionerLocation, Service
from services.locations.operations.callers import lock_practitioner
from services.locations.operations.counting import add_figures, counted
from services.locations.operations.locations import remove


def follow_practitioner(session: Session, practitioner_id: int, *, now: datetime) -> None:
    """Bring the copies in the practitioner's locations up to date; a deleted practitioner's are deleted.

    Names and listing are no part of what location.changed tells, so nothing is announced for them.
    """
    practitioner = lock_practitioner(session, practitioner_id)
    if practitioner is None:
        return
    if practitioner.deleted_at is not None:
        remove_all(session, practitioner_id, now=now)
        return
    with counted(session, practitioner_id):
        copied = {
            "practitioner_uuid": practitioner.public_uuid,
            "practitioner_name": practitioner.display_name,
            "practitioner_slug": practitioner.slug,
            "listed": practitioner.is_listed,
        }
        session.execute(
            update(PractitionerLocation)
            .where(PractitionerLocation.practitioner_id == practitioner_id)
            .values({**copied, "updated_at": PractitionerLocation.updated_at})
            .execution_options(synchronize_session=False)
        )
    session.expire_all()


def remove_all(session: Session, practitioner_id: int, *, now: datetime) -> None:
    """Delete all locations of a practitioner; the row must be locked."""
    alive = (
        select(PractitionerLocation)
        .where(PractitionerLocation.practitioner_id == practitioner_id, PractitionerLocation.deleted_at.is_(None))
        .order_by(PractitionerLocation.id)
    )
    for location in session.scalars(alive).all():
        remove(session, location, now=now, promote=False)


def lock_places(session: Session, *location_ids: int | None) -> dict[int, int]:
    """Lock the practitioners behind locations and return the city of each location that has one.

    So nobody moves a location while services are counted there.
    """
    wanted = [location_id for location_id in location_ids if location_id is not None]
    owners = session.scalars(
        select(PractitionerLocation.practitioner_id).where(PractitionerLocation.id.in_(wanted)).distinct()
    )
    for practitioner_id in sorted(owners):
        lock_practitioner(session, practitioner_id)
    rows = session.execute(
        select(PractitionerLocation.id, PractitionerLocation.city_id).where(
            PractitionerLocation.id.in_(wanted),
            PractitionerLocation.deleted_at.is_(None),
            PractitionerLocation.city_id.is_not(None),
        )
    )
    return {row.id: row.city_id for row in rows}


def place_of(session: Session, service_id: int) -> int | None:
    """Return the location where the public finds a service, None if it finds none."""
    return session.scalar(
        select(Service.location_id).where(Service.id == service_id, Service.is_visible, Service.deleted_at.is_(None))
    )


def count_service(session: Session, cities: dict[int, int], *, before: int | None, after: int | None) -> None:
    """Count a service out of the city where it was and into the one where it is."""
    figures: Counter[int] = Counter()
    if before in cities:
        figures[cities[before]] -= 1
    if after in cities:
        figures[cities[after]] += 1
    add_figures(session, {}, figures)


def forget_name(session: Session, practitioner_id: int) -> None:
    """Blank what a deleted practitioner's copy says of a person."""
    session.execute(update(Practitioner).where(Practitioner.id == practitioner_id).values(display_name="", slug=""))
