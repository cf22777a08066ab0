"""Services follow what others say of practitioners, places, bookings, ratings and files."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.catalog.events import ServiceChanged
from services.catalog.models import Service, ServiceSession
from services.catalog.operations.announcing import announce_service
from services.catalog.operations.deriving import derive
from shared.messaging import record

BATCH = 500


def follow_practitioner(session: Session, practitioner_id: int) -> None:
    """Show or hide a practitioner's services, and let them be found by the present name."""
    last = 0
    while True:
        rows = session.execute(
            select(Service.id, Service.practitioner_listed)
            .where(Service.practitioner_id == practitioner_id, Service.deleted_at.is_(None), Service.id > last)
            .order_by(Service.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        before = {row.id: row.practitioner_listed for row in rows}
        changed = set(derive(session, before)) & set(before)
        for service in session.scalars(select(Service).where(Service.id.in_(changed)).order_by(Service.id)):
            if service.practitioner_listed != before[service.id]:
                service.touch()
                session.flush()
                record(session, ServiceChanged.of(session, service), subject=service)
        session.expunge_all()


def follow_location(session: Session, location_id: int) -> None:
    """Let services be found where their location is now."""
    derive(session, session.scalars(select(Service.id).where(Service.location_id == location_id)).all())


def leave_location(session: Session, location_id: int) -> None:
    """Take a deleted location off services and coming sessions, which then may lack one."""
    session.execute(
        update(ServiceSession)
        .where(ServiceSession.location_id == location_id, ServiceSession.status.in_(("draft", "scheduled")))
        .values(location_id=None)
    )
    for service in session.scalars(
        select(Service)
        .where(Service.location_id == location_id, Service.deleted_at.is_(None))
        .order_by(Service.id)
        .with_for_update()
    ).all():
        service.location_id = None
        announce_service(session, service)
