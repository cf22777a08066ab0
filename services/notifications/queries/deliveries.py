"""Mails under way and gone, and announcements, as staff see them."""

from typing import Any

from sqlalchemy import func, select

from services.notifications.domain.kinds import KINDS
from services.notifications.domain.samples import sample, variables
from services.notifications.domain.words import CHANNELS, masked
from services.notifications.models import Broadcast, Delivery, User
from services.notifications.models.deliveries import DELIVERY_STATUSES
from shared.http import fields
from shared.listing import Filter, Listing, Row

_COLUMNS = select(
    Delivery.id,
    Delivery.notification_id,
    Delivery.user_id,
    Delivery.kind,
    Delivery.channel,
    Delivery.status,
    Delivery.reason,
    Delivery.recipient,
    func.coalesce(Delivery.address, User.email, "").label("address"),
    Delivery.subject,
    Delivery.attempts,
    Delivery.not_before,
    Delivery.sent_at,
    Delivery.error,
    Delivery.event_id,
    Delivery.created_at,
).outerjoin(User, User.id == Delivery.user_id)

DELIVERIES = Listing(
    columns=_COLUMNS,
    key=Delivery.id,
    filters={
        "user_id": Filter(fields.Integer(), lambda value: Delivery.user_id == value),
        "status": Filter(fields.Names(DELIVERY_STATUSES), lambda value: Delivery.status == func.any(value)),
        "channel": Filter(fields.Names(CHANNELS), lambda value: Delivery.channel == func.any(value)),
        "kind": Filter(fields.Names(tuple(KINDS)), lambda value: Delivery.kind == func.any(value)),
        "event_id": Filter(fields.UUID(), lambda value: Delivery.event_id == value),
        "created_after": Filter(fields.DateTime(), lambda value: Delivery.created_at >= value),
        "created_before": Filter(fields.DateTime(), lambda value: Delivery.created_at <= value),
    },
    orderings={"created_at": Delivery.created_at},
    default_ordering="-created_at",
)

BROADCASTS = Listing(
    columns=select(
        Broadcast.id,
        Broadcast.title,
        Broadcast.audience,
        Broadcast.status,
        Broadcast.total,
        Broadcast.sent,
        Broadcast.created_by,
        Broadcast.scheduled_for,
        Broadcast.created_at,
    ),
    key=Broadcast.id,
    orderings={"created_at": Broadcast.created_at},
    default_ordering="-created_at",
)


def presented(row: Row) -> dict[str, Any]:
    """Return a delivery as the API shows it: to whom, but masked, and never what it says."""
    is_open = row["status"] in ("queued", "held", "sending")
    return {
        **row,
        "to": row["recipient"] or masked(row["address"]),
        "error": row["error"] or row["reason"],
        "not_before": row["not_before"] if is_open else None,
    }


def one_delivery(session: Any, delivery_id: Any) -> dict[str, Any]:
    """Return one delivery as the API shows it."""
    row = session.execute(_COLUMNS.where(Delivery.id == delivery_id)).one()
    return presented(dict(row._mapping))


def kinds() -> list[dict[str, Any]]:
    """Return the table of kinds as data."""
    return [
        {
            "kind": kind.name,
            "event": kind.event,
            "audience": kind.audience,
            "notification_type": kind.type,
            "priority": kind.priority.word,
            "default_channels": kind.channels,
            "mandatory": kind.is_mandatory,
            "digestible": kind.is_digestible,
            "quiet": "waits" if kind.waits else "passes",
            "variables": variables(kind.name),
            "sample": sample(kind.name),
        }
        for kind in KINDS.values()
    ]
