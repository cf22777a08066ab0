"""Kinds of service, kept by staff."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.catalog.domain.errors import CategoryInUse, NameTaken
from services.catalog.domain.text import numbered, slug_of
from services.catalog.models import Service, ServiceCategory
from services.catalog.operations.announcing import announce_category
from services.catalog.operations.deriving import derive
from shared.clock import utc_now
from shared.errors import NotFound

FIELDS = ("name", "description", "icon", "is_active", "is_featured", "position")


def create_category(session: Session, body: Mapping[str, Any]) -> ServiceCategory:
    """Make a category; its address follows from its name and never changes. Raises NameTaken."""
    _refuse_name(session, body["name"])
    category = ServiceCategory(
        slug=_free_slug(session, body["name"]), **{name: body[name] for name in FIELDS if name in body}
    )
    _save(session, category)
    announce_category(session, category)
    return category


def find_category(session: Session, reference: str, *, lock: bool = False) -> ServiceCategory:
    """Return the category that a slug or id names. Raises NotFound."""
    number = int(reference) if reference.isascii() and reference.isdigit() and len(reference) < 19 else 0
    named = select(ServiceCategory).where(or_(ServiceCategory.slug == reference, ServiceCategory.id == number))
    category = session.scalar(named.with_for_update() if lock else named)
    if category is None:
        raise NotFound
    return category


def update_category(session: Session, category: ServiceCategory, body: Mapping[str, Any]) -> None:
    """Change a category; its services are found by its new name. Raises NameTaken."""
    renamed = "name" in body and body["name"] != category.name
    if renamed:
        _refuse_name(session, body["name"], but=category.id)
    for name in FIELDS:
        if name in body:
            setattr(category, name, body[name])
    if category not in session.dirty or not session.is_modified(category):
        return
    _save(session, category)
    announce_category(session, category)
    if renamed:
        derive(session, session.scalars(select(Service.id).where(Service.category_id == category.id)).all())


def delete_category(session: Session, category: ServiceCategory) -> None:
    """Delete a category that no service is in. Raises CategoryInUse."""
    used = select(Service.id).where(Service.category_id == category.id, Service.deleted_at.is_(None)).limit(1)
    if session.scalar(used) is not None:
        raise CategoryInUse
    category.updated_at = utc_now()
    announce_category(session, category, deleted=True)
    session.delete(category)


def _refuse_name(session: Session, name: str, *, but: int = 0) -> None:
    taken = select(ServiceCategory.id).where(
        func.lower(ServiceCategory.name) == name.lower(), ServiceCategory.id != but
    )
    if session.scalar(taken) is not None:
        raise NameTaken(errors={"name": ["There is already one of that name."]})


def _free_slug(session: Session, name: str) -> str:
    wanted, number = slug_of(name, kind="category"), 1
    while session.scalar(select(ServiceCategory.id).where(ServiceCategory.slug == numbered(wanted, number))):
        number += 1
    return numbered(wanted, number)


def _save(session: Session, category: ServiceCategory) -> None:
    try:
        with session.begin_nested():
            session.add(category)
            session.flush()
    except IntegrityError as refused:
        raise NameTaken from refused
