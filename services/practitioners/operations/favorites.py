"""People's favourite practitioners. Each change is one `favorite.changed`."""

from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import LimitReached, PractitionerNotFound
from services.practitioners.events import FavoriteChanged, favorites_subject
from services.practitioners.models import FavoriteCounter, FavoritePractitioner
from services.practitioners.operations.finding import find_practitioner
from shared.errors import Invalid, NotFound
from shared.identity import Identity
from shared.messaging import record

FAVORITES_MAX: Final = 500


def add_favorite(session: Session, reference: str, *, by: Identity) -> tuple[bool, int]:
    """Return whether it is new, and how many there are now. Raises PractitionerNotFound, Invalid, LimitReached."""
    practitioner = find_practitioner(session, reference)
    if practitioner.user_id == by.user_id:
        raise Invalid.field("practitioner_id", "This is yourself.")
    if not practitioner.is_listed:
        raise PractitionerNotFound
    added = session.execute(
        insert(FavoritePractitioner)
        .values(user_id=by.user_id, practitioner_id=practitioner.id)
        .on_conflict_do_nothing()
        .returning(FavoritePractitioner.practitioner_id)
    ).scalar()
    if added is None:
        counter = session.get(FavoriteCounter, by.user_id)
        return False, counter.total if counter else 0
    counter = _count(session, by.user_id, practitioner.id, is_favorite=True)
    if counter.total > FAVORITES_MAX:
        raise LimitReached
    return True, counter.total


def remove_favorite(session: Session, practitioner_id: int, *, by: Identity) -> None:
    """Take one away. Raises NotFound if it was none."""
    removed = session.execute(
        delete(FavoritePractitioner)
        .where(FavoritePractitioner.user_id == by.user_id, FavoritePractitioner.practitioner_id == practitioner_id)
        .returning(FavoritePractitioner.practitioner_id)
    ).scalar()
    if removed is None:
        raise NotFound("This is not among your favorites.")
    _count(session, by.user_id, practitioner_id, is_favorite=False)


def _count(session: Session, user_id: int, practitioner_id: int, *, is_favorite: bool) -> FavoriteCounter:
    step = 1 if is_favorite else -1
    told: dict[str, Any] = {"last_target_id": practitioner_id, "last_is_favorite": is_favorite}
    counter = session.execute(
        insert(FavoriteCounter)
        .values(user_id=user_id, total=step, version=1, **told)
        .on_conflict_do_update(
            index_elements=["user_id"],
            set_={"total": FavoriteCounter.total + step, "version": FavoriteCounter.version + 1, **told},
        )
        .returning(FavoriteCounter),
        execution_options={"populate_existing": True},
    ).scalar_one()
    changed = FavoriteChanged(
        user_id=user_id,
        kind="practitioner",
        target_id=practitioner_id,
        is_favorite=is_favorite,
        total=counter.total,
    )
    record(session, changed, about=favorites_subject(counter))
    return counter
