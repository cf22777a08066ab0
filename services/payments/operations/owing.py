"""Refunds that bookings asked for while the order's payment was in dispute: they wait for what the bank decides."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.payments.models import Order
from services.payments.operations.refunds import give_back

_OWED = "owed"


def owe(order: Order, asked: Mapping[str, Any]) -> None:
    """Note a refund (`give_back`'s arguments) that is due once the dispute is over."""
    order.details = {**order.details, _OWED: [*order.details.get(_OWED, []), dict(asked)]}


def pay_owed(session: Session, order: Order) -> None:
    """Make the refunds that waited: the dispute was won."""
    for asked in _taken(order):
        give_back(session, order, **asked)


def settle_owed(session: Session, order: Order, *, taken_cents: int, source_key: str) -> None:
    """The bank gave `taken_cents` back itself; only what was due beyond that is given, in credits."""
    owed = _taken(order)
    left = sum(asked["cents"] for asked in owed) - taken_cents
    if left > 0:
        last = owed[-1]
        give_back(
            session,
            order,
            cents=left,
            source_key=source_key,
            reason=last["reason"],
            booking_id=last["booking_id"],
            destination="credits",
        )


def _taken(order: Order) -> list[dict[str, Any]]:
    owed: list[dict[str, Any]] = order.details.get(_OWED, [])
    order.details = {name: value for name, value in order.details.items() if name != _OWED}
    return owed
