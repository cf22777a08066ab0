"""Ways of working, kept by staff."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from services.catalog.domain.errors import ModalityInUse, NameTaken
from services.catalog.domain.text import numbered, slug_of
from services.catalog.models import Modality, ModalityCategory, ModalityLink, Service, ServiceModality
from services.catalog.operations.announcing import announce_category
from services.catalog.operations.deriving import derive
from shared.clock import utc_now
from shared.errors import Invalid, NotFound

FIELDS = (
    *("name", "description", "icon", "category_id", "cluster", "short_description", "long_description", "benefits"),
    *("faqs", "gray_zone", "is_active", "is_featured", "position", "seo_meta_title", "seo_meta_description"),
    *("seo_primary_keyword", "seo_secondary_keywords"),
)
BATCH = 500


def create_modality(session: Session, body: Mapping[str, Any]) -> Modality:
    """Make a modality. Raises NameTaken, Invalid."""
    _check(session, body)
    modality = Modality(slug=_free_slug(session, body["name"]), **{name: body[name] for name in FIELDS if name in body})
    session.add(modality)
    session.flush()
    _relate(session, modality, body)
    announce_category(session, modality)
    return modality


def modality_to_change(session: Session, modality_id: int) -> Modality:
    """Return the modality, locked. Raises NotFound."""
    modality = session.get(Modality, modality_id, with_for_update=True)
    if modality is None:
        raise NotFound
    return modality


def update_modality(session: Session, modality: Modality, body: Mapping[str, Any]) -> None:
    """Change a modality; services that offer it are found by its new name. Raises NameTaken, Invalid."""
    _check(session, body, but=modality.id)
    renamed = body.get("name", modality.name) != modality.name
    for name in FIELDS:
        if name in body:
            setattr(modality, name, body[name])
    _relate(session, modality, body)
    modality.updated_at = utc_now()
    announce_category(session, modality)
    if renamed:
        offering = session.scalars(
            select(ServiceModality.service_id).where(ServiceModality.modality_id == modality.id)
        ).all()
        for first in range(0, len(offering), BATCH):
            derive(session, offering[first : first + BATCH])


def delete_modality(session: Session, modality: Modality) -> None:
    """Delete a modality that no service offers. Raises ModalityInUse."""
    used = (
        select(Service.id)
        .join(ServiceModality, ServiceModality.service_id == Service.id)
        .where(ServiceModality.modality_id == modality.id, Service.deleted_at.is_(None))
        .limit(1)
    )
    if session.scalar(used) is not None:
        raise ModalityInUse
    session.execute(delete(ServiceModality).where(ServiceModality.modality_id == modality.id))
    session.execute(
        delete(ModalityLink).where(or_(ModalityLink.modality_id == modality.id, ModalityLink.related_id == modality.id))
    )
    modality.updated_at = utc_now()
    announce_category(session, modality, deleted=True)
    session.delete(modality)


def _check(session: Session, body: Mapping[str, Any], *, but: int = 0) -> None:
    if "name" in body:
        taken = select(Modality.id).where(func.lower(Modality.name) == body["name"].lower(), Modality.id != but)
        if session.scalar(taken) is not None:
            raise NameTaken(errors={"name": ["There is already one of that name."]})
    if body.get("category_id") is not None and session.get(ModalityCategory, body["category_id"]) is None:
        raise Invalid.field("category_id", "There is no such category.")


def _relate(session: Session, modality: Modality, body: Mapping[str, Any]) -> None:
    """Write which modalities are related, in both directions. Raises Invalid."""
    if "related_modality_ids" not in body:
        return
    wanted: Sequence[int] = sorted(set(body["related_modality_ids"]) - {modality.id})
    if len(session.scalars(select(Modality.id).where(Modality.id.in_(wanted))).all()) != len(wanted):
        raise Invalid.field("related_modality_ids", "There is no such modality.")
    session.execute(
        delete(ModalityLink).where(or_(ModalityLink.modality_id == modality.id, ModalityLink.related_id == modality.id))
    )
    pairs = [(modality.id, other) for other in wanted] + [(other, modality.id) for other in wanted]
    if pairs:
        session.execute(insert(ModalityLink), [{"modality_id": one, "related_id": other} for one, other in pairs])


def _free_slug(session: Session, name: str) -> str:
    wanted, number = slug_of(name, kind="modality"), 1
    while session.scalar(select(Modality.id).where(Modality.slug == numbered(wanted, number))):
        number += 1
    return numbered(wanted, number)
