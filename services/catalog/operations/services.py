"""Making, changing and deleting services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from services.catalog.domain import cancellation, words
from services.catalog.domain.errors import (
    HasUpcomingBookings,
    InUseByPackage,
    InvalidTransition,
    ServiceTypeImmutable,
    SubscriptionRequired,
)
from services.catalog.events import ServiceDeleted
from services.catalog.models import Booking, Practitioner, Service, ServicePractitioner, ServiceRelationship
from services.catalog.operations import checking, relations, sessions
from services.catalog.operations.announcing import announce_service
from services.catalog.operations.callers import Found, practitioner_in_business, service_to_change
from services.catalog.operations.deriving import derive
from services.catalog.operations.slugs import follow_name, free_slug
from shared.errors import Invalid
from shared.identity import Identity
from shared.messaging import record

DEFAULTS: dict[str, Any] = {
    "description": None,
    "short_description": None,
    "what_youll_learn": None,
    "prerequisites": None,
    "terms_conditions": None,
    "price_cents": 0,
    "category_id": None,
    "practitioner_category_id": None,
    "min_participants": 1,
    "max_participants": 1,
    "experience_level": "all_levels",
    "age_min": None,
    "age_max": None,
    "location_type": words.VIRTUAL,
    "location_id": None,
    "schedule_id": None,
    "includes": [],
    "tags": [],
    "is_active": True,
    "is_public": True,
    "status": words.DRAFT,
    "validity_days": 365,
    "is_transferable": False,
    "is_shareable": False,
    "sessions_included": None,
    "bonus_sessions": 0,
    "max_per_customer": None,
    "available_from": None,
    "available_until": None,
    "highlight_text": None,
}
"""What an absent optional field is on creation, and in a PUT."""

PLAIN = frozenset({"name", "duration_minutes", *DEFAULTS}) - {"status"}


def create_service(session: Session, body: Mapping[str, Any], *, by: Identity, now: datetime) -> Service:
    """Make a service of the caller's. Raises what `checking` and `relations` raise, and SubscriptionRequired."""
    owner = practitioner_in_business(session, by)
    require_room(session, owner)
    values = {**DEFAULTS, **body}
    status = values["status"]
    if status == words.ARCHIVED:
        raise Invalid.field("status", "A new service is draft, active or inactive.")
    service = Service(
        practitioner_id=owner.id,
        practitioner_listed=owner.is_listed,
        type_id=body["type_id"],
        status=status,
        is_featured=bool(body.get("is_featured")) and by.is_staff,
        policy_code=cancellation.DEFAULT,
        policy_tiers=cancellation.tiers_of(cancellation.DEFAULT, []),
        published_at=now if status == words.ACTIVE else None,
        **{name: values[name] for name in PLAIN},
    )
    if "max_participants" not in body and service.type_id in words.DATED:
        service.max_participants = max(10, service.min_participants)
    checking.check(session, service, changed=PLAIN)
    with session.no_autoflush:
        service.slug = free_slug(session, service.name)
    session.add(service)
    session.flush()
    session.add(ServicePractitioner(service_id=service.id, practitioner_id=owner.id, is_primary=True, share_bp=10_000))
    relations.write(session, service, body, owner=owner)
    _finish(session, service, body, by=by, now=now)
    return service


def update_service(
    session: Session, found: Found, body: Mapping[str, Any], *, whole: bool, by: Identity, now: datetime
) -> Service:
    """Change a service; `whole`: absent optional fields go back to their defaults.

    Raises ServiceTypeImmutable, InvalidTransition, and what `checking`, `relations` and `sessions` raise.
    """
    service = found.service
    if body.get("type_id", service.type_id) != service.type_id:
        raise ServiceTypeImmutable(errors={"service_type_id": ["The type of a service can not be changed."]})
    values = {**DEFAULTS, "status": service.status, "price_cents": service.price_cents, **body} if whole else dict(body)
    changed = {name for name in PLAIN if name in values and values[name] != getattr(service, name)}
    for name in changed:
        setattr(service, name, values[name])
    if by.is_staff and "is_featured" in body:
        service.is_featured = body["is_featured"]
    if "status" in values:
        change_status(session, service, values["status"], by=by, now=now)
    checking.check(session, service, changed=changed)
    if "name" in changed:
        follow_name(session, service)
    relations.write(session, service, body, owner=found.practitioner)
    _finish(session, service, body, by=by, now=now)
    return service


def _finish(session: Session, service: Service, body: Mapping[str, Any], *, by: Identity, now: datetime) -> None:
    """Synchronise dated sessions last: they need the service's own row, and tell their own changes."""
    session.flush()
    if "sessions" in body:
        sessions.synchronise(session, service, body["sessions"], by=by, now=now)
    announce_service(session, service)


def change_status(session: Session, service: Service, wanted: str, *, by: Identity, now: datetime) -> None:
    """Let the owner say what a service is. Raises InvalidTransition, SubscriptionRequired."""
    present = service.status
    if wanted == present:
        return
    if present == words.ARCHIVED and wanted != words.DRAFT:
        raise InvalidTransition(errors={"status": ["An archived service becomes a draft first."]})
    if present == words.ARCHIVED and not by.is_staff:
        require_room(session, session.get_one(Practitioner, service.practitioner_id))
    if present in (words.ACTIVE, words.INACTIVE) and wanted == words.DRAFT and _ever_booked(session, service):
        raise InvalidTransition(errors={"status": ["It has been booked: make it inactive instead."]})
    service.status = wanted
    if wanted == words.ACTIVE and service.published_at is None:
        service.published_at = now


def require_room(session: Session, owner: Practitioner, *, more: int = 1) -> None:
    """Check that the practitioner's plan allows `more` services. Raises SubscriptionRequired."""
    limit = owner.limits.get("max_services", -1)
    if not isinstance(limit, int) or limit < 0:
        return
    session.execute(select(func.pg_advisory_xact_lock(7_301, func.hashint8(owner.id))))
    used = session.scalar(
        select(func.count())
        .select_from(Service)
        .where(Service.practitioner_id == owner.id, Service.deleted_at.is_(None), Service.status != words.ARCHIVED)
    )
    if (used or 0) + more > limit:
        raise SubscriptionRequired(errors={"limit": [str(limit)], "used": [str(used)]})


def delete_service(session: Session, reference: str, *, by: Identity, now: datetime) -> None:
    """Delete a service softly. Raises ServiceNotFound, NotYours, HasUpcomingBookings, InUseByPackage."""
    service = service_to_change(session, reference, by).service
    if _has_upcoming(session, service, now):
        raise HasUpcomingBookings
    around = parents_in_use(session, service.id)
    if around:
        raise InUseByPackage(errors={"packages": [str(one) for one in around]})
    service.deleted_at = now
    session.flush()
    derive(session, [service.id])
    record(session, ServiceDeleted.of(service), subject=service)


def parents_in_use(session: Session, service_id: int) -> list[int]:
    """Return the ids of the packages and bundles, not archived, that contain the service."""
    return list(
        session.scalars(
            select(Service.id)
            .join(ServiceRelationship, ServiceRelationship.parent_id == Service.id)
            .where(
                ServiceRelationship.child_id == service_id,
                Service.deleted_at.is_(None),
                Service.status != words.ARCHIVED,
            )
            .order_by(Service.id)
        )
    )


def _ever_booked(session: Session, service: Service) -> bool:
    return bool(session.scalar(select(exists().where(Booking.service_id == service.id))))


def _has_upcoming(session: Session, service: Service, now: datetime) -> bool:
    """Whether somebody holds a seat in the future; a credit without a time counts too."""
    coming = and_(
        Booking.service_id == service.id,
        Booking.deleted_at.is_(None),
        or_(
            and_(Booking.status.in_(words.SEAT_HOLDING[:3]), or_(Booking.end_time.is_(None), Booking.end_time > now)),
        ),
    )
    return bool(session.scalar(select(exists().where(coming))))
