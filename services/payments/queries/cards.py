"""Reading stored cards."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from services.payments.domain.cards import is_expired
from services.payments.models import PaymentMethod
from shared.errors import NotFound
from shared.identity import Identity
from shared.listing import Filter, Listing, Page

CARDS = select(
    PaymentMethod.id,
    PaymentMethod.user_id.label("user"),
    PaymentMethod.stripe_payment_method_id,
    PaymentMethod.brand,
    PaymentMethod.last4,
    PaymentMethod.exp_month,
    PaymentMethod.exp_year,
    PaymentMethod.is_default,
    PaymentMethod.is_active,
    PaymentMethod.version,
    PaymentMethod.created_at,
    PaymentMethod.updated_at,
)
_OWN = (PaymentMethod.user_id == bindparam("me")) & PaymentMethod.is_active.is_(True)


def listing(read: dict[str, Any]) -> Listing:
    """Return the list of cards."""
    return Listing(
        columns=CARDS,
        key=PaymentMethod.id,
        filters={"is_default": Filter(read["is_default"], lambda v: PaymentMethod.is_default == v)},
        orderings={
            "created_at": PaymentMethod.created_at,
            "exp_year": PaymentMethod.exp_year,
            "is_default": PaymentMethod.is_default,
        },
        default_ordering="-is_default,-created_at",
        search=lambda v: or_(
            func.starts_with(PaymentMethod.brand, func.lower(v)), func.starts_with(PaymentMethod.last4, v)
        ),
    )


def card_page(connection: Connection, cards: Listing, query: dict[str, Any], *, by: Identity, now: datetime) -> Page:
    """Return a page of the caller's active cards."""
    page = cards.page(connection, query, where=[_OWN], variant="own", parameters={"me": by.user_id})
    for row in page.rows:
        shown(row, now=now)
    return page


def own_card(connection: Connection, card_id: int, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return one of the caller's active cards. Raises NotFound."""
    row = (
        connection.execute(CARDS.where(_OWN, PaymentMethod.id == card_id), {"me": by.user_id}).mappings().one_or_none()
    )
    if row is None:
        raise NotFound("There is no such card.")
    return shown(dict(row), now=now)


def shown(row: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Add what a person recognises a card by."""
    row["masked_number"] = f"**** **** **** {row['last4']}"
    row["is_expired"] = "true" if is_expired(row["exp_year"], row["exp_month"], now) else "false"
    return row
