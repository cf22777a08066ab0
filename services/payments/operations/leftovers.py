"""Money in escrow that nobody will earn any more: what is left of packages that are over."""

from datetime import datetime, timedelta

from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.payments.models import BookingRef, Order, OrderItem, ReconciliationItem
from services.payments.models.orders import PAID
from services.payments.operations.findings import Difference, keep_findings

LEFTOVER = Gauge("payments_escrow_leftover_cents", "Escrow of bookings that ended more than seven days ago.")
KIND = "escrow_leftover"
ENDED_FOR = timedelta(days=7)
ENDED = ("completed", "canceled", "no_show")


def find_leftovers(session: Session, *, now: datetime) -> int:
    """Keep each paid order whose booking ended a week ago and whose money was not moved on; return how many.

    Staff see them beside the differences of the comparison, and decide: payments lets nothing lapse by itself.
    """
    left = func.sum(OrderItem.gross_cents - OrderItem.released_cents - OrderItem.refunded_undelivered_cents)
    rows = session.execute(
        select(Order.public_uuid, left.label("cents"))
        .join(OrderItem, OrderItem.order_id == Order.id)
        .join(BookingRef, BookingRef.id == Order.booking_id)
        .where(
            Order.status.in_(PAID),
            Order.payment_method != "manual",
            Order.disputed.is_(False),
            BookingRef.status.in_(ENDED),
            BookingRef.told_at < now - ENDED_FOR,
        )
        .group_by(Order.id)
        .having(left > 0)
        .order_by(Order.id)
    ).all()
    found = [
        Difference(
            kind=KIND,
            subject=str(row.public_uuid),
            ours_cents=int(row.cents),
            theirs_cents=0,
            note="The booking is over; this part was neither earned nor given back.",
        )
        for row in rows
    ]
    keep_findings(session, found, looked_at=ReconciliationItem.kind == KIND)
    LEFTOVER.set(sum(one.ours_cents for one in found))
    return len(found)
