"""Groups in which practitioners show their services."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.catalog.domain.errors import LimitReached, NameTaken
from services.catalog.domain.text import slug_of
from services.catalog.models import PractitionerCategory, Service
from services.catalog.operations.announcing import announce_category
from services.catalog.operations.callers import practitioner
from shared.clock import utc_now
from shared.errors import Invalid, NotFound
from shared.identity import Identity

MOST = 100
FIELDS = ("name", "description", "icon", "color", "is_active", "position")


def create_own_category(session: Session, body: Mapping[str, Any], *, by: Identity) -> PractitionerCategory:
    """Make a group of the caller's. Raises NotAPractitioner, NameTaken, LimitReached."""
    owner = practitioner(session, by)
    _lock(session, owner.id)
    present = _of(session, owner.id)
    if len(present) >= MOST:
        raise LimitReached(f"You can have {MOST} categories.")
    _refuse_name(present, body["name"])
    last = max((one.position for one in present), default=-1)
    category = PractitionerCategory(
        practitioner_id=owner.id,
        slug=_free_slug({one.slug for one in present}, body["name"]),
        **{"position": last + 1, **{name: body[name] for name in FIELDS if name in body}},
    )
    session.add(category)
    _flush(session)
    announce_category(session, category)
    return category


def own_category_to_change(session: Session, category_id: int, *, by: Identity) -> PractitionerCategory:
    """Return a group of the caller's, locked. Raises NotAPractitioner, NotFound."""
    owner = practitioner(session, by)
    _lock(session, owner.id)
    category = session.get(PractitionerCategory, category_id, with_for_update=True)
    if category is None or category.practitioner_id != owner.id:
        raise NotFound
    return category


def update_own_category(session: Session, category: PractitionerCategory, body: Mapping[str, Any]) -> None:
    """Change a group. Raises NameTaken."""
    if "name" in body:
        _refuse_name([one for one in _of(session, category.practitioner_id) if one.id != category.id], body["name"])
    for name in FIELDS:
        if name in body:
            setattr(category, name, body[name])
    if session.is_modified(category):
        _flush(session)
        announce_category(session, category)


def delete_own_category(session: Session, category: PractitionerCategory) -> None:
    """Delete a group; its services are in none then."""
    session.execute(
        update(Service)
        .where(Service.practitioner_category_id == category.id)
        .values(practitioner_category_id=None, updated_at=Service.updated_at)
        .execution_options(synchronize_session=False)
    )
    category.updated_at = utc_now()
    announce_category(session, category, deleted=True)
    session.delete(category)


def reorder_own_categories(session: Session, ids: Sequence[int], *, by: Identity) -> list[PractitionerCategory]:
    """Put groups into the wished order; those left out keep theirs behind. Raises Invalid.

    Reorders of one practitioner wait for each other, so that the last one wins as a whole.
    """
    owner = practitioner(session, by)
    _lock(session, owner.id)
    present = {one.id: one for one in _of(session, owner.id)}
    if not ids or len(set(ids)) != len(ids) or set(ids) - set(present):
        raise Invalid.field("category_ids", "Name categories of your own, each once.")
    wanted = [present[one] for one in [*ids, *(one for one in present if one not in ids)]]
    for position, category in enumerate(wanted):
        if category.position != position:
            category.position = position
            announce_category(session, category)
    return wanted


def _of(session: Session, practitioner_id: int) -> Sequence[PractitionerCategory]:
    return session.scalars(
        select(PractitionerCategory)
        .where(PractitionerCategory.practitioner_id == practitioner_id)
        .order_by(PractitionerCategory.position, PractitionerCategory.id)
    ).all()


def _refuse_name(others: Sequence[PractitionerCategory], name: str) -> None:
    if any(one.name.lower() == name.lower() for one in others):
        raise NameTaken(errors={"name": ["You already have one of that name."]})


def _free_slug(taken: set[str], name: str) -> str:
    wanted, number = slug_of(name, kind="category"), 0
    slug = wanted
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug


def _lock(session: Session, practitioner_id: int) -> None:
    session.execute(select(func.pg_advisory_xact_lock(7_330, func.hashint8(practitioner_id))))


def _flush(session: Session) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as refused:
        raise NameTaken from refused
