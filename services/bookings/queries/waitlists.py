"""Looking at waitlists. A position is the rank in the line, computed, never stored."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from services.bookings.domain.errors import EntryNotFound, ServiceNotFound
from services.bookings.models import Service, SessionSeat, User, WaitlistEntry
from services.bookings.models.offers import Reference, practitioner_of, referring
from shared.identity import Identity

_Ahead = aliased(WaitlistEntry)
LINE_MAX = 500

_POSITION = case(
    (
        WaitlistEntry.status == "waiting",
        select(func.count())
        .where(
            _Ahead.service_id == WaitlistEntry.service_id,
            _Ahead.service_session_id.is_not_distinct_from(WaitlistEntry.service_session_id),
            _Ahead.status == "waiting",
            or_(
                _Ahead.joined_at < WaitlistEntry.joined_at,
                and_(_Ahead.joined_at == WaitlistEntry.joined_at, _Ahead.id <= WaitlistEntry.id),
            ),
        )
        .correlate(WaitlistEntry)
        .scalar_subquery(),
    ),
    else_=1,
).label("position")

ENTRY_ROWS: Select[*tuple[Any, ...]] = (
    select(
        WaitlistEntry.id,
        WaitlistEntry.service_id,
        WaitlistEntry.service_session_id,
        WaitlistEntry.practitioner_user_id,
        WaitlistEntry.user_id,
        WaitlistEntry.joined_at,
        WaitlistEntry.status,
        WaitlistEntry.notes,
        WaitlistEntry.notified_at,
        WaitlistEntry.notification_count,
        WaitlistEntry.offer_expires_at,
        WaitlistEntry.offer_exclusive,
        WaitlistEntry.offered_start,
        WaitlistEntry.booking_id,
        _POSITION,
        User.full_name.label("user_name"),
        Service.name.label("service_name"),
        SessionSeat.starts_at.label("session_start"),
        SessionSeat.title.label("session_title"),
    )
    .select_from(WaitlistEntry)
    .outerjoin(User, User.id == WaitlistEntry.user_id)
    .outerjoin(Service, Service.id == WaitlistEntry.service_id)
    .outerjoin(SessionSeat, SessionSeat.id == WaitlistEntry.service_session_id)
)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a place in a line as it is shown to those who may see it."""
    session_id = row["service_session_id"]
    info = {"id": session_id, "start_time": row["session_start"], "title": row["session_title"]}
    return {
        **row,
        "service": row["service_id"],
        "service_session": session_id,
        "user": row["user_id"],
        "user_name": row["user_name"] or "",
        "service_name": row["service_name"] or "",
        "session_info": info if session_id is not None else None,
        "offered_start_time": row["offered_start"],
    }


def entry_shown(session: Session, entry_id: UUID, *, by: Identity) -> dict[str, Any]:
    """Return one place in a line. Raises EntryNotFound unless it is the caller's, or of the caller's service."""
    session.flush()
    statement = ENTRY_ROWS.where(WaitlistEntry.id == entry_id)
    if not by.is_staff:
        statement = statement.where(
            or_(WaitlistEntry.user_id == by.user_id, WaitlistEntry.practitioner_user_id == by.user_id)
        )
    row = session.execute(statement).mappings().first()
    if row is None:
        raise EntryNotFound
    return shown(dict(row))


def line_of(
    session: Session, service: Reference, *, service_session_id: int | None, statuses: tuple[str, ...], by: Identity
) -> list[dict[str, Any]]:
    """Return a service's line: all of it to its practitioners and staff, else the caller's own place.

    Raises ServiceNotFound.
    """
    found = session.scalar(select(Service).where(referring(Service, service), Service.deleted_at.is_(None)))
    if found is None:
        raise ServiceNotFound
    if not by.is_signed_in:
        return []
    profile = practitioner_of(session, by.user_id)
    sees_all = by.is_staff or (profile is not None and profile.id in found.practitioner_ids)
    statement = ENTRY_ROWS.where(WaitlistEntry.service_id == found.id, WaitlistEntry.status.in_(statuses))
    if service_session_id is not None:
        statement = statement.where(WaitlistEntry.service_session_id == service_session_id)
    if not sees_all:
        statement = statement.where(WaitlistEntry.user_id == by.user_id)
    rows = session.execute(statement.order_by(WaitlistEntry.joined_at, WaitlistEntry.id).limit(LINE_MAX))
    return [shown(dict(row)) for row in rows.mappings()]


def own_entry(session: Session, service: Reference, *, service_session_id: int | None, by: Identity) -> UUID:
    """Return the caller's live place in a line. Raises EntryNotFound."""
    found = session.scalar(
        select(WaitlistEntry.id)
        .join(Service, Service.id == WaitlistEntry.service_id)
        .where(
            referring(Service, service),
            WaitlistEntry.user_id == by.user_id,
            WaitlistEntry.status.in_(("waiting", "notified")),
            WaitlistEntry.service_session_id == service_session_id
            if service_session_id is not None
            else WaitlistEntry.id.is_not(None),
        )
        .order_by(WaitlistEntry.joined_at)
        .limit(1)
    )
    if found is None:
        raise EntryNotFound
    return found
