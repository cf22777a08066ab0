"""Benefits and agenda of a service: lists that keep an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from services.catalog.domain.errors import LimitReached
from services.catalog.models import AgendaItem, Service, ServiceBenefit
from services.catalog.operations.announcing import announce_service
from shared.errors import Invalid, NotFound

Item = Any
"""`ServiceBenefit` or `AgendaItem`."""
MOST = 100


def add_item(session: Session, model: Item, service: Service, body: Mapping[str, Any]) -> None:
    """Add an item at its place, or at the end; those behind move on. Raises LimitReached."""
    number = session.scalar(select(func.count()).select_from(model).where(model.service_id == service.id)) or 0
    if number >= MOST:
        raise LimitReached(f"At most {MOST}.")
    position = min(body.get("position", number), number)
    _shift(session, model, service.id, position, 1)
    session.add(model(**{**body, "service_id": service.id, "position": position}))
    announce_service(session, service)


def change_item(session: Session, model: Item, service: Service, item_id: int, body: Mapping[str, Any]) -> None:
    """Change an item, and move it where it has a new place. Raises NotFound."""
    item = _item(session, model, service, item_id)
    for name, value in body.items():
        if name != "position":
            setattr(item, name, value)
    if "position" in body:
        ids = [one for one in _ids(session, model, service) if one != item_id]
        ids.insert(min(body["position"], len(ids)), item_id)
        _write_order(session, model, ids)
    announce_service(session, service)


def remove_item(session: Session, model: Item, service: Service, item_id: int) -> None:
    """Remove an item; those behind close up. Raises NotFound."""
    item = _item(session, model, service, item_id)
    position = item.position
    session.delete(item)
    session.flush()
    _shift(session, model, service.id, position, -1)
    announce_service(session, service)


def reorder_items(session: Session, model: Item, service: Service, ids: Sequence[int]) -> None:
    """Put all items into the wished order. Raises Invalid unless each is named once."""
    if sorted(ids) != sorted(_ids(session, model, service)):
        raise Invalid.field("ids", "Name every item once.")
    _write_order(session, model, ids)
    announce_service(session, service)


def items_of(session: Session, model: Item, service: Service) -> list[dict[str, Any]]:
    """Return all items of a service in order."""
    found = session.scalars(
        select(model)
        .where(model.service_id == service.id)
        .order_by(model.position)
        .execution_options(populate_existing=True)
    )
    return [_shown(one) for one in found]


def _shown(one: ServiceBenefit | AgendaItem) -> dict[str, Any]:
    shown = {"id": one.id, "title": one.title, "description": one.description, "order": one.position}
    if isinstance(one, AgendaItem):
        return {**shown, "start_time": one.starts, "end_time": one.ends}
    return {**shown, "icon": one.icon, "created_at": one.created_at, "updated_at": one.updated_at}


def _ids(session: Session, model: Item, service: Service) -> list[int]:
    return list(session.scalars(select(model.id).where(model.service_id == service.id).order_by(model.position)))


def _item(session: Session, model: Item, service: Service, item_id: int) -> Any:
    item = session.get(model, item_id)
    if item is None or item.service_id != service.id:
        raise NotFound
    return item


def _shift(session: Session, model: Item, service_id: int, position: int, by: int) -> None:
    session.execute(
        update(model)
        .where(model.service_id == service_id, model.position >= position)
        .values(position=model.position + by)
        .execution_options(synchronize_session=False)
    )


def _write_order(session: Session, model: Item, ids: Sequence[int]) -> None:
    """Write all positions in one statement; the constraint looks at its end."""
    if ids:
        session.execute(
            update(model)
            .where(model.id.in_(ids))
            .values(position=case({one: place for place, one in enumerate(ids)}, value=model.id))
            .execution_options(synchronize_session=False)
        )
        session.expire_all()
