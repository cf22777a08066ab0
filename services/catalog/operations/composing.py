"""Copying services, and changing the status of many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.catalog.domain import words
from services.catalog.domain.text import copy_name
from services.catalog.models import (
    AgendaItem,
    Service,
    ServiceBenefit,
    ServiceLanguage,
    ServiceMedia,
    ServiceModality,
    ServicePractitioner,
    ServiceRelationship,
    ServiceResource,
)
from services.catalog.operations.announcing import announce_service, claim_media
from services.catalog.operations.callers import Found, practitioner_in_business, service_to_change
from services.catalog.operations.services import PLAIN, change_status, require_room
from services.catalog.operations.slugs import free_slug
from shared.errors import DomainError
from shared.identity import Identity

ACTIONS = {"publish": words.ACTIVE, "pause": words.INACTIVE, "archive": words.ARCHIVED, "restore": words.DRAFT}

_RELATED: tuple[tuple[type[Any], str, tuple[str, ...]], ...] = (
    (ServicePractitioner, "service_id", ("practitioner_id", "is_primary", "role", "share_bp")),
    (ServiceModality, "service_id", ("modality_id",)),
    (ServiceLanguage, "service_id", ("language_id",)),
    (ServiceBenefit, "service_id", ("title", "description", "icon", "position")),
    (AgendaItem, "service_id", ("title", "description", "starts", "ends", "position")),
    (ServiceMedia, "service_id", ("media_id", "url", "thumbnail_url", "details", "is_primary", "position")),
    (
        ServiceRelationship,
        "parent_id",
        ("child_id", "quantity", "position", "discount_bp", "is_required", "description_override"),
    ),
)
_RESOURCE = (
    *("uploaded_by", "title", "description", "resource_type", "attachment_level", "content", "file_url"),
    *("external_url", "file_name", "file_size", "file_type", "duration_seconds", "access_level", "is_downloadable"),
    *("available_from", "available_until", "position", "is_featured", "tags", "media_id"),
)


def duplicate(session: Session, reference: str, *, name: str | None, by: Identity) -> Service:
    """Make a draft that says all that the service says, without its dates, numbers and bookings.

    Raises ServiceNotFound, NotYours, PractitionerSuspended, SubscriptionRequired.
    """
    owner = practitioner_in_business(session, by)
    source = service_to_change(session, reference, by).service
    if source.practitioner_id == owner.id:
        require_room(session, owner)
    copy = Service(
        practitioner_id=source.practitioner_id,
        practitioner_listed=source.practitioner_listed,
        type_id=source.type_id,
        status=words.DRAFT,
        is_featured=False,
        policy_code=source.policy_code,
        policy_tiers=source.policy_tiers,
        image_media_id=source.image_media_id,
        image_url=source.image_url,
        **{field: getattr(source, field) for field in PLAIN},
    )
    copy.name, copy.is_active, copy.is_public = name or copy_name(source.name), False, False
    copy.slug = free_slug(session, copy.name)
    session.add(copy)
    session.flush()
    for model, parent, columns in _RELATED:
        rows = session.scalars(select(model).where(getattr(model, parent) == source.id)).all()
        if rows:
            session.execute(
                insert(model),
                [{parent: copy.id, **{column: getattr(row, column) for column in columns}} for row in rows],
            )
    for resource in session.scalars(select(ServiceResource).where(ServiceResource.service_id == source.id)).all():
        session.add(
            ServiceResource(
                service_id=copy.id,
                owner_service_id=copy.id,
                **{column: getattr(resource, column) for column in _RESOURCE},
            )
        )
    for media_id in session.scalars(select(ServiceMedia.media_id).where(ServiceMedia.service_id == copy.id)).all():
        claim_media(session, media_id, kind="service", entity_id=copy.id)
    announce_service(session, copy)
    return copy


def change_many(
    session: Session, ids: Sequence[int], action: str, *, by: Identity, now: datetime
) -> tuple[list[int], list[dict[str, Any]]]:
    """Do the same to many services, each alone; return those done, and those refused with why."""
    done: list[int] = []
    failed: list[dict[str, Any]] = []
    for service_id in sorted(set(ids)):
        try:
            with session.begin_nested():
                _change_one(session, service_to_change(session, service_id, by), ACTIONS[action], by=by, now=now)
        except DomainError as refused:
            failed.append({"id": service_id, "code": refused.code, "message": refused.message})
        else:
            done.append(service_id)
    return done, failed


def _change_one(session: Session, found: Found, wanted: str, *, by: Identity, now: datetime) -> None:
    service = found.service
    if service.status == wanted:
        return
    change_status(session, service, wanted, by=by, now=now)
    announce_service(session, service)
