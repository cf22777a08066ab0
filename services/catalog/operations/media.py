"""Files of services: media owns the bytes, catalog the order and which one stands for the service."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.catalog.models import MediaFile, Practitioner, Service, ServiceMedia, ServicePractitioner
from services.catalog.models.naming import named
from services.catalog.operations.announcing import announce_service, claim_media, release_media
from shared.errors import Invalid


def attach(session: Session, media_id: UUID, *, primary: bool) -> None:
    """Show a file with the service that it was uploaded for, if its uploader is one of the practitioners."""
    file = session.get(MediaFile, media_id, populate_existing=True)
    held = session.scalar(select(ServiceMedia).where(ServiceMedia.media_id == media_id))
    service = _service_of(session, file) if file and file.entity_type == "service" and file.entity_id else None
    if held is not None and (service is None or held.service_id != service.id):
        _drop(session, held)
        held = None
    if file is None or service is None:
        return
    shown = {"url": file.url or "", "thumbnail_url": file.thumbnail_url, "details": file.details}
    if held is None:
        number = session.scalar(
            select(func.count()).select_from(ServiceMedia).where(ServiceMedia.service_id == service.id)
        )
        session.add(
            ServiceMedia(service_id=service.id, media_id=media_id, position=number or 0, is_primary=not number, **shown)
        )
        claim_media(session, media_id, kind="service", entity_id=service.id)
        if primary and number:
            make_primary(session, service.id, media_id)
    else:
        for name, value in shown.items():
            setattr(held, name, value)
    if service.image_media_id == media_id:
        service.image_url = file.url
    announce_service(session, service)


def _service_of(session: Session, file: MediaFile) -> Service | None:
    """Return the service that the file names, locked, if whoever uploaded it is one of its practitioners."""
    own = select(ServicePractitioner.service_id).where(
        ServicePractitioner.practitioner_id.in_(select(Practitioner.id).where(Practitioner.user_id == file.uploaded_by))
    )
    return session.scalar(
        select(Service)
        .where(named(file.entity_id or ""), Service.id.in_(own), Service.deleted_at.is_(None))
        .with_for_update()
    )


def detach(session: Session, media_id: UUID) -> None:
    """Show a file no longer; where it stood for a service, the next one does."""
    for held in session.scalars(select(ServiceMedia).where(ServiceMedia.media_id == media_id)).all():
        _drop(session, held)
    for service in session.scalars(select(Service).where(Service.image_media_id == media_id).with_for_update()).all():
        service.image_media_id = service.image_url = None
        announce_service(session, service)


def _drop(session: Session, held: ServiceMedia) -> None:
    service = session.scalar(select(Service).where(Service.id == held.service_id).with_for_update())
    session.delete(held)
    session.flush()
    if service is None:
        return
    if held.is_primary:
        following = session.scalar(
            select(ServiceMedia)
            .where(ServiceMedia.service_id == service.id)
            .order_by(ServiceMedia.position, ServiceMedia.id)
            .limit(1)
        )
        if following is not None:
            following.is_primary = True
    release_media(session, held.media_id, kind="service", entity_id=service.id)
    announce_service(session, service)


def make_primary(session: Session, service_id: int, media_id: UUID) -> None:
    """Let a file stand for the service, instead of the one that did."""
    session.flush()
    session.execute(
        update(ServiceMedia)
        .where(ServiceMedia.service_id == service_id, ServiceMedia.is_primary, ServiceMedia.media_id != media_id)
        .values(is_primary=False)
    )
    session.execute(
        update(ServiceMedia)
        .where(ServiceMedia.service_id == service_id, ServiceMedia.media_id == media_id)
        .values(is_primary=True)
    )


def reorder(session: Session, service: Service, media_ids: Sequence[UUID], primary: UUID | None) -> None:
    """Put the service's files into the wished order; those left out keep theirs behind. Raises Invalid."""
    held = {
        one.media_id: one
        for one in session.scalars(
            select(ServiceMedia)
            .where(ServiceMedia.service_id == service.id)
            .order_by(ServiceMedia.position, ServiceMedia.id)
        )
    }
    if len(set(media_ids)) != len(media_ids) or set(media_ids) - set(held):
        raise Invalid.field("media_ids", "Name files of this service, each once.")
    if primary is not None and primary not in held:
        raise Invalid.field("primary", "The service has no such file.")
    for position, media_id in enumerate([*media_ids, *(one for one in held if one not in media_ids)]):
        held[media_id].position = position
    if primary is not None:
        make_primary(session, service.id, primary)
        session.expire_all()
    announce_service(session, service)
