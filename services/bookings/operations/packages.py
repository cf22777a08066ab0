"""Buying packages and bundles: a parent, and a session credit for each session in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.bookings.domain import words
from services.bookings.domain.errors import NotBookable
from services.bookings.domain.shares import shares
from services.bookings.models import Booking, Practitioner, Service
from services.bookings.models.offers import find_offer
from services.bookings.operations.building import insert, new_booking
from services.bookings.operations.checking import Request, check_limits, check_offer, price_of, understand
from services.bookings.operations.occupying import lock_calendar, take_time_of
from services.bookings.operations.purchases import new_child, tell_purchase
from services.bookings.operations.scheduling import place_in_time
from services.bookings.operations.wishes import Wish
from shared.errors import Invalid
from shared.identity import Identity

SESSIONS_MAX = 500


@dataclass(frozen=True, slots=True)
class Content:
    """A service in a package, how often, and who gives it."""

    service: Service
    practitioner: Practitioner
    quantity: int


def create_multi(session: Session, wish: Wish, *, kind: str, by: Identity, now: datetime) -> Request:
    """Understand a purchase of this kind. Raises ServiceNotFound, Invalid for a service of another type."""
    request = understand(session, wish, by=by, now=now, unknown_service_is_absent=True)
    if request.service.service_type != kind:
        raise Invalid.field("service_id", f"This is a {request.service.service_type}, not a {kind}.")
    check_offer(request)
    return request


def create_package(session: Session, wish: Wish, *, kind: str, by: Identity, now: datetime) -> Booking:
    """Buy a package or a bundle (`kind`). Raises what `create_booking` does, and ServiceNotFound."""
    return buy(session, create_multi(session, wish, kind=kind, by=by, now=now))


def buy(session: Session, request: Request) -> Booking:
    """Buy the package or bundle. Emits BookingCreated for the parent; its children follow it silently.

    With a start time the first session is scheduled at once, in the same transaction. Raises NotBookable, SlotTaken,
    SlotUnavailable, LimitReached.
    """
    contents = _contents(session, request.service)
    lock_calendar(session, request.practitioner.id, *(content.practitioner.id for content in contents))
    check_limits(session, request)
    price, discount = price_of(request)
    parent = new_booking(
        request,
        kind=request.service.service_type,
        start=None,
        end=None,
        price_cents=price,
        discount_cents=discount,
        location_id=None,
    )
    _describe(parent, request.service, contents)
    insert(session, parent)
    children = list(_children(parent, contents, request))
    insert(session, *children)
    if request.wish.start_time is not None:
        _schedule_first(session, children[0], parent, request)
    tell_purchase(session, parent, children, request)
    return parent


def _contents(session: Session, service: Service) -> list[Content]:
    wanted = sorted(service.children, key=lambda child: child.get("position") or 0)
    ids = [int(child["service_id"]) for child in wanted]
    rows = session.execute(
        select(Service, Practitioner)
        .join(Practitioner, Practitioner.id == Service.practitioner_id)
        .where(Service.id.in_(ids), Service.deleted_at.is_(None), Service.status == "active")
    )
    known = {child.id: (child, practitioner) for child, practitioner in rows}
    contents = []
    for child in wanted:
        found = known.get(int(child["service_id"]))
        if found is None:
            if child.get("is_required", True):
                raise NotBookable("A part of this can not be booked at the moment.")
            continue
        quantity = int(child.get("quantity") or 1)
        if service.service_type == words.BUNDLE:
            quantity = (service.sessions_included or 0) + (service.bonus_sessions or 0)
        contents.append(Content(*found, quantity))
    if not 1 <= sum(content.quantity for content in contents) <= SESSIONS_MAX:
        raise NotBookable
    return contents


def _describe(parent: Booking, service: Service, contents: list[Content]) -> None:
    parent.sessions_total = sum(content.quantity for content in contents)
    parent.validity_days = service.validity_days
    if service.service_type == words.BUNDLE:
        parent.bundle_name_snapshot, parent.bundle_sessions_snapshot = service.name, parent.sessions_total
        return
    parent.package_name_snapshot = service.name
    parent.package_contents_snapshot = [
        {
            "service_id": content.service.id,
            "service_name": content.service.name,
            "quantity": content.quantity,
            "price_cents": content.service.price_cents,
        }
        for content in contents
    ]


def _children(parent: Booking, contents: list[Content], request: Request) -> Iterator[Booking]:
    assert parent.sessions_total is not None
    parts = shares(parent.final_amount_cents, parent.sessions_total)
    sessions = [content for content in contents for _ in range(content.quantity)]
    for number, (content, share) in enumerate(zip(sessions, parts, strict=True), start=1):
        yield new_child(
            parent,
            request,
            kind=content.service.service_type,
            number=number,
            share_cents=share,
            service=content.service,
            practitioner=content.practitioner,
            location_id=content.service.location_id,
            collect=words.CREDIT if parent.collect == words.PLATFORM else parent.collect,
            validity_days=parent.validity_days,
            package_name_snapshot=parent.package_name_snapshot,
            bundle_name_snapshot=parent.bundle_name_snapshot,
        )


def _schedule_first(session: Session, child: Booking, parent: Booking, request: Request) -> None:
    """Give the first session its time; it is kept as long as the purchase is."""
    offer = find_offer(session, child.service_id, practitioner=child.practitioner_id, client_id=child.client_id)
    if offer is None:
        raise NotBookable
    if child.kind != words.SESSION:
        raise Invalid.field("start_time", "The first session is not one that has a time of its own.")
    assert request.wish.start_time is not None
    place_in_time(session, child, offer, start=request.wish.start_time, end=request.wish.end_time, now=request.now)
    child.become(words.PENDING, detail=words.AWAITING_PAYMENT, now=request.now)
    child.hold_expires_at = parent.hold_expires_at
    take_time_of(session, child)
