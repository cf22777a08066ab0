"""What hangs at a service: practitioners and shares, contained services, modalities, languages, benefits, agenda."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from services.catalog.domain import cancellation, words
from services.catalog.domain.errors import InvalidChild, MediaNotReady
from services.catalog.models import (
    AgendaItem,
    Language,
    MediaFile,
    Modality,
    Practitioner,
    Service,
    ServiceBenefit,
    ServiceLanguage,
    ServiceModality,
    ServicePractitioner,
    ServiceRelationship,
)
from services.catalog.operations.announcing import claim_media, release_media
from shared.errors import Invalid

MAX_CHILDREN = 50
WHOLE = 10_000


def write(
    session: Session,
    service: Service,
    body: Mapping[str, Any],
    *,
    owner: Practitioner | None,
) -> None:
    """Write every relation that `body` names; those it does not name stay as they are."""
    if "additional_practitioner_ids" in body or "revenue_shares" in body:
        _practitioners(session, service, body)
    if "cancellation_policy_rules" in body:
        _policy(service, body["cancellation_policy_rules"])
    if "image" in body:
        _image(session, service, body["image"])
    if "child_service_configs" in body:
        _children(session, service, body["child_service_configs"], owner=owner)
    if "modality_ids" in body:
        _modalities(session, service, body["modality_ids"])
    if "languages" in body:
        _languages(session, service, body["languages"])
    if "benefits" in body:
        replace_benefits(session, body["benefits"], service_id=service.id)
    if "agenda_items" in body:
        replace_agenda(session, body["agenda_items"], service_id=service.id)


def _practitioners(session: Session, service: Service, body: Mapping[str, Any]) -> None:
    offered = {
        one.practitioner_id: one
        for one in session.scalars(select(ServicePractitioner).where(ServicePractitioner.service_id == service.id))
    }
    if "additional_practitioner_ids" in body:
        wanted = list(dict.fromkeys(body["additional_practitioner_ids"] or []))
        if service.practitioner_id in wanted:
            raise Invalid.field("additional_practitioner_ids", "The primary practitioner is not additional.")
        new = [one for one in wanted if one not in offered]
        known = set(
            session.scalars(
                select(Practitioner.id).where(
                    Practitioner.id.in_(new), Practitioner.deleted_at.is_(None), Practitioner.status == "active"
                )
            )
        )
        if len(known) != len(new):
            raise Invalid.field("additional_practitioner_ids", "Each must be an active practitioner.")
        for gone in [one for one in offered.values() if not one.is_primary and one.practitioner_id not in wanted]:
            offered[service.practitioner_id].share_bp += gone.share_bp
            session.delete(offered.pop(gone.practitioner_id))
        for practitioner_id in new:
            offered[practitioner_id] = ServicePractitioner(
                service_id=service.id, practitioner_id=practitioner_id, share_bp=0
            )
            session.add(offered[practitioner_id])
    if body.get("revenue_shares") is not None:
        _shares(offered, body["revenue_shares"])
    if len(offered) == 1:
        offered[service.practitioner_id].share_bp = WHOLE


def _shares(offered: Mapping[int, ServicePractitioner], shares: Sequence[Mapping[str, Any]]) -> None:
    given = {share["practitioner_id"]: share for share in shares}
    if len(given) != len(shares) or set(given) - set(offered):
        raise Invalid.field("revenue_shares", "Name each practitioner of the service once.")
    for practitioner_id, one in offered.items():
        if practitioner_id in given:
            one.share_bp = given[practitioner_id]["share_bp"]
            one.role = given[practitioner_id].get("role", one.role)
    if sum(one.share_bp for one in offered.values()) != WHOLE:
        raise Invalid.field("revenue_shares", "The shares must sum to 100.00.")


def _policy(service: Service, rules: Mapping[str, Any] | None) -> None:
    code = rules["code"] if rules else cancellation.DEFAULT
    tiers = (rules or {}).get("tiers") or []
    problem = cancellation.problem_of(code, tiers)
    if problem:
        raise Invalid.field("cancellation_policy_rules", problem)
    service.policy_code, service.policy_tiers = code, cancellation.tiers_of(code, tiers)


def _image(session: Session, service: Service, image: str | None) -> None:
    """Show a file of media, named by its uuid or address; an address that is shown already stays."""
    if image == service.image_url or (service.primary_image and image == service.primary_image.get("url")):
        return
    before, found = service.image_media_id, None
    if image is not None:
        found = session.scalar(select(MediaFile).where(_image_named(image), MediaFile.deleted_at.is_(None)))
        if found is None or found.url is None or found.details.get("media_type") != "image":
            raise MediaNotReady(errors={"image": ["There is no such image that is ready."]})
    service.image_media_id = found.media_id if found else None
    service.image_url = found.url if found else None
    if before and before != service.image_media_id:
        release_media(session, before, kind="service", entity_id=service.id)
    if found and before != found.media_id:
        claim_media(session, found.media_id, kind="service", entity_id=service.id)


def _image_named(image: str) -> Any:
    with contextlib.suppress(ValueError):
        return MediaFile.media_id == UUID(image)
    return MediaFile.url == image


def _children(
    session: Session, service: Service, configs: Sequence[Mapping[str, Any]], *, owner: Practitioner | None
) -> None:
    """Replace what a package or bundle contains by difference, so that what stays keeps its id."""
    if service.type_id not in words.COMPOSED:
        if configs:
            raise Invalid.field("child_service_configs", "Only packages and bundles contain services.")
        return
    _check_children(session, service, configs, owner=owner)
    present = {
        one.child_id: one
        for one in session.scalars(select(ServiceRelationship).where(ServiceRelationship.parent_id == service.id))
    }
    for place, config in enumerate(configs):
        values = {
            "quantity": config.get("quantity", 1),
            "position": config.get("position", place),
            "discount_bp": config.get("discount_bp", 0),
            "is_required": config.get("is_required", True),
            "description_override": config.get("description_override"),
        }
        kept = present.pop(config["child_id"], None)
        if kept is None:
            session.add(ServiceRelationship(parent_id=service.id, child_id=config["child_id"], **values))
        else:
            for name, value in values.items():
                setattr(kept, name, value)
    for gone in present.values():
        session.delete(gone)


def _check_children(
    session: Session, service: Service, configs: Sequence[Mapping[str, Any]], *, owner: Practitioner | None
) -> None:
    if len(configs) > MAX_CHILDREN:
        place = MAX_CHILDREN
        raise InvalidChild(errors={f"child_service_configs.{place}": [f"At most {MAX_CHILDREN}."]})
    if not configs or (service.type_id == words.BUNDLE and len(configs) != 1):
        number = "exactly one service" if service.type_id == words.BUNDLE else "at least one service"
        raise InvalidChild(errors={"child_service_configs": [f"Must contain {number}."]})
    ids = [config["child_id"] for config in configs]
    children = {
        one.id: one for one in session.scalars(select(Service).where(Service.id.in_(ids), Service.deleted_at.is_(None)))
    }
    helped = set(
        session.scalars(
            select(ServicePractitioner.service_id).where(
                ServicePractitioner.service_id.in_(ids),
                ServicePractitioner.practitioner_id == (owner.id if owner else service.practitioner_id),
            )
        )
    )
    wrong = {}
    for place, child_id in enumerate(ids):
        child = children.get(child_id)
        own = child is not None and (child.practitioner_id == service.practitioner_id or child_id in helped)
        if child is None or not own or child_id == service.id:
            told = "You have no such service."
        elif child.type_id in words.COMPOSED:
            told = "Packages and bundles can not be contained."
        elif child_id in ids[:place]:
            told = "Named twice: raise its quantity instead."
        else:
            continue
        wrong[f"child_service_configs.{place}"] = [told]
    if wrong:
        raise InvalidChild(errors=wrong)


def _modalities(session: Session, service: Service, wanted: Sequence[int]) -> None:
    ids = set(wanted)
    before = set(session.scalars(select(ServiceModality.modality_id).where(ServiceModality.service_id == service.id)))
    new = ids - before
    active = set(session.scalars(select(Modality.id).where(Modality.id.in_(new), Modality.is_active)))
    if active != new:
        raise Invalid.field("modality_ids", "There is no such modality.")
    _difference(session, ServiceModality, "modality_id", service.id, before, ids)


def _languages(session: Session, service: Service, wanted: Sequence[int | str]) -> None:
    """Languages are named by id or by ISO 639-1 code."""
    codes = {str(one).lower() for one in wanted if not isinstance(one, int)}
    numbers = {one for one in wanted if isinstance(one, int)}
    found = session.execute(select(Language.code, Language.id).where(Language.code.in_(codes)))
    by_code = {row.code: row.id for row in found}
    known = set(session.scalars(select(Language.id).where(Language.id.in_(numbers))))
    if len(by_code) != len(codes) or known != numbers:
        raise Invalid.field("languages", "There is no such language.")
    before = set(session.scalars(select(ServiceLanguage.language_id).where(ServiceLanguage.service_id == service.id)))
    _difference(session, ServiceLanguage, "language_id", service.id, before, known | set(by_code.values()))


def _difference(
    session: Session, model: type[Any], column: str, service_id: int, before: set[int], wanted: set[int]
) -> None:
    if before - wanted:
        session.execute(
            delete(model).where(model.service_id == service_id, getattr(model, column).in_(before - wanted))
        )
    if wanted - before:
        rows = [{"service_id": service_id, column: one} for one in sorted(wanted - before)]
        session.execute(insert(model), rows)


def replace_benefits(
    session: Session,
    items: Sequence[Mapping[str, Any]],
    *,
    service_id: int | None = None,
    session_id: int | None = None,
) -> None:
    """Replace all benefits of a service or session."""
    _replace(session, ServiceBenefit, ("title", "description", "icon"), items, service_id, session_id)


def replace_agenda(
    session: Session,
    items: Sequence[Mapping[str, Any]],
    *,
    service_id: int | None = None,
    session_id: int | None = None,
) -> None:
    """Replace the whole agenda of a service or session."""
    _replace(session, AgendaItem, ("title", "description", "starts", "ends"), items, service_id, session_id)


def _replace(
    session: Session,
    model: type[Any],
    names: tuple[str, ...],
    items: Sequence[Mapping[str, Any]],
    service_id: int | None,
    session_id: int | None,
) -> None:
    parent = {"service_id": service_id, "session_id": session_id}
    session.execute(
        delete(model).where(
            model.service_id == service_id if service_id is not None else model.session_id == session_id
        )
    )
    placed = enumerate(items)
    ordered = sorted(placed, key=lambda pair: (pair[1].get("position", pair[0]), pair[0]))
    rows = [
        {**parent, "position": place, **{name: item.get(name) for name in names}}
        for place, (_, item) in enumerate(ordered)
    ]
    if rows:
        session.execute(insert(model), rows)
