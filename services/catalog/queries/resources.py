"""Which material the caller may open."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, select, text

from services.catalog.models import Service, ServiceResource, User
from shared.errors import NotFound
from shared.identity import Identity

Clause = ColumnElement[bool]

_GIVES = """EXISTS (
    SELECT FROM service_practitioners sp JOIN practitioners p ON p.id = sp.practitioner_id AND p.deleted_at IS NULL
    WHERE sp.service_id = service_resources.owner_service_id AND p.user_id = :me
)"""
_BOOKED = """EXISTS (
    SELECT FROM bookings b WHERE b.user_id = :me AND b.deleted_at IS NULL AND {status} AND CASE
        WHEN service_resources.booking_id IS NOT NULL THEN b.booking_id = service_resources.booking_id
        WHEN service_resources.session_id = ANY(b.session_ids) THEN true
        ELSE b.service_id = service_resources.owner_service_id OR b.service_id IN (
            SELECT r.parent_id FROM service_relationships r WHERE r.child_id = service_resources.owner_service_id
        )
    END
)"""
_HOLDING = "b.status IN ('pending_payment', 'confirmed', 'in_progress', 'completed')"
_MAY_OPEN = f"""(
    {_GIVES} OR (
        coalesce(service_resources.available_from <= now(), true)
        AND coalesce(service_resources.available_until > now(), true)
        AND CASE service_resources.access_level
            WHEN 'public' THEN services.visible AND service_resources.booking_id IS NULL
            WHEN 'registered' THEN services.visible AND service_resources.booking_id IS NULL AND :me > 0
            WHEN 'enrolled' THEN {_BOOKED.format(status=_HOLDING)}
            WHEN 'completed' THEN {_BOOKED.format(status="b.status = 'completed'")}
            ELSE EXISTS (
                SELECT FROM bookings b
                WHERE b.booking_id = service_resources.booking_id AND b.user_id = :me AND b.deleted_at IS NULL
            )
        END
    )
)"""

COLUMNS = (
    select(
        *(
            getattr(ServiceResource, name)
            for name in (
                *("id", "title", "description", "resource_type", "attachment_level", "content", "file_url"),
                *("external_url", "file_name", "file_size", "file_type", "duration_seconds", "access_level"),
                *("is_downloadable", "available_from", "available_until", "is_featured", "tags", "view_count"),
                *("download_count", "created_at", "updated_at", "service_id", "session_id", "booking_id"),
                *("media_id", "personal_note", "version"),
            )
        ),
        ServiceResource.position.label("order"),
        User.display_name.label("uploaded_by_name"),
        literal_column("true").label("can_access"),
    )
    .select_from(ServiceResource)
    .join(Service, Service.id == ServiceResource.owner_service_id)
    .outerjoin(User, User.id == ServiceResource.uploaded_by)
)


def seen_by(by: Identity) -> tuple[list[Clause], str, dict[str, Any]]:
    """Return what lists show the caller."""
    alive: Clause = Service.deleted_at.is_(None)
    if by.is_staff:
        return [alive], "staff", {}
    return [alive, text(_MAY_OPEN)], "mine", {"me": by.user_id}  # type: ignore[list-item]


def one_resource(connection: Connection, resource_id: int, *, by: Identity) -> dict[str, Any]:
    """Return material that the caller may open. Raises NotFound."""
    where, _, parameters = seen_by(by)
    row = connection.execute(COLUMNS.where(ServiceResource.id == resource_id, *where), parameters).first()
    if row is None:
        raise NotFound
    return dict(row._mapping)
