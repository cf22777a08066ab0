"""Making orders: once per thing that is sold, with the price that its owner says."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.domain.orders import Part, Share, split
from services.payments.models import Order, OrderItem, ServiceRef


def order_by_source(session: Session, source_key: str, *, lock: bool = True) -> Order | None:
    """Return the order that `source_key` made, locked."""
    statement = select(Order).where(Order.source_key == source_key)
    return session.scalar(statement.with_for_update() if lock else statement)


def locked_order(session: Session, order_id: int) -> Order:
    """Return an order, locked until the commit. Everything that moves its money does this first."""
    return session.scalars(
        select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def locked_booking_order(session: Session, booking_id: int | None) -> Order | None:
    """Return the order that pays for a booking, locked."""
    if booking_id is None:
        return None
    return session.scalar(
        select(Order).where(Order.booking_id == booking_id).with_for_update().execution_options(populate_existing=True)
    )


def place_booking_order(
    session: Session,
    *,
    order_uuid: UUID | None,
    booking_id: int,
    user_id: int,
    practitioner_id: int,
    service_id: int | None,
    order_type: str,
    amount_cents: int,
    description: str,
    expires_at: datetime | None,
    parts: Sequence[Part],
    wanted: dict[str, Any],
) -> Order:
    """Make the order of a booking, or give the booking to the order that asked for it (`order_uuid`)."""
    order = _asked_for(session, order_uuid, user_id) if order_uuid else None
    if order is None:
        order = Order(source_key=f"booking:{booking_id}", user_id=user_id, wanted=wanted)
        session.add(order)
    order.booking_id = booking_id
    order.practitioner_id = practitioner_id
    order.service_id = service_id
    order.order_type = order_type
    order.description = description
    order.subtotal_amount_cents = order.total_amount_cents = amount_cents
    order.tax_amount_cents = order.credits_applied_cents = 0
    order.expires_at = expires_at
    session.flush()
    for part in _divided(session, parts, amount_cents):
        session.add(
            OrderItem(
                order_id=order.id,
                booking_id=booking_id,
                service_id=part.service_id,
                practitioner_id=part.practitioner_id,
                service_type_code=part.service_type,
                description=part.description,
                gross_cents=part.gross_cents,
                sessions_total=max(part.sessions_total, 1),
            )
        )
    session.flush()
    return order


def items_of(session: Session, order: Order) -> list[OrderItem]:
    """Return an order's items in a fixed order."""
    return list(session.scalars(select(OrderItem).where(OrderItem.order_id == order.id).order_by(OrderItem.id)))


def _asked_for(session: Session, order_uuid: UUID, user_id: int) -> Order | None:
    return session.scalar(
        select(Order)
        .where(
            Order.public_uuid == order_uuid,
            Order.user_id == user_id,
            Order.booking_id.is_(None),
            Order.status == "pending",
        )
        .with_for_update()
    )


def _divided(session: Session, parts: Sequence[Part], amount_cents: int) -> list[Part]:
    """Return the parts split among practitioners, merged where one sells a service twice, and summing to the amount."""
    shares = _shares(session, {part.service_id for part in parts if part.service_id})
    merged: dict[tuple[int, int | None], Part] = {}
    for part in (one for whole in parts for one in split(whole, shares.get(whole.service_id or 0, []))):
        key = (part.practitioner_id, part.service_id)
        before = merged.get(key)
        merged[key] = part if before is None else _sum(before, part)
    result = list(merged.values())
    difference = amount_cents - sum(part.gross_cents for part in result)
    if result and difference:
        first = result[0]
        result[0] = _sum(first, first, gross_cents=first.gross_cents + difference, sessions=first.sessions_total)
    return result


def _sum(one: Part, other: Part, *, gross_cents: int | None = None, sessions: int | None = None) -> Part:
    return Part(
        practitioner_id=one.practitioner_id,
        service_id=one.service_id,
        service_type=one.service_type,
        description=one.description,
        gross_cents=one.gross_cents + other.gross_cents if gross_cents is None else gross_cents,
        sessions_total=one.sessions_total + other.sessions_total if sessions is None else sessions,
    )


def _shares(session: Session, service_ids: Iterable[int]) -> dict[int, list[Share]]:
    wanted = list(service_ids)
    if not wanted:
        return {}
    rows = session.execute(select(ServiceRef.id, ServiceRef.shares).where(ServiceRef.id.in_(wanted)))
    return {
        row.id: [
            Share(
                practitioner_id=int(one["practitioner_id"]),
                is_primary=bool(one.get("is_primary")),
                bps=int(one.get("share_bp") or 0),
            )
            for one in row.shares
        ]
        for row in rows
    }
