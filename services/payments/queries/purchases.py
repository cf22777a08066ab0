"""What a practitioner sold, purchase by purchase, with what each session earned."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text

from services.payments.models import EarningsTransaction, Order, ServiceRef, UserRef
from services.payments.models.orders import PAID
from services.payments.queries.earnings import display
from shared.listing import Filter, Listing, Page


def listing(read: dict[str, Any]) -> Listing:
    """Return the list of purchases."""
    return Listing(
        columns=select(
            Order.id,
            Order.public_uuid,
            Order.created_at,
            Order.subtotal_amount_cents,
            Order.status,
            Order.order_type,
            Order.description,
            Order.service_id,
            Order.booking_id,
            Order.user_id,
            func.coalesce(UserRef.name, "").label("client_name"),
            UserRef.avatar_url,
            ServiceRef.uuid.label("service_uuid"),
            func.coalesce(ServiceRef.name, Order.description).label("service_name"),
            func.coalesce(ServiceRef.service_type, "").label("service_type"),
        )
        .join(UserRef, UserRef.id == Order.user_id, isouter=True)
        .join(ServiceRef, ServiceRef.id == Order.service_id, isouter=True)
        .where(Order.status.in_(PAID), Order.booking_id.is_not(None)),
        key=Order.id,
        filters={
            "date_from": Filter(read["date_from"], lambda v: Order.created_at >= v),
            "date_to": Filter(read["date_to"], lambda v: Order.created_at < v),
            "status": Filter(
                read["status"],
                lambda v: Order.id.in_(select(EarningsTransaction.order_id).where(EarningsTransaction.status == v)),
            ),
        },
        orderings={"created_at": Order.created_at},
        default_ordering="-created_at",
    )


def purchase_page(
    connection: Connection, purchases: Listing, query: dict[str, Any], *, practitioner_id: int
) -> tuple[Page, list[dict[str, Any]]]:
    """Return a page of what a practitioner sold: three queries, whatever the page's size."""
    page = purchases.page(
        connection,
        query,
        where=[Order.practitioner_id == bindparam("owner")],
        variant="own",
        parameters={"owner": practitioner_id},
    )
    roots = [row["booking_id"] for row in page.rows]
    bookings: dict[int, list[Any]] = defaultdict(list)
    earned: dict[int, list[Any]] = defaultdict(list)
    if roots:
        for booking in connection.execute(_OF_ROOTS, {"ids": roots}):
            bookings[booking.parent_booking_id if booking.parent_booking_id in roots else booking.id].append(booking)
        found = connection.execute(_EARNED, {"ids": [row["id"] for row in page.rows], "owner": practitioner_id})
        for earning in found:
            earned[earning.order_id].append(earning)
    return page, [_shown(row, bookings[row["booking_id"]], earned[row["id"]]) for row in page.rows]


_OF_ROOTS = text("""
    SELECT id, uuid, parent_booking_id, status, payment_status, allocated_cents, start_time FROM booking_ref
    WHERE id = ANY(:ids) OR parent_booking_id = ANY(:ids) ORDER BY id
""")
_EARNED = text("""
    SELECT id, order_id, booking_id, gross_cents, commission_cents, net_cents, status, created_at
    FROM earnings_transactions WHERE order_id = ANY(:ids) AND practitioner_id = :owner ORDER BY id
""")


def _shown(row: dict[str, Any], bookings: list[Any], earned: list[Any]) -> dict[str, Any]:
    children = [booking for booking in bookings if booking.parent_booking_id is not None] or bookings
    by_booking = {one.booking_id: one for one in earned}
    by_status: dict[str, int] = defaultdict(int)
    for one in earned:
        by_status[one.status] += one.net_cents
    return {
        "order": {
            "id": row["id"],
            "public_uuid": row["public_uuid"],
            "created_at": row["created_at"],
            **_twins("total_amount", row["subtotal_amount_cents"]),
            "status": row["status"],
            "order_type": row["order_type"],
        },
        "client": {
            "id": row["user_id"],
            "name": row["client_name"],
            "email": None,
            "avatar_url": row["avatar_url"],
        },
        "service": {
            "id": row["service_id"],
            "public_uuid": row["service_uuid"],
            "name": row["service_name"],
            "service_type": row["service_type"],
            "service_type_name": row["service_type"].capitalize(),
        },
        "bookings": [_booking(booking, by_booking.get(booking.id), row) for booking in children],
        "summary": {
            "total_sessions": len(children),
            "completed_sessions": sum(booking.status == "completed" for booking in children),
            **_twins("total_credits", row["subtotal_amount_cents"]),
            **_twins("total_gross", sum(one.gross_cents for one in earned)),
            **_twins("total_commission", sum(one.commission_cents for one in earned)),
            **_twins("total_net", sum(one.net_cents for one in earned)),
            "earnings_by_status": dict(by_status),
        },
    }


def _booking(booking: Any, earning: Any, order: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": booking.id,
        "public_uuid": booking.uuid,
        "status": booking.status,
        "payment_status": booking.payment_status,
        **display("credits_allocated", booking.allocated_cents),
        "service_session": {"start_time": booking.start_time} if booking.start_time else None,
        "earnings": None
        if earning is None
        else {
            "id": earning.id,
            "status": earning.status,
            "gross_cents": earning.gross_cents,
            "commission_cents": earning.commission_cents,
            "net_cents": earning.net_cents,
        },
        "created_at": order["created_at"],
    }


def _twins(name: str, cents: int) -> dict[str, Any]:
    """Return an amount as `<name>_cents` with its shown twin `<name>_display`."""
    return {f"{name}_cents": cents, f"{name}_display": display(name, cents)[f"{name}_display"]}
