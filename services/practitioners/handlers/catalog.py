"""What catalog tells: services, dated sessions, and the words for ways of working."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.models import (
    Busy,
    Modality,
    Practitioner,
    PractitionerTaxonomy,
    Service,
    ServiceSession,
)
from services.practitioners.operations.busy import keep_session_busy
from services.practitioners.operations.facts import refresh_facts
from services.practitioners.operations.queueing import queue_next_available
from services.practitioners.operations.verification import advance_onboarding
from shared.clock import utc_now
from shared.messaging import Message, handles, remove_replica, replace_replica

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """The part of a service that practitioners reads."""

    id: int
    name: str
    status: str
    is_visible: bool
    practitioner_id: int
    practitioners: list[dict[str, Any]] = field(default_factory=list)
    service_type: str = "session"
    category: dict[str, Any] | None = None
    price_cents: int = 0
    duration_minutes: int | None = None
    location_type: str = "virtual"
    schedule_id: int | None = None
    modality_ids: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    available_from: datetime | None = None
    available_until: datetime | None = None


_COPIED = (
    *("name", "status", "is_visible", "practitioner_id", "service_type", "price_cents", "location_type"),
    *("schedule_id", "modality_ids", "languages", "available_from", "available_until"),
)


@handles("service.changed", ServiceChanged)
def keep_service(session: Session, event: ServiceChanged, message: Message) -> None:
    """Keep the service; what practitioners show of it follows."""
    before = session.get(Service, event.id)
    held = set(before.practitioner_ids) if before else set()
    by = {event.practitioner_id, *(int(one["practitioner_id"]) for one in event.practitioners)}
    values = {
        **{name: getattr(event, name) for name in _COPIED},
        "practitioner_ids": sorted(by),
        "category_id": event.category["id"] if event.category else None,
        "category_slug": event.category.get("slug") if event.category else None,
        "duration_minutes": event.duration_minutes or 60,
    }
    if replace_replica(session, Service, key={"id": event.id}, values=values, message=message):
        session.expire_all()
        _follow(session, held | by)
        for dated in session.scalars(select(ServiceSession).where(ServiceSession.service_id == event.id)):
            keep_session_busy(session, dated)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeleted:
    """A service is gone."""

    id: int


@handles("service.deleted", ServiceDeleted)
def drop_service(session: Session, event: ServiceDeleted, message: Message) -> None:
    """Forget the service."""
    before = session.get(Service, event.id)
    held = set(before.practitioner_ids) if before else set()
    if remove_replica(session, Service, key={"id": event.id}, message=message):
        session.expire_all()
        _follow(session, held)


def _follow(session: Session, practitioner_ids: set[int]) -> None:
    refresh_facts(session, practitioner_ids)
    statement = select(Practitioner).where(Practitioner.id.in_(practitioner_ids), Practitioner.deleted_at.is_(None))
    for practitioner in session.scalars(statement.order_by(Practitioner.id).with_for_update()):
        advance_onboarding(session, practitioner, now=utc_now())
    queue_next_available(session, practitioner_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChanged:
    """The part of a dated session that takes time."""

    id: int
    service_id: int
    practitioner_id: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    status: str = "draft"


@handles("service_session.changed", SessionChanged)
def keep_session(session: Session, event: SessionChanged, message: Message) -> None:
    """Keep the dated session; while it is on, it takes its practitioners' time."""
    names = ("service_id", "practitioner_id", "starts_at", "ends_at", "status")
    values = {name: getattr(event, name) for name in names}
    if replace_replica(session, ServiceSession, key={"id": event.id}, values=values, message=message):
        session.expire_all()
        keep_session_busy(session, session.get_one(ServiceSession, event.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDeleted:
    """A dated session is gone."""

    id: int


@handles("service_session.deleted", SessionDeleted)
def drop_session(session: Session, event: SessionDeleted, message: Message) -> None:
    """Free the time."""
    if remove_replica(session, ServiceSession, key={"id": event.id}, message=message):
        freed = session.scalars(
            delete(Busy)
            .where(Busy.source == "service_session", Busy.source_id == event.id)
            .returning(Busy.practitioner_id)
        ).all()
        queue_next_available(session, freed)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryChanged:
    """A way of working, or a category of such."""

    kind: str
    id: int
    slug: str = ""
    name: str = ""
    description: str | None = None
    parent_id: int | None = None
    is_active: bool = True
    deleted: bool = False


@handles("category.changed", CategoryChanged)
def keep_modality(session: Session, event: CategoryChanged, message: Message) -> None:
    """Keep names of ways of working; facets and search words of whoever uses them follow."""
    if event.kind not in (words.MODALITY, "modality_category", "service"):
        return
    key = {"kind": event.kind, "id": event.id}
    values = {name: getattr(event, name) for name in ("slug", "name", "description", "parent_id")}
    if event.deleted:
        taken = remove_replica(session, Modality, key=key, message=message, values=values)
    else:
        taken = replace_replica(session, Modality, key=key, values=values, message=message)
    if not taken or event.kind != words.MODALITY:
        return
    using = set(
        session.scalars(
            select(PractitionerTaxonomy.practitioner_id).where(
                PractitionerTaxonomy.kind == words.MODALITY, PractitionerTaxonomy.item_id == event.id
            )
        )
    )
    tagged = select(Practitioner.id).where(Practitioner.tags.contains([f"m{event.id}"]))
    using |= set(session.scalars(tagged))
    if event.deleted:
        session.execute(
            delete(PractitionerTaxonomy).where(
                PractitionerTaxonomy.kind == words.MODALITY, PractitionerTaxonomy.item_id == event.id
            )
        )
    ids = sorted(using)
    for start in range(0, len(ids), BATCH):
        refresh_facts(session, ids[start : start + BATCH])
