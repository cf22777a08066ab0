"""The words that practitioners choose from; staff keep them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import InUse, NameTaken
from services.practitioners.domain.text import slug_of
from services.practitioners.models import TAXONOMY, PractitionerTaxonomy, Specialization, Style, Topic
from services.practitioners.operations.facts import refresh_facts
from shared.errors import NotFound
from shared.ids import uuid7

Item = Specialization | Style | Topic
REFRESHED_MAX = 500


def find_item(session: Session, kind: str, item_id: int) -> Item:
    """Return a word. Raises NotFound."""
    model: type[Any] = TAXONOMY[kind]
    item: Item | None = session.scalar(select(model).where(model.id == item_id))
    if item is None:
        raise NotFound
    return item


def add_item(session: Session, kind: str, data: Mapping[str, Any]) -> Item:
    """Add a word. Raises NameTaken."""
    item = TAXONOMY[kind](content=data["content"], slug=_slug(data["content"]), order=data.get("order") or 0)
    session.add(item)
    _flush(session)
    return item


def change_item(session: Session, kind: str, item_id: int, data: Mapping[str, Any]) -> Item:
    """Change a word; its address stays. Raises NotFound, NameTaken."""
    item = find_item(session, kind, item_id)
    for name in ("content", "order"):
        if data.get(name) is not None:
            setattr(item, name, data[name])
    _flush(session)
    using = session.scalars(
        select(PractitionerTaxonomy.practitioner_id)
        .where(PractitionerTaxonomy.kind == kind, PractitionerTaxonomy.item_id == item_id)
        .limit(REFRESHED_MAX)
    )
    refresh_facts(session, using)
    return item


def remove_item(session: Session, kind: str, item_id: int) -> None:
    """Delete a word that nobody uses. Raises NotFound, InUse with the count."""
    item = find_item(session, kind, item_id)
    used = session.scalar(
        select(func.count()).where(PractitionerTaxonomy.kind == kind, PractitionerTaxonomy.item_id == item_id)
    )
    if used:
        raise InUse(errors={"practitioners": [str(used)]})
    session.delete(item)


def _slug(content: str) -> str:
    return slug_of(content, token=uuid7().hex[-6:])


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as taken:
        raise NameTaken from taken
