"""Services that people keep, and modalities that they like."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.catalog.domain.errors import LimitReached, ServiceNotFound
from services.catalog.events import FavoriteChanged
from services.catalog.models import FavoriteCounter, FavoriteService, Modality, ModalityPreference, Service
from services.catalog.models.naming import named
from shared.errors import Invalid, NotFound
from shared.messaging import record

FAVORITES_MAX = 500
PREFERENCES_MAX = 6


def keep_service(session: Session, reference: str, *, user_id: int, now: datetime) -> tuple[bool, int]:
    """Keep a service; return whether it is new, and how many are kept. Raises ServiceNotFound, LimitReached."""
    service_id = session.scalar(select(Service.id).where(named(reference), Service.visible))
    if service_id is None:
        raise ServiceNotFound
    counter = _counted(session, user_id)
    total = _total(session, user_id)
    if session.get(FavoriteService, (user_id, service_id)) is not None:
        return False, total
    if total >= FAVORITES_MAX:
        raise LimitReached(f"You can keep {FAVORITES_MAX} services.")
    session.add(FavoriteService(user_id=user_id, service_id=service_id, created_at=now))
    _tell(session, user_id, counter, service_id, is_favorite=True, total=total + 1)
    return True, total + 1


def drop_service(session: Session, service_id: int, *, user_id: int) -> None:
    """Keep a service no longer. Raises NotFound."""
    counter = _counted(session, user_id)
    gone = session.execute(
        delete(FavoriteService)
        .where(FavoriteService.user_id == user_id, FavoriteService.service_id == service_id)
        .returning(FavoriteService.service_id)
    ).first()
    if gone is None:
        raise NotFound
    _tell(session, user_id, counter, service_id, is_favorite=False, total=_total(session, user_id))


def _counted(session: Session, user_id: int) -> int:
    """Return the number of the person's next change; holding it, nobody else changes their favourites."""
    number: int = session.execute(
        upsert(FavoriteCounter)
        .values(user_id=user_id, version=1)
        .on_conflict_do_update(index_elements=["user_id"], set_={"version": FavoriteCounter.version + 1})
        .returning(FavoriteCounter.version)
    ).scalar_one()
    return number


def _total(session: Session, user_id: int) -> int:
    counted = select(func.count()).select_from(FavoriteService).where(FavoriteService.user_id == user_id)
    return session.scalar(counted) or 0


def _tell(session: Session, user_id: int, counter: int, service_id: int, *, is_favorite: bool, total: int) -> None:
    changed = FavoriteChanged(
        user_id=user_id, kind="service", target_id=service_id, is_favorite=is_favorite, total=total
    )
    record(session, changed, about=("user", f"{user_id}:service", counter))


def prefer(session: Session, modality_ids: Sequence[int], *, user_id: int) -> int:
    """Replace what a person likes, in order; return how many. Raises Invalid."""
    if len(set(modality_ids)) != len(modality_ids) or len(modality_ids) > PREFERENCES_MAX:
        raise Invalid.field("modality_ids", f"At most {PREFERENCES_MAX}, each once.")
    known = select(Modality.id).where(Modality.id.in_(modality_ids), Modality.is_active)
    if len(session.scalars(known).all()) != len(modality_ids):
        raise Invalid.field("modality_ids", "There is no such modality.")
    _lock_preferences(session, user_id)
    session.execute(delete(ModalityPreference).where(ModalityPreference.user_id == user_id))
    rows = [
        {"user_id": user_id, "modality_id": modality_id, "priority": place}
        for place, modality_id in enumerate(modality_ids)
    ]
    if rows:
        session.execute(insert(ModalityPreference), rows)
    return len(rows)


def add_preference(session: Session, modality_id: int, *, user_id: int) -> bool:
    """Like one more modality, the least; return whether it is new. Raises NotFound, LimitReached."""
    modality = session.get(Modality, modality_id)
    if modality is None or not modality.is_active:
        raise NotFound
    _lock_preferences(session, user_id)
    liked = select(ModalityPreference).where(ModalityPreference.user_id == user_id)
    present = session.scalars(liked).all()
    if any(one.modality_id == modality_id for one in present):
        return False
    if len(present) >= PREFERENCES_MAX:
        raise LimitReached(f"You can choose {PREFERENCES_MAX} modalities.")
    last = max((one.priority for one in present), default=-1)
    session.add(ModalityPreference(user_id=user_id, modality_id=modality_id, priority=last + 1))
    return True


def remove_preference(session: Session, modality_id: int, *, user_id: int) -> None:
    """Like a modality no longer. Raises NotFound."""
    gone = session.execute(
        delete(ModalityPreference)
        .where(ModalityPreference.user_id == user_id, ModalityPreference.modality_id == modality_id)
        .returning(ModalityPreference.modality_id)
    ).first()
    if gone is None:
        raise NotFound


def _lock_preferences(session: Session, user_id: int) -> None:
    session.execute(select(func.pg_advisory_xact_lock(7_320, func.hashint8(user_id))))
