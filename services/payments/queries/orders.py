"""Reading orders: lists, details, receipts."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select

from services.payments.models import BookingRef, Order, OrderItem, PaymentAttempt, Refund
from services.payments.models.orders import PAID
from services.payments.queries.people import practitioner_id_of
from shared.errors import NotFound
from shared.identity import Identity
from shared.listing import Filter, Listing, Page

COLUMNS = (
    Order.id,
    Order.public_uuid,
    Order.user_id.label("user"),
    Order.payment_method,
    Order.stripe_payment_intent_id,
    Order.stripe_payment_method_id,
    Order.subtotal_amount_cents,
    Order.tax_amount_cents,
    Order.credits_applied_cents,
    Order.total_amount_cents,
    Order.status,
    Order.order_type,
    Order.currency,
    Order.service_id.label("service"),
    Order.practitioner_id.label("practitioner"),
    Order.details.label("metadata"),
    Order.tax_details,
    Order.created_at,
    Order.updated_at,
    Order.booking_id.label("booking"),
    BookingRef.uuid.label("booking_uuid"),
    Order.refunded_amount_cents,
    Order.failure_code,
    Order.failure_message,
    Order.checkout_url,
    Order.stripe_checkout_session_id,
    Order.client_secret,
    Order.next_action_url,
    Order.expires_at,
    Order.paid_at,
    Order.version,
    Order.description,
)
_ORDERS = select(*COLUMNS).join(BookingRef, BookingRef.id == Order.booking_id, isouter=True)
_MINE = Order.user_id == bindparam("me")
_SOLD_BY_ME = Order.practitioner_id == bindparam("practitioner_id")


def listing(read: dict[str, Any]) -> Listing:
    """Return the list of orders; `read` holds the fields that read the filters' values (the edge's)."""
    return Listing(
        columns=_ORDERS,
        key=Order.id,
        filters={
            "status": Filter(read["status"], lambda v: Order.status == v),
            "order_type": Filter(read["order_type"], lambda v: Order.order_type == v),
            "payment_method": Filter(read["payment_method"], lambda v: Order.payment_method == v),
            "booking": Filter(read["booking"], _booking_is, by_value=True),
            "service": Filter(read["service"], lambda v: Order.service_id == v),
            "practitioner": Filter(read["practitioner"], lambda v: Order.practitioner_id == v),
            "user": Filter(read["user"], lambda v: Order.user_id == v),
            "date_from": Filter(read["date_from"], lambda v: Order.created_at >= v),
            "date_to": Filter(read["date_to"], lambda v: Order.created_at < v),
        },
        orderings={"created_at": Order.created_at, "total_amount_cents": Order.total_amount_cents},
        default_ordering="-created_at",
    )


def order_page(connection: Connection, orders: Listing, query: dict[str, Any], *, by: Identity) -> Page:
    """Return a page of the orders that the caller paid or sold; staff see all."""
    role = query.get("role")
    if by.is_staff and role is None:
        return orders.page(connection, query, variant="staff")
    practitioner_id = practitioner_id_of(connection, by)
    parameters = {"me": by.user_id, "practitioner_id": practitioner_id or 0}
    if role == "practitioner":
        return orders.page(connection, query, where=[_SOLD_BY_ME], variant="sold", parameters=parameters)
    if role == "client" or practitioner_id is None:
        return orders.page(connection, query, where=[_MINE], variant="mine", parameters=parameters)
    return orders.page(connection, query, where=[or_(_MINE, _SOLD_BY_ME)], variant="both", parameters=parameters)


def shown(row: dict[str, Any], *, by: Identity, public_url: str) -> dict[str, Any]:
    """Return an order as its payer, staff, or with less in it its practitioner may see it."""
    row["is_paid"] = row["status"] in PAID
    for name in ("subtotal_amount", "tax_amount", "total_amount", "refunded_amount", "credits_applied"):
        row[name] = row[f"{name}_cents"]
    row["receipt_url"] = f"{public_url}/api/v1/drf/payments/{row['public_uuid']}/receipt/" if row["is_paid"] else None
    if row["user"] != by.user_id:
        row["client_secret"] = row["checkout_url"] = row["next_action_url"] = None
        if not by.is_staff:
            row["stripe_payment_intent_id"] = row["stripe_payment_method_id"] = row["receipt_url"] = None
            row["tax_details"], row["metadata"] = None, None
    if row["status"] != "processing":
        row["client_secret"] = None
    return row


def find_order(
    connection: Connection, reference: str, *, by: Identity, also_practitioner: bool = True
) -> dict[str, Any]:
    """Return an order by id or uuid. Raises NotFound, also for somebody else's."""
    named = by_reference(reference)
    row = connection.execute(_ORDERS.where(named)).mappings().one_or_none()
    if row is not None and (by.is_staff or row["user"] == by.user_id):
        return dict(row)
    is_sold = row is not None and also_practitioner and row["practitioner"] is not None
    if row is not None and is_sold and practitioner_id_of(connection, by) == row["practitioner"]:
        return dict(row)
    raise NotFound("There is no such payment.")


def order_of_page(connection: Connection, session_id: str, *, by: Identity) -> int:
    """Return the order that a Checkout Session is for. Raises NotFound, also for somebody else's."""
    row = connection.execute(
        select(Order.id, Order.user_id)
        .join(PaymentAttempt, PaymentAttempt.order_id == Order.id)
        .where(PaymentAttempt.stripe_id == session_id)
    ).first()
    if row is None or (row.user_id != by.user_id and not by.is_staff):
        raise NotFound("There is no such payment.")
    return int(row.id)


def by_reference(reference: str) -> Any:
    """Return the clause that finds an order by id or uuid; never true for anything else."""
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        return Order.id == int(reference)
    try:
        return Order.public_uuid == UUID(reference)
    except ValueError:
        return Order.id == -1


def detail(connection: Connection, row: dict[str, Any], *, by: Identity, public_url: str) -> dict[str, Any]:
    """Return an order with its items, refunds and attempts."""
    order_id = row["id"]
    result = shown(row, by=by, public_url=public_url)
    is_seller = by.is_staff or row["user"] != by.user_id
    items = connection.execute(
        select(OrderItem.__table__).where(OrderItem.order_id == order_id).order_by(OrderItem.id)
    ).mappings()
    result["items"] = [_item(item, is_seller=is_seller) for item in items]
    result["refunds"] = refunds_of(connection, order_id)
    attempts = connection.execute(
        select(PaymentAttempt.__table__).where(PaymentAttempt.order_id == order_id).order_by(PaymentAttempt.number)
    ).mappings()
    result["attempts"] = [
        {**attempt, "stripe_id": attempt["stripe_id"] if row["user"] == by.user_id or by.is_staff else None}
        for attempt in attempts
    ]
    return result


def refunds_of(connection: Connection, order_id: int) -> list[dict[str, Any]]:
    """Return an order's refunds, oldest first."""
    rows = connection.execute(
        select(Refund.__table__).where(Refund.order_id == order_id).order_by(Refund.id)
    ).mappings()
    return [refund_shown(row) for row in rows]


def refund_shown(row: Any) -> dict[str, Any]:
    """Return a refund's row as the API has it."""
    return {**row, "order": row["order_id"], "booking": row["booking_id"], "amount": row["amount_cents"]}


def _item(item: Any, *, is_seller: bool) -> dict[str, Any]:
    return {
        "id": item["id"],
        "booking": item["booking_id"],
        "service": item["service_id"],
        "practitioner": item["practitioner_id"],
        "description": item["description"],
        "gross_amount_cents": item["gross_cents"],
        "gross_amount": item["gross_cents"],
        "released_amount_cents": item["released_cents"],
        "refunded_amount_cents": item["refunded_undelivered_cents"] + item["refunded_earned_cents"],
        "commission_rate": percent(item["commission_bps"]) if is_seller else None,
    }


def percent(bps: int | None) -> str | None:
    """Return basis points as a percentage with two places, such as `15.00`."""
    return None if bps is None else f"{bps // 100}.{bps % 100:02}"


def _booking_is(value: Any) -> Any:
    if isinstance(value, int):
        return Order.booking_id == value
    return BookingRef.uuid == value
