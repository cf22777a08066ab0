"""What catalog holds about a person: erasing it, and telling it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.catalog.models import (
    FavoriteCounter,
    FavoriteService,
    Modality,
    ModalityPreference,
    Practitioner,
    ResourceEvent,
    Service,
    User,
    WaitlistEntry,
)


def erase_person(session: Session, user_id: int) -> None:
    """Remove what a person kept, and blank the names; bookings keep counting without saying whose they are."""
    for model in (FavoriteService, FavoriteCounter, ModalityPreference, ResourceEvent):
        session.execute(delete(model).where(model.user_id == user_id))
    session.execute(delete(WaitlistEntry).where(WaitlistEntry.user_id == user_id))
    session.execute(update(User).where(User.id == user_id).values(display_name="Member", first_name=""))


def exported(session: Session, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield what catalog holds about the person."""
    kept = select(FavoriteService).where(FavoriteService.user_id == user_id).order_by(FavoriteService.created_at)
    for favorite in session.scalars(kept):
        yield {"kind": "favorite_service", "service_id": favorite.service_id, "since": favorite.created_at}
    liked = (
        select(Modality.name, ModalityPreference.priority)
        .join(ModalityPreference, ModalityPreference.modality_id == Modality.id)
        .where(ModalityPreference.user_id == user_id)
        .order_by(ModalityPreference.priority)
    )
    for name, priority in session.execute(liked):
        yield {"kind": "modality_preference", "modality": name, "priority": priority}
    own = (
        select(Service)
        .join(Practitioner, Practitioner.id == Service.practitioner_id)
        .where(Practitioner.user_id == user_id, Service.deleted_at.is_(None))
        .order_by(Service.id)
    )
    for service in session.scalars(own):
        yield {
            "kind": "service",
            "id": service.id,
            "name": service.name,
            "description": service.description,
            "price_cents": service.price_cents,
            "status": service.status,
            "created_at": service.created_at,
        }
