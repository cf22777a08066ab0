"""Reading dated sessions: which the caller may see, and what is shown of each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, any_, bindparam, exists, or_, select

from services.catalog.domain import words
from services.catalog.domain.errors import SessionNotFound
from services.catalog.models import Booking, Practitioner, Service, ServicePractitioner, ServiceSession
from services.catalog.queries import presenting
from services.catalog.queries.nested import SESSION
from services.catalog.queries.sessions import present_session
from shared.identity import Identity

Clause = ColumnElement[bool]

_OWN = ServiceSession.service_id.in_(
    select(ServicePractitioner.service_id).where(
        ServicePractitioner.practitioner_id.in_(
            select(Practitioner.id).where(Practitioner.user_id == bindparam("me"), Practitioner.deleted_at.is_(None))
        )
    )
)
_TAKES_PART = exists().where(
    Booking.user_id == bindparam("me"),
    ServiceSession.id == any_(Booking.session_ids),
    Booking.status.in_(words.SEAT_HOLDING),
)
_OPEN = and_(Service.visible, ServiceSession.visibility == "public", ServiceSession.status != words.DRAFT)


def seen_by(by: Identity, *, of_service: bool) -> tuple[list[Clause], str, dict[str, Any]]:
    """Return what a list shows the caller: all that is open of one service, or the caller's own of all services."""
    alive = Service.deleted_at.is_(None)
    if by.is_staff:
        return [alive], "staff", {}
    if of_service:
        return [alive, or_(_OPEN, _OWN, _TAKES_PART)], "service", {"me": by.user_id}
    return [alive, or_(_OWN, _TAKES_PART)], "own", {"me": by.user_id}


_SHOWN = f"""
    SELECT d.id, {SESSION} AS session, s.id AS s_id, s.name, s.type_id, s.price_cents, s.max_participants,
           p.display_name, l.id AS l_id, l.public_uuid AS l_public_uuid, l.name AS l_name, l.city_name AS l_city_name,
           l.state_code AS l_state_code, l.country_code AS l_country_code, l.full_address AS l_full_address,
           l.latitude AS l_latitude, l.longitude AS l_longitude, l.timezone AS l_timezone, d.version,
           EXISTS (
               SELECT FROM service_practitioners sp JOIN practitioners mine ON mine.id = sp.practitioner_id
               WHERE sp.service_id = d.service_id AND mine.user_id = %(me)s AND %(me)s > 0
           ) AS own,
           (
               SELECT json_build_object('public_uuid', b.public_uuid, 'status', b.status) FROM bookings b
               WHERE b.user_id = %(me)s AND %(me)s > 0 AND b.session_ids @> ARRAY[d.id] AND b.deleted_at IS NULL
               ORDER BY b.status = ANY(%(holding)s) DESC, b.booking_id DESC LIMIT 1
           ) AS booking,
           s.visible AND d.visibility = 'public' AND d.status <> 'draft' AS open
    FROM service_sessions d
    JOIN services s ON s.id = d.service_id AND s.deleted_at IS NULL
    LEFT JOIN practitioners p ON p.id = d.practitioner_id
    LEFT JOIN locations l ON l.id = coalesce(d.location_id, s.location_id) AND l.deleted_at IS NULL
    WHERE d.id = ANY(%(ids)s)
"""  # noqa: S608 - our own text.


def shown_sessions(
    connection: Connection, ids: Sequence[int], *, by: Identity
) -> dict[int, tuple[dict[str, Any], Any]]:
    """Return each session as the caller may see it, with its row."""
    if not ids:
        return {}
    parameters = {"ids": list(ids), "me": by.user_id, "holding": list(words.SEAT_HOLDING)}
    found: dict[int, tuple[dict[str, Any], Any]] = {}
    for row in connection.exec_driver_sql(_SHOWN, parameters):
        mapped = dict(row._mapping)
        service = {**mapped, "id": mapped["s_id"]}
        shown = present_session(
            mapped["session"],
            service=service,
            practitioner_name=mapped["display_name"],
            location=presenting.location(mapped),
            insider=by.is_staff or mapped["own"],
            booking=mapped["booking"],
        )
        found[mapped["id"]] = (shown, row)
    return found


def sessions_in_order(connection: Connection, ids: Sequence[int], *, by: Identity) -> list[dict[str, Any]]:
    """Return the sessions in the order of `ids`."""
    found = shown_sessions(connection, ids, by=by)
    return [found[one][0] for one in ids if one in found]


def one_session(connection: Connection, session_id: int, *, by: Identity) -> tuple[dict[str, Any], int]:
    """Return a session that the caller may see, and its version. Raises SessionNotFound."""
    found = shown_sessions(connection, [session_id], by=by).get(session_id)
    if found is None:
        raise SessionNotFound
    shown, row = found
    takes_part = row.booking is not None and row.booking["status"] in words.SEAT_HOLDING
    if not (row.open or row.own or takes_part or by.is_staff):
        raise SessionNotFound
    return shown, row.version
