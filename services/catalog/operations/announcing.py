"""Telling of a change, in the transaction of the change."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.catalog.events import (
    Category,
    CategoryChanged,
    MediaClaimed,
    MediaReleased,
    ServiceChanged,
    ServiceSessionChanged,
)
from services.catalog.models import Service, ServiceSession
from services.catalog.operations.deriving import derive
from shared.clock import utc_now
from shared.messaging import record


def announce_service(session: Session, service: Service) -> None:
    """Count the change, bring what follows from it up to date, and tell the service's state."""
    service.touch()
    derive(session, [service.id])
    record(session, ServiceChanged.of(session, service), subject=service)


def announce_session(
    session: Session, dated: ServiceSession, *, previous: dict[str, Any] | None = None, reason: str | None = None
) -> None:
    """Tell a dated session's state; its service's dates are the caller's to derive."""
    dated.updated_at = utc_now()
    session.flush()
    record(session, ServiceSessionChanged.of(dated, previous=previous, reason=reason), subject=dated)


def announce_category(session: Session, row: Category, *, deleted: bool = False) -> None:
    """Tell a category's state."""
    session.flush()
    record(session, CategoryChanged.of(row, deleted=deleted), subject=row)


def claim_media(session: Session, media_id: UUID, *, kind: str, entity_id: object) -> None:
    """Tell media that a file is in use."""
    claimed = MediaClaimed(media_id=media_id, service="catalog", entity_type=kind, entity_id=str(entity_id))
    record(session, claimed, about=("media", media_id))


def release_media(session: Session, media_id: UUID, *, kind: str, entity_id: object) -> None:
    """Tell media that a file is no longer in use."""
    released = MediaReleased(media_id=media_id, service="catalog", entity_type=kind, entity_id=str(entity_id))
    record(session, released, about=("media", media_id))
