"""What every purchase of several sessions has in common: a row per session, and one announcement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.models import Booking, Practitioner, Service
from services.bookings.operations.announcing import announce_children, set_reminders
from services.bookings.operations.building import announce_new, copy_service
from services.bookings.operations.checking import Request
from services.bookings.operations.following import open_credits


def new_child(
    parent: Booking,
    request: Request,
    *,
    kind: str,
    number: int,
    share_cents: int,
    service: Service | None = None,
    practitioner: Practitioner | None = None,
    **more: Any,
) -> Booking:
    """Return one session of a purchase that is being made, unwritten.

    It gives what was asked for, unless `service` and `practitioner` say otherwise. `more` sets further columns; with
    a time it is pending as its parent is, without one a credit that waits for its parent.
    """
    child = Booking(
        **{
            "kind": kind,
            "parent_id": parent.id,
            "session_number": number,
            "client_id": parent.client_id,
            "timezone": parent.timezone,
            "location_id": parent.location_id,
            "price_charged_cents": share_cents,
            "final_amount_cents": share_cents,
            "allocated_cents": share_cents,
            "collect": parent.collect,
            "payment": {},
            "created_at": request.now,
            "updated_at": request.now,
            **more,
        }
    )
    copy_service(child, service or request.service, practitioner or request.practitioner, request.client)
    if child.start_time is None:
        child.become(words.DRAFT, detail=words.AWAITING_PARENT, now=request.now)
        return child
    child.become(words.PENDING, detail=words.AWAITING_PAYMENT, now=request.now)
    child.hold_expires_at = parent.hold_expires_at
    return child


def tell_purchase(session: Session, parent: Booking, children: Sequence[Booking], request: Request) -> None:
    """Announce a purchase that was just written; its sessions follow it silently.

    Where there is nothing to pay they are certain at once. Emits BookingCreated for the parent, and BookingConfirmed.
    """
    if parent.status == words.CONFIRMED:
        for child in open_credits(parent, children, now=request.now):
            if child.status == words.CONFIRMED:
                set_reminders(session, child, now=request.now)
    announce_new(session, parent, request)
    announce_children(session, children, action="created", by=request.by)
