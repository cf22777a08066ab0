"""Places by name, and completing what somebody types."""

from html import escape
from typing import Any

from sqlalchemy import Connection, text

from services.practitioners.domain.text import place_key

_RESOLVE = text("""
    SELECT kind, name, avg(latitude) AS latitude, avg(longitude) AS longitude FROM (
        SELECT latitude, longitude,
            CASE WHEN city_key = :name OR city_slug = :name THEN 'city'
                 WHEN lower(postal_code) = :name THEN 'postal_code'
                 WHEN state_key = :name OR lower(state_code) = :name THEN 'state' ELSE 'country' END AS kind,
            CASE WHEN city_key = :name OR city_slug = :name THEN city_name
                 WHEN lower(postal_code) = :name THEN postal_code
                 WHEN state_key = :name OR lower(state_code) = :name THEN state_name ELSE country_name END AS name
        FROM places
        WHERE listed AND deleted_at IS NULL AND latitude IS NOT NULL
          AND names && ARRAY['c:' || :name, 's:' || :name, 'k:' || :name, 'p:' || :name]
          AND (:region = '' OR names && ARRAY['s:' || :region, 'k:' || :region])
        LIMIT 1000) AS found
    GROUP BY kind, name ORDER BY count(*) DESC, kind LIMIT 1
""")


def resolved(connection: Connection, box: str) -> dict[str, Any] | None:
    """Return the place that `name|region` means, with its middle; None if no practitioner works there."""
    name, _, region = box.partition("|")
    row = connection.execute(_RESOLVE, {"name": name, "region": region}).mappings().first()
    if row is None:
        return None
    return {
        "name": row["name"],
        "latitude": float(row["latitude"]),
        "longitude": float(row["longitude"]),
        "radius_km": 0.0,
        "type": row["kind"],
    }


_COMPLETE = text("""
    (SELECT 'specialization' AS type, id, content AS text, slug, NULL AS image_url, 1 AS rank FROM specializations
     WHERE content ILIKE :like ORDER BY practitioner_count DESC, content LIMIT :limit)
    UNION ALL
    (SELECT 'modality', id, name, slug, NULL, 2 FROM modalities
     WHERE kind = 'modality' AND deleted_at IS NULL AND name ILIKE :like ORDER BY name LIMIT :limit)
    UNION ALL
    (SELECT 'topic', id, content, slug, NULL, 3 FROM topics
     WHERE content ILIKE :like ORDER BY practitioner_count DESC, content LIMIT :limit)
    UNION ALL
    (SELECT 'practitioner', id, display_name, slug, profile_image_url, 4 FROM practitioners
     WHERE listed AND display_name ILIKE :anywhere ORDER BY rating_weighted DESC, id LIMIT :limit)
    ORDER BY rank, text LIMIT :limit
""")


def completions(connection: Connection, words: str, *, limit: int) -> list[dict[str, Any]]:
    """Return what somebody may be typing: words first, then people."""
    plain = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = connection.execute(_COMPLETE, {"like": f"{plain}%", "anywhere": f"%{plain}%", "limit": limit}).mappings()
    return [
        {
            **{name: row[name] for name in ("type", "id", "text", "slug", "image_url")},
            "highlight": _lit(row["text"], words),
        }
        for row in rows
    ]


def _lit(said: str, words: str) -> str:
    place = place_key(said).find(place_key(words))
    if place < 0 or len(place_key(said)) != len(said):
        return escape(said)
    end = place + len(words)
    return f"{escape(said[:place])}<em>{escape(said[place:end])}</em>{escape(said[end:])}"
