"""What a person keeps and likes, and what may please them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from services.catalog.models import FavoriteService, Modality, ModalityPreference, Service
from shared.http.fields import dollars

FAVORITES_SHOWN = 500


def favorite_ids(connection: Connection, user_id: int) -> list[int]:
    """Return the ids of the services that the person keeps and may still see, newest first."""
    kept = (
        select(FavoriteService.service_id)
        .join(Service, Service.id == FavoriteService.service_id)
        .where(FavoriteService.user_id == user_id, Service.visible)
        .order_by(FavoriteService.created_at.desc(), FavoriteService.service_id.desc())
        .limit(FAVORITES_SHOWN)
    )
    return list(connection.scalars(kept))


def liked_modalities(connection: Connection, user_id: int) -> list[dict[str, Any]]:
    """Return the active modalities that the person likes, most liked first."""
    liked = (
        select(Modality.id, Modality.name, Modality.slug, ModalityPreference.priority)
        .join(ModalityPreference, ModalityPreference.modality_id == Modality.id)
        .where(ModalityPreference.user_id == user_id, Modality.is_active)
        .order_by(ModalityPreference.priority)
    )
    return [dict(row) for row in connection.execute(liked).mappings()]


_SERVICES = """
    SELECT s.id FROM services s
    JOIN practitioners p ON p.id = s.practitioner_id AND p.user_id <> %(me)s
    LEFT JOIN LATERAL (
        SELECT min(array_position(%(liked)s::bigint[], sm.modality_id)) AS place
        FROM service_modalities sm WHERE sm.service_id = s.id AND sm.modality_id = ANY(%(liked)s::bigint[])
    ) m ON true
    WHERE s.listed
    ORDER BY m.place NULLS LAST, s.is_featured DESC, s.popularity_score DESC, s.id DESC
    LIMIT %(limit)s
"""
_PRACTITIONERS = """
    SELECT p.id, p.public_uuid, p.slug, p.display_name, p.professional_title, p.profile_image_url,
           left(p.bio, 150) AS bio_short, p.is_verified, p.featured, p.languages, p.specializations,
           coalesce(r.average, 0)::float8 AS average_rating, coalesce(r.count, 0) AS total_reviews,
           offered.number AS total_services, offered.cheapest, offered.dearest, offered.virtual, offered.in_person,
           offered.city, modalities.found AS modalities
    FROM practitioners p
    LEFT JOIN ratings r ON r.target = 'practitioner' AND r.target_id = p.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS number, min(s.price_cents) AS cheapest, max(s.price_cents) AS dearest,
               coalesce(bool_or(s.location_type <> 'in_person'), false) AS virtual,
               coalesce(bool_or(s.location_type <> 'virtual'), false) AS in_person,
               min(concat_ws(', ', l.city_name, l.state_code)) FILTER (WHERE l.city_name IS NOT NULL) AS city,
               coalesce(sum(s.popularity_score), 0) AS popularity
        FROM services s LEFT JOIN locations l ON l.id = s.location_id AND l.deleted_at IS NULL
        WHERE s.practitioner_id = p.id AND s.listed
    ) offered
    CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(
                   json_build_object('id', m.id, 'name', m.name, 'slug', m.slug) ORDER BY m.position
               ), '[]')
                   AS found,
               min(array_position(%(liked)s::bigint[], m.id)) AS place
        FROM modalities m
        WHERE m.is_active AND (m.id = ANY(p.modality_ids) OR m.id IN (
            SELECT sm.modality_id FROM service_modalities sm JOIN services s ON s.id = sm.service_id
            WHERE s.practitioner_id = p.id AND s.listed
        ))
    ) modalities
    WHERE p.is_listed AND p.deleted_at IS NULL AND p.user_id <> %(me)s
    ORDER BY modalities.place NULLS LAST, p.featured DESC, offered.popularity DESC, p.id
    LIMIT %(limit)s
"""


def recommended_service_ids(connection: Connection, *, me: int, liked: Sequence[int], limit: int) -> list[int]:
    """Return listed services: of liked modalities first, then featured, then popular ones; never the person's own."""
    found = connection.exec_driver_sql(_SERVICES, {"me": me, "liked": list(liked), "limit": limit})
    return [row.id for row in found]


def recommended_practitioners(
    connection: Connection, *, me: int, liked: Sequence[int], limit: int
) -> list[dict[str, Any]]:
    """Return listed practitioners in the same order of liking; never the person themselves."""
    found = connection.exec_driver_sql(_PRACTITIONERS, {"me": me, "liked": list(liked), "limit": limit})
    return [_practitioner(dict(row)) for row in found.mappings()]


def _practitioner(row: dict[str, Any]) -> dict[str, Any]:
    cheapest, dearest = row.pop("cheapest"), row.pop("dearest")
    city, virtual, in_person = row.pop("city"), row.pop("virtual"), row.pop("in_person")
    average = round(row["average_rating"], 2)
    return {
        **row,
        "title": row["professional_title"],
        "average_rating": average,
        "average_rating_float": average,
        "price_range": {
            "min": None if cheapest is None else dollars(cheapest),
            "max": None if dearest is None else dollars(dearest),
        },
        "min_price_cents": cheapest,
        "max_price_cents": dearest,
        "location": city or ("Virtual" if virtual else None),
        "offers_virtual": virtual,
        "offers_in_person": in_person,
    }
