"""Material of services, dated sessions and bookings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.catalog.domain.errors import MediaNotReady, ResourceParentMismatch
from services.catalog.models import (
    Booking,
    MediaFile,
    Practitioner,
    ResourceEvent,
    ServicePractitioner,
    ServiceResource,
    ServiceSession,
)
from services.catalog.operations.announcing import claim_media, release_media
from services.catalog.operations.callers import service_to_change
from shared.errors import Invalid, NotFound
from shared.identity import Identity

PARENTS = {"service": "service_id", "session": "session_id", "booking": "booking_id"}
FIELDS = (
    *("title", "description", "resource_type", "content", "file_url", "external_url", "file_name", "file_size"),
    *("file_type", "duration_seconds", "access_level", "is_downloadable", "available_from", "available_until"),
    *("position", "is_featured", "tags", "personal_note"),
)
_FROM_FILE = {
    "file_name": "filename",
    "file_size": "file_size",
    "file_type": "content_type",
    "duration_seconds": "duration",
}


def create_resource(session: Session, body: Mapping[str, Any], *, by: Identity) -> ServiceResource:
    """Add material where the caller is a practitioner of the service.

    Raises ResourceParentMismatch, ServiceNotFound, NotYours, MediaNotReady, Invalid.
    """
    parent = _parent(body)
    owner = _owner_service(session, body["attachment_level"], body[parent])
    service_to_change(session, owner, by, helper=True)
    resource = ServiceResource(
        owner_service_id=owner,
        uploaded_by=by.user_id,
        attachment_level=body["attachment_level"],
        **{parent: body[parent]},
        **{name: body[name] for name in FIELDS if name in body},
    )
    if "access_level" not in body and resource.booking_id is not None:
        resource.access_level = "private"
    _use_file(session, resource, body)
    _check(resource)
    session.add(resource)
    session.flush()
    if resource.media_id is not None:
        claim_media(session, resource.media_id, kind="service_resource", entity_id=resource.id)
    return resource


def resource_to_change(session: Session, resource_id: int, *, by: Identity) -> ServiceResource:
    """Return the material, locked, for practitioners of its service and staff. Raises NotFound."""
    resource = session.get(ServiceResource, resource_id, with_for_update=True)
    if resource is None or not (by.is_staff or _gives(session, resource.owner_service_id, by)):
        raise NotFound
    return resource


def update_resource(session: Session, resource: ServiceResource, body: Mapping[str, Any]) -> None:
    """Change material; where it hangs stays. Raises ResourceParentMismatch, MediaNotReady, Invalid."""
    level = body.get("attachment_level", resource.attachment_level)
    given = {name: body[name] for name in PARENTS.values() if body.get(name) is not None}
    if level != resource.attachment_level or any(getattr(resource, name) != value for name, value in given.items()):
        raise ResourceParentMismatch("Where material hangs can not be changed.")
    before = resource.media_id
    for name in FIELDS:
        if name in body:
            setattr(resource, name, body[name])
    _use_file(session, resource, body)
    _check(resource)
    session.flush()
    if before != resource.media_id:
        if before is not None:
            release_media(session, before, kind="service_resource", entity_id=resource.id)
        if resource.media_id is not None:
            claim_media(session, resource.media_id, kind="service_resource", entity_id=resource.id)


def delete_resource(session: Session, resource: ServiceResource) -> None:
    """Remove material."""
    if resource.media_id is not None:
        release_media(session, resource.media_id, kind="service_resource", entity_id=resource.id)
    session.delete(resource)


def count_use(session: Session, resource_id: int, action: str, *, user_id: int, now: datetime) -> int:
    """Count a view (once a person and hour) or a download, and return how many there are."""
    column = ServiceResource.view_count if action == "view" else ServiceResource.download_count
    hour = now.replace(minute=0, second=0, microsecond=0)
    session.execute(select(func.pg_advisory_xact_lock(7_340, func.hashint8(resource_id))))
    seen = session.scalar(
        select(ResourceEvent.id)
        .where(
            ResourceEvent.resource_id == resource_id,
            ResourceEvent.user_id == user_id,
            ResourceEvent.action == action,
            ResourceEvent.at >= hour,
        )
        .limit(1)
    )
    if action == "view" and seen is not None:
        return session.scalar(select(column).where(ServiceResource.id == resource_id)) or 0
    session.add(ResourceEvent(resource_id=resource_id, user_id=user_id, action=action, at=now))
    counted: int = session.execute(
        update(ServiceResource)
        .where(ServiceResource.id == resource_id)
        .values({column: column + 1, ServiceResource.updated_at: ServiceResource.updated_at})
        .returning(column)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return counted


def _parent(body: Mapping[str, Any]) -> str:
    wanted = PARENTS[body["attachment_level"]]
    given = [name for name in PARENTS.values() if body.get(name) is not None]
    if given != [wanted]:
        raise ResourceParentMismatch(errors={wanted: ["Name exactly what the attachment level says."]})
    return wanted


def _owner_service(session: Session, level: str, parent_id: int) -> int:
    if level == "service":
        return parent_id
    source: Any = ServiceSession.service_id if level == "session" else Booking.service_id
    key: Any = ServiceSession.id if level == "session" else Booking.booking_id
    found = session.scalar(select(source).where(key == parent_id))
    if found is None:
        raise Invalid(errors={PARENTS[level]: ["There is no such one."]})
    return int(found)


def _gives(session: Session, service_id: int, by: Identity) -> bool:
    mine = select(Practitioner.id).where(Practitioner.user_id == by.user_id, Practitioner.deleted_at.is_(None))
    return bool(
        session.scalar(
            select(ServicePractitioner.id).where(
                ServicePractitioner.service_id == service_id, ServicePractitioner.practitioner_id.in_(mine)
            )
        )
    )


def _use_file(session: Session, resource: ServiceResource, body: Mapping[str, Any]) -> None:
    if "media_id" not in body:
        return
    resource.media_id = body["media_id"]
    if resource.media_id is None:
        return
    file = session.get(MediaFile, resource.media_id)
    if file is None or file.deleted_at is not None or file.url is None:
        raise MediaNotReady(errors={"media_id": ["There is no such file that is ready."]})
    resource.file_url = file.url
    for name, source in _FROM_FILE.items():
        setattr(resource, name, file.details.get(source))


def _check(resource: ServiceResource) -> None:
    if resource.resource_type == "link" and not resource.external_url:
        raise Invalid.field("external_url", "A link needs it.")
    if resource.resource_type == "post" and not resource.content:
        raise Invalid.field("content", "A post needs it.")
    if resource.resource_type not in ("link", "post") and not (resource.file_url or resource.external_url):
        raise Invalid.field("file_url", "A file or an address is needed.")
    start, end = resource.available_from, resource.available_until
    if start is not None and end is not None and start >= end:
        raise Invalid.field("available_until", "Must be after available_from.")
