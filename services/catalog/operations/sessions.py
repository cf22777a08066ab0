"""Dated sessions of workshops and courses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.catalog.domain import words
from services.catalog.domain.errors import (
    CapacityBelowBooked,
    InvalidSession,
    InvalidTransition,
    SessionExists,
    SessionHasBookings,
    SessionInPast,
    SessionNotFound,
    SessionOverlap,
    UseReschedule,
    WrongServiceType,
)
from services.catalog.domain.session_rules import EARLY_START, may_become, time_problem
from services.catalog.events import ServiceSessionDeleted
from services.catalog.models import Booking, Location, Schedule, Service, ServiceSession
from services.catalog.operations import relations
from services.catalog.operations.announcing import announce_session
from services.catalog.operations.callers import service_to_change
from services.catalog.operations.checking import check_location
from services.catalog.operations.deriving import derive
from shared.errors import Invalid
from shared.identity import Identity
from shared.messaging import record

_COPIED = (
    *("title", "description", "agenda", "what_youll_learn", "max_participants", "sequence_number", "location_id"),
    *("price_cents", "visibility", "shared_notes", "practitioner_notes"),
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A dated session that the caller may change, and its service; both are locked."""

    session: ServiceSession
    service: Service


def create_session(session: Session, body: Mapping[str, Any], *, by: Identity, now: datetime) -> ServiceSession:
    """Date a workshop or course. Raises WrongServiceType, SessionExists, SessionOverlap, Invalid."""
    service = service_to_change(session, body["service"], by, helper=True).service
    require_dated(service)
    dated = _new(session, service, body, now=now)
    if not body.get("allow_overlap"):
        _refuse_overlap(session, dated)
    _save(session, dated)
    _parts(session, dated, body)
    announce_session(session, dated)
    derive(session, [service.id], now=now)
    return dated


def session_to_change(session: Session, session_id: int, by: Identity, *, helper: bool = False) -> Dated:
    """Return the session for its service's owner or staff. Raises SessionNotFound, NotYours."""
    service_id = session.scalar(select(ServiceSession.service_id).where(ServiceSession.id == session_id))
    if service_id is None:
        raise SessionNotFound
    service = service_to_change(session, service_id, by, helper=helper).service
    dated = session.scalar(select(ServiceSession).where(ServiceSession.id == session_id).with_for_update())
    if dated is None:
        raise SessionNotFound
    return Dated(dated, service)


def update_session(
    session: Session, found: Dated, body: Mapping[str, Any], *, by: Identity, now: datetime
) -> ServiceSession:
    """Change a session's fields. Raises UseReschedule, CapacityBelowBooked, InvalidTransition and what times raise."""
    dated = found.session
    wanted = body.get("status", dated.status)
    if wanted == words.CANCELED and dated.status != wanted:
        return cancel_session(session, found, reason=None, by=by, now=now)
    if wanted != dated.status and not may_become(dated.status, wanted, staff=by.is_staff):
        raise InvalidTransition(errors={"status": [f"It is {dated.status}."]})
    starts, ends = body.get("starts_at", dated.starts_at), body.get("ends_at", dated.ends_at)
    moved = (starts, ends) != (dated.starts_at, dated.ends_at)
    if moved and dated.status in (words.COMPLETED, words.CANCELED):
        raise InvalidTransition(errors={"status": [f"It is {dated.status}."]})
    if moved and dated.taken:
        raise UseReschedule
    capacity = body.get("max_participants", dated.max_participants)
    if (found.service.max_participants if capacity is None else capacity) < dated.taken:
        raise CapacityBelowBooked(errors={"max_participants": [f"{dated.taken} places are taken."]})
    if body.get("location_id") is not None and body["location_id"] != dated.location_id:
        check_location(session, found.service.practitioner_id, body["location_id"])
    with session.no_autoflush:
        for name in _COPIED:
            if name in body:
                setattr(dated, name, body[name])
        if "timezone" in body:
            dated.timezone = body["timezone"]
        dated.status = wanted
        _set_times(dated, starts, ends, now=now if moved else None)
        if moved and not body.get("allow_overlap"):
            _refuse_overlap(session, dated)
    _save(session, dated)
    _parts(session, dated, body)
    _told(session, found, now)
    return dated


def cancel_session(
    session: Session, found: Dated, *, reason: str | None, by: Identity, now: datetime
) -> ServiceSession:
    """Cancel a session; bookings refunds those who booked. Again is the same. Raises InvalidTransition."""
    dated = found.session
    if dated.status == words.CANCELED:
        return dated
    if not may_become(dated.status, words.CANCELED, staff=by.is_staff):
        raise InvalidTransition(errors={"status": [f"It is {dated.status}."]})
    dated.status = words.CANCELED
    announce_session(session, dated, reason=reason)
    derive(session, [dated.service_id], now=now)
    return dated


def reschedule_session(
    session: Session,
    found: Dated,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str | None,
    allow_overlap: bool,
    now: datetime,
) -> dict[str, Any]:
    """Move a session; bookings moves those who booked, or offers refunds. Returns its times before.

    Raises InvalidTransition, SessionInPast, SessionExists, SessionOverlap, Invalid.
    """
    dated = found.session
    if dated.status not in (words.DRAFT, words.SCHEDULED):
        raise InvalidTransition(errors={"status": [f"It is {dated.status}."]})
    if starts_at <= now:
        raise SessionInPast(errors={"start_time": ["Must be in the future."]})
    previous = {"starts_at": dated.starts_at, "ends_at": dated.ends_at}
    with session.no_autoflush:
        if dated.original_start is None:
            dated.original_start, dated.original_end = dated.starts_at, dated.ends_at
        _set_times(dated, starts_at, ends_at, now=now)
        dated.reschedule_count += 1
        if not allow_overlap:
            _refuse_overlap(session, dated)
    _save(session, dated)
    announce_session(session, dated, previous=previous, reason=reason)
    derive(session, [dated.service_id], now=now)
    return previous


def begin_session(session: Session, found: Dated, *, now: datetime) -> ServiceSession:
    """Say that a session goes on, from half an hour before its start. Raises InvalidTransition."""
    dated = found.session
    if dated.status == words.IN_PROGRESS:
        return dated
    early = dated.starts_at is None or now < dated.starts_at - EARLY_START
    if dated.status != words.SCHEDULED or early:
        raise InvalidTransition(errors={"status": ["It can not begin yet." if early else f"It is {dated.status}."]})
    dated.status, dated.actual_start = words.IN_PROGRESS, now
    _told(session, found, now)
    return dated


def end_session(session: Session, found: Dated, *, now: datetime) -> ServiceSession:
    """Say that a session is over. Raises InvalidTransition."""
    dated = found.session
    if dated.status == words.COMPLETED:
        return dated
    if dated.status != words.IN_PROGRESS:
        raise InvalidTransition(errors={"status": [f"It is {dated.status}."]})
    dated.status, dated.actual_end = words.COMPLETED, now
    _told(session, found, now)
    return dated


def delete_session(session: Session, found: Dated, *, now: datetime) -> None:
    """Delete a session that nobody ever booked. Raises SessionHasBookings."""
    if _booked(session, [found.session.id]):
        raise SessionHasBookings
    _delete(session, found.session)
    derive(session, [found.service.id], now=now)


def synchronise(
    session: Session, service: Service, items: Sequence[Mapping[str, Any]], *, by: Identity, now: datetime
) -> None:
    """Make the service's dated sessions those of the list, without deleting and making again what stays.

    An item with an id, or that starts when a session does, is that session. Sessions that are missing from the list
    are deleted, but only if nobody holds a seat. Raises InvalidSession, SessionHasBookings, and what changes raise.
    """
    if service.type_id not in words.DATED:
        if items:
            raise Invalid.field("sessions", "Only workshops and courses have dated sessions.")
        return
    present = {
        one.id: one
        for one in session.scalars(
            select(ServiceSession)
            .where(ServiceSession.service_id == service.id, ServiceSession.status != words.CANCELED)
            .with_for_update()
        )
    }
    matched = _match(present, items)
    gone = [one for one in present.values() if one.id not in matched.values()]
    if any(one.taken for one in gone) or (gone and _booked(session, [one.id for one in gone], seats_only=True)):
        raise SessionHasBookings(errors={"sessions": ["A session that is missing from the list has bookings."]})
    for one in gone:
        _delete(session, one)
    for place, item in enumerate(items):
        body = {**item, "allow_overlap": True}
        body.setdefault("sequence_number", place + 1)
        if place in matched:
            dated = present[matched[place]]
            if _differs(dated, body):
                update_session(session, Dated(dated, service), body, by=by, now=now)
        else:
            dated = _new(session, service, body, now=now)
            _save(session, dated)
            announce_session(session, dated)


def _match(present: Mapping[int, ServiceSession], items: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return which session each place of the list means."""
    by_start = {one.starts_at: one.id for one in present.values()}
    matched: dict[int, int] = {}
    for place, item in enumerate(items):
        if item.get("id") is not None and item["id"] not in present:
            raise InvalidSession(errors={f"sessions.{place}.id": ["The service has no such session."]})
        if item.get("id") is not None:
            matched[place] = item["id"]
    for place, item in enumerate(items):
        same = by_start.get(item["starts_at"])
        if place not in matched and same is not None and same not in matched.values():
            matched[place] = same
    if len(set(matched.values())) != len(matched):
        raise InvalidSession(errors={"sessions": ["Two items name the same session."]})
    starts = [item["starts_at"] for item in items]
    if len(set(starts)) != len(starts):
        raise SessionExists(errors={"sessions": ["Two items start at the same time."]})
    return matched


def _differs(dated: ServiceSession, body: Mapping[str, Any]) -> bool:
    names = (*_COPIED, "starts_at", "ends_at", "status", "timezone")
    return any(name in body and body[name] != getattr(dated, name) for name in names)


def _new(session: Session, service: Service, body: Mapping[str, Any], *, now: datetime) -> ServiceSession:
    status = body.get("status", words.SCHEDULED)
    if status not in (words.DRAFT, words.SCHEDULED):
        raise Invalid.field("status", "A new session is draft or scheduled.")
    if body.get("location_id") is not None:
        check_location(session, service.practitioner_id, body["location_id"])
    number = body.get("sequence_number") or 1 + (
        session.scalar(select(func.count()).select_from(ServiceSession).where(ServiceSession.service_id == service.id))
        or 0
    )
    dated = ServiceSession(
        service_id=service.id,
        practitioner_id=service.practitioner_id,
        status=status,
        timezone=body.get("timezone") or _zone(session, service, body.get("location_id")),
        **{name: body[name] for name in _COPIED if name in body and name not in ("sequence_number", "visibility")},
        sequence_number=number,
        visibility=body.get("visibility") or "public",
        taken=0,
    )
    _set_times(dated, body.get("starts_at"), body.get("ends_at"), now=now)
    return dated


def _set_times(dated: ServiceSession, starts: datetime | None, ends: datetime | None, *, now: datetime | None) -> None:
    """Set the times; `now` is given where they are new. A draft may have none. Raises Invalid, SessionInPast."""
    if starts is None or ends is None:
        if dated.status != words.DRAFT:
            raise Invalid(errors={"start_time": ["A session needs both times."]})
        dated.starts_at = dated.ends_at = None
        return
    if now is not None:
        problem = time_problem(starts, ends, now=now)
        if problem:
            raise Invalid.field(*problem)
        if starts <= now and dated.status == words.SCHEDULED:
            raise SessionInPast(errors={"start_time": ["Must be in the future."]})
    dated.starts_at, dated.ends_at = starts, ends
    dated.duration_minutes = int((ends - starts).total_seconds() // 60)


def _zone(session: Session, service: Service, location_id: int | None) -> str:
    place = location_id or service.location_id
    zone = session.scalar(select(Location.timezone).where(Location.id == place)) if place else None
    if zone is None:
        zone = session.scalar(
            select(Schedule.timezone)
            .where(
                Schedule.practitioner_id == service.practitioner_id,
                or_(Schedule.id == service.schedule_id, Schedule.is_default),
            )
            .order_by((Schedule.id == service.schedule_id).desc().nulls_last())
            .limit(1)
        )
    return zone or "UTC"


def require_dated(service: Service) -> None:
    """Check that the service is a workshop or course. Raises WrongServiceType."""
    if service.type_id not in words.DATED:
        raise WrongServiceType("Only workshops and courses have dated sessions.")


def _refuse_overlap(session: Session, dated: ServiceSession) -> None:
    if dated.starts_at is None or dated.ends_at is None or dated.status != words.SCHEDULED:
        return
    session.execute(select(func.pg_advisory_xact_lock(7_302, func.hashint8(dated.practitioner_id))))
    other = session.execute(
        select(ServiceSession.id, ServiceSession.service_id, ServiceSession.starts_at)
        .where(
            ServiceSession.practitioner_id == dated.practitioner_id,
            ServiceSession.status.in_((words.SCHEDULED, words.IN_PROGRESS)),
            ServiceSession.id != (dated.id or 0),
            ServiceSession.starts_at < dated.ends_at,
            ServiceSession.ends_at > dated.starts_at,
        )
        .limit(1)
    ).first()
    if other is None:
        return
    if (other.service_id, other.starts_at) == (dated.service_id, dated.starts_at):
        raise SessionExists
    raise SessionOverlap(errors={"start_time": [f"Session {other.id} is at that time."]})


def _save(session: Session, dated: ServiceSession) -> None:
    try:
        with session.begin_nested():
            session.add(dated)
            session.flush()
    except IntegrityError as refused:
        if "uq_service_sessions_start" in str(refused.orig):
            raise SessionExists from refused
        raise


def _parts(session: Session, dated: ServiceSession, body: Mapping[str, Any]) -> None:
    if "benefits" in body:
        relations.replace_benefits(session, body["benefits"], session_id=dated.id)
    if "agenda_items" in body:
        relations.replace_agenda(session, body["agenda_items"], session_id=dated.id)


def _told(session: Session, found: Dated, now: datetime) -> None:
    announce_session(session, found.session)
    derive(session, [found.service.id], now=now)


def _delete(session: Session, dated: ServiceSession) -> None:
    gone = ServiceSessionDeleted(id=dated.id, service_id=dated.service_id)
    record(session, gone, about=("service_session", dated.id, dated.version + 1))
    session.delete(dated)
    session.flush()


def _booked(session: Session, ids: Sequence[int], *, seats_only: bool = False) -> bool:
    clause = Booking.session_ids.overlap(list(ids))
    if seats_only:
        clause = clause & Booking.status.in_(words.SEAT_HOLDING)
    return bool(session.scalar(select(exists().where(clause))))
