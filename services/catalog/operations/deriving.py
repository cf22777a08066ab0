"""What follows from other rows: whether a service can be found, its dates, place and search words.

One statement for any number of services, run in the transaction of the change that it follows from. It writes only
rows that change, and never counts as a change of the service itself.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, text, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from services.catalog.models import Service, ServiceRelationship
from shared.clock import utc_now

_DERIVE = text("""
WITH derived AS (
    SELECT s.id, dates.*, coalesce(p.is_listed AND p.deleted_at IS NULL, false) AS practitioner_listed,
           array_remove(ARRAY[
               CASE WHEN s.type_id IN (2, 3) AND dates.next_at IS NULL THEN 'no_upcoming_session' END,
               CASE WHEN (s.type_id = 4 AND contained.number = 0) OR (s.type_id = 5 AND contained.number <> 1)
                    THEN 'no_child_services' END,
               CASE WHEN contained.unavailable > 0 THEN 'child_not_available' END,
               CASE WHEN s.type_id = 5 AND s.sessions_included IS NULL THEN 'sessions_included_missing' END,
               CASE WHEN s.location_type <> 'virtual' AND s.location_id IS NULL
                         AND (dates.coming = 0 OR dates.coming_nowhere > 0) THEN 'location_missing' END
           ], NULL) AS blockers,
           l.city_slug, l.latitude, l.longitude, picture.image AS primary_image,
           left(concat_ws(' ', c.name, array_to_string(s.tags, ' '), p.display_name, offered.modalities), 4000) AS extra
    FROM services s
    LEFT JOIN practitioners p ON p.id = s.practitioner_id
    LEFT JOIN locations l ON l.id = s.location_id AND l.deleted_at IS NULL
    LEFT JOIN service_categories c ON c.id = s.category_id
    CROSS JOIN LATERAL (
        SELECT min(d.starts_at) FILTER (WHERE d.status = 'scheduled' AND d.starts_at > :now) AS next_at,
               min(d.starts_at) FILTER (WHERE d.status <> 'canceled') AS first_at,
               max(d.starts_at) FILTER (WHERE d.status <> 'canceled') AS last_at,
               count(*) FILTER (WHERE d.status <> 'canceled') AS number,
               count(*) FILTER (WHERE d.status = 'scheduled' AND d.starts_at > :now) AS coming,
               count(*) FILTER (WHERE d.status = 'scheduled' AND d.starts_at > :now AND d.location_id IS NULL)
                   AS coming_nowhere,
               count(*) FILTER (WHERE d.status = 'scheduled' AND d.starts_at > :now
                                      AND d.taken < coalesce(d.max_participants, s.max_participants)) AS coming_free,
               (array_agg(greatest(0, coalesce(d.max_participants, s.max_participants) - d.taken) ORDER BY d.starts_at)
                   FILTER (WHERE d.status = 'scheduled' AND d.starts_at > :now))[1] AS spots
        FROM service_sessions d WHERE d.service_id = s.id
    ) dates
    CROSS JOIN LATERAL (
        SELECT count(*) AS number,
               count(*) FILTER (WHERE child.deleted_at IS NOT NULL OR child.status IN ('archived', 'draft'))
                   AS unavailable
        FROM service_relationships r JOIN services child ON child.id = r.child_id WHERE r.parent_id = s.id
    ) contained
    CROSS JOIN LATERAL (
        SELECT string_agg(m.name, ' ' ORDER BY m.id) AS modalities
        FROM service_modalities sm JOIN modalities m ON m.id = sm.modality_id WHERE sm.service_id = s.id
    ) offered
    LEFT JOIN LATERAL (
        SELECT f.metadata || jsonb_build_object('is_primary', f.is_primary, 'display_order', f.position) AS image
        FROM service_media f WHERE f.service_id = s.id AND f.is_primary
    ) picture ON true
    WHERE s.id = ANY(:ids)
)
UPDATE services s SET
    next_session_at = d.next_at, first_session_at = d.first_at, last_session_at = d.last_at,
    sessions_count = d.number, spots_available = d.spots, sold_out = d.coming > 0 AND d.coming_free = 0,
    blockers = d.blockers, blocked = cardinality(d.blockers) > 0, practitioner_listed = d.practitioner_listed,
    city_slug = d.city_slug, lat = d.latitude, lng = d.longitude, primary_image = d.primary_image,
    search_extra = d.extra
FROM derived d
WHERE s.id = d.id AND (
    s.next_session_at, s.first_session_at, s.last_session_at, s.sessions_count, s.spots_available, s.sold_out,
    s.blockers, s.practitioner_listed, s.city_slug, s.lat, s.lng, s.primary_image, s.search_extra
) IS DISTINCT FROM (
    d.next_at, d.first_at, d.last_at, d.number, d.spots, d.coming > 0 AND d.coming_free = 0,
    d.blockers, d.practitioner_listed, d.city_slug, d.latitude, d.longitude, d.primary_image, d.extra
)
RETURNING s.id
""").bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


def derive(session: Session, service_ids: Iterable[int], *, now: datetime | None = None) -> Sequence[int]:
    """Bring the services and the packages around them up to date; return the ids of those that changed."""
    wanted = sorted(set(service_ids))
    if not wanted:
        return []
    session.flush()
    around = union(
        select(Service.id).where(Service.id.in_(wanted)),
        select(ServiceRelationship.parent_id).where(ServiceRelationship.child_id.in_(wanted)),
    )
    locked = session.scalars(
        select(Service.id).where(Service.id.in_(around)).order_by(Service.id).with_for_update()
    ).all()
    changed = session.scalars(_DERIVE, {"ids": list(locked), "now": now or utc_now()}).all()
    for service in list(session.identity_map.values()):
        if isinstance(service, Service) and service.id in changed:
            session.refresh(service)
    return changed
