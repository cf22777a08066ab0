"""Completing what somebody types: known words, categories, modalities, practitioners, popular services."""

from collections.abc import Sequence
from html import escape
from typing import Any

from sqlalchemy import Connection

KINDS = ("term", "category", "modality", "practitioner", "service")

_PARTS = {
    "term": """SELECT 'term' AS kind, term AS text, NULL AS slug, NULL::bigint AS id, NULL AS image_url, df AS weight
        FROM search_terms WHERE term LIKE %(prefix)s ORDER BY df DESC, term LIMIT %(limit)s""",
    "category": """SELECT 'category', name, slug, id, NULL, services_count FROM service_categories
        WHERE is_active AND (lower(name) LIKE %(prefix)s OR lower(name) LIKE %(inside)s)
        ORDER BY services_count DESC, name LIMIT %(limit)s""",
    "modality": """SELECT 'modality', name, slug, id, NULL, services_count FROM modalities
        WHERE is_active AND (lower(name) LIKE %(prefix)s OR lower(name) LIKE %(inside)s)
        ORDER BY services_count DESC, name LIMIT %(limit)s""",
    "practitioner": """SELECT 'practitioner', display_name, slug, id, profile_image_url, 0 FROM practitioners
        WHERE is_listed AND deleted_at IS NULL
          AND (lower(display_name) LIKE %(prefix)s OR lower(display_name) LIKE %(inside)s)
        ORDER BY display_name LIMIT %(limit)s""",
    "service": """SELECT 'service', name, slug, id, coalesce(image_url, primary_image->>'url'), bookings_count
        FROM services WHERE listed AND hot AND (lower(name) LIKE %(prefix)s OR lower(name) LIKE %(inside)s)
        ORDER BY popularity_score DESC, id DESC LIMIT %(limit)s""",
}


def suggestions(connection: Connection, typed: str, *, limit: int, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Return at most `limit` suggestions: of every kind the best, those that begin as typed first."""
    words = typed.lower()
    pattern = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    parameters = {"prefix": f"{pattern}%", "inside": f"% {pattern}%", "limit": limit}
    wanted = [kind for kind in KINDS if kind in kinds]
    statement = " UNION ALL ".join(f"({_PARTS[kind]})" for kind in wanted)
    if "term" not in wanted:
        statement = f"(SELECT NULL, NULL, NULL, NULL::bigint, NULL, 0 LIMIT 0) UNION ALL {statement}"
    statement = f"SELECT * FROM ({statement}) AS found(kind, text, slug, id, image_url, weight)"  # noqa: S608 - our own text.
    rows = connection.exec_driver_sql(statement, parameters).all()
    places: dict[str, int] = {}
    ranked = []
    for row in rows:
        place = places[row.kind] = places.get(row.kind, -1) + 1
        ranked.append((place, KINDS.index(row.kind), row))
    ranked.sort(key=lambda one: one[:2])
    return [_shown(row, words) for _, _, row in ranked[:limit]]


def _shown(row: Any, typed: str) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "text": row.text,
        "highlighted": highlight(row.text, typed),
        "slug": row.slug,
        "id": row.id,
        "image_url": row.image_url,
    }


def highlight(text: str, part: str) -> str:
    """Return the text as HTML with the part between <em> and </em>."""
    at = text.lower().find(part)
    if at < 0 or len(text.lower()) != len(text):
        return escape(text)
    end = at + len(part)
    return f"{escape(text[:at])}<em>{escape(text[at:end])}</em>{escape(text[end:])}"
