"""Finding what is to be paid."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from services.payments.domain.errors import BookingNotPayable
from services.payments.models import BookingRef, LedgerAccount, Order, ServiceRef
from shared.errors import Invalid, NotFound
from shared.identity import Identity


def named(model: Any, reference: str) -> Any:
    """Return the clause that finds a replica by id, uuid, or where it has one its slug."""
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        return model.id == int(reference)
    try:
        return model.uuid == UUID(reference)
    except ValueError:
        return model.slug == reference if hasattr(model, "slug") else model.id == -1


def own_booking_id(connection: Connection, reference: str, *, by: Identity, for_staff: bool = False) -> int | None:
    """Return the id of the caller's booking, None while it is not known here.

    Raises NotFound for another's, unless staff ask (`for_staff`).
    """
    row = connection.execute(select(BookingRef.id, BookingRef.user_id).where(named(BookingRef, reference))).first()
    if row is None:
        return None
    if row.user_id != by.user_id and not for_staff:
        raise NotFound("There is no such booking.")
    return int(row.id)


def order_of_booking(connection: Connection, booking_id: int) -> int | None:
    """Return the order that pays for a booking."""
    return connection.scalar(select(Order.id).where(Order.booking_id == booking_id))


def service_for_sale(connection: Connection, reference: str) -> Any:
    """Return a service that can be bought, by id, uuid or slug. Raises Invalid on `service_id`."""
    row = connection.execute(
        select(
            ServiceRef.id,
            ServiceRef.name,
            ServiceRef.price_cents,
            ServiceRef.service_type,
            ServiceRef.practitioner_id,
            ServiceRef.is_active,
        ).where(named(ServiceRef, reference), ServiceRef.deleted_at.is_(None))
    ).first()
    if row is None:
        raise NotFound("There is no such service.")
    return row


def price_of(connection: Connection, *, booking: str | None, service: str | None, by: Identity) -> int:
    """Return what a booking or a service costs, in cents. Raises NotFound, BookingNotPayable, Invalid."""
    if booking:
        booking_id = own_booking_id(connection, booking, by=by)
        if booking_id is None:
            raise NotFound("There is no such booking.")
        row = connection.execute(
            select(BookingRef.amount_cents, BookingRef.status).where(BookingRef.id == booking_id)
        ).one()
        if row.status != "pending_payment":
            raise BookingNotPayable
        return int(row.amount_cents)
    if service:
        return int(service_for_sale(connection, service).price_cents)
    raise Invalid.field("booking_id", "Name a booking or a service.")


def credits_of(connection: Connection, user_id: int) -> int:
    """Return what a user can spend."""
    found = connection.scalar(
        select(LedgerAccount.balance_cents).where(LedgerAccount.code == f"user:{user_id}:credits")
    )
    return found or 0
