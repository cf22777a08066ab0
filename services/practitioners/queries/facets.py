"""Facets of a search in the form in which they are answered: how many candidates carry each."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from services.practitioners.domain.words import SERVICE_TYPES
from services.practitioners.models import Practitioner
from services.practitioners.queries.candidates import Asked, candidates, place_parameters

_LISTS: Final = {"s": "specializations", "y": "styles", "t": "topics"}
_MOST: Final = 30
_PRICES: Final = ((None, 50), (50, 100), (100, 200), (200, None))
_RATINGS: Final = (3.0, 4.0, 4.5)
_HOURS: Final = (24, 72, 168)
_WORDS = """
    (SELECT jsonb_object_agg(facet, name) FROM (
        SELECT 's' || id AS facet, content AS name FROM specializations
        UNION ALL SELECT 'y' || id, content FROM styles
        UNION ALL SELECT 't' || id, content FROM topics
        UNION ALL SELECT 'm' || id, name FROM modalities WHERE kind = 'modality' AND deleted_at IS NULL) AS words)
"""
_TAGS = """
    (SELECT coalesce(jsonb_object_agg(tag, number), '{}') FROM (
        SELECT tag, count(*) AS number FROM candidates, unnest(candidates.tags) AS tag GROUP BY tag) AS tags)
"""
_CITIES = f"""
    (SELECT coalesce(jsonb_agg(cities ORDER BY cities.count DESC, cities.name), '[]') FROM (
        SELECT coalesce(city_slug, city_name) AS id, city_name AS name, count(DISTINCT practitioner_id) AS count
        FROM places JOIN candidates ON candidates.id = places.practitioner_id
        WHERE places.deleted_at IS NULL AND city_name IS NOT NULL
        GROUP BY city_slug, city_name ORDER BY count(DISTINCT practitioner_id) DESC, city_name LIMIT {_MOST}) AS cities)
"""  # noqa: S608 - our own number.


def facets(connection: Connection, asked: Asked) -> dict[str, Any]:
    """Return every facet of a search with how many candidates carry it, the most frequent first: one statement."""
    counted = connection.execute(_counted(asked), place_parameters(asked)).mappings().one()
    counts, names = counted["tags"], counted["words"]
    return {
        **{name: _named(counts, names, prefix) for prefix, name in _LISTS.items()},
        "modalities": _named(counts, names, "m"),
        "languages": _worded(counts, "l:"),
        "service_types": [
            {"id": place, "name": code.capitalize(), "count": counts[f"k{place}"]}
            for place, code in enumerate(SERVICE_TYPES, start=1)
            if f"k{place}" in counts
        ],
        "location_types": _worded(counts, "v:"),
        "cities": counted["cities"],
        "price": [
            {"min": least, "max": most, "count": counted[f"price_{place}"]}
            for place, (least, most) in enumerate(_PRICES)
        ],
        "rating": [{"min": least, "count": counted[f"rating_{place}"]} for place, least in enumerate(_RATINGS)],
        "availability": [{"within_hours": hours, "count": counted[f"within_{hours}"]} for hours in _HOURS],
    }


def _counted(asked: Asked) -> Any:
    """Return the statement that counts tags, cities, prices, ratings and free times among the candidates."""
    chosen, _ = candidates(asked, Practitioner.tags)
    one, columns = chosen.c, list[Any]()
    for place, (least, most) in enumerate(_PRICES):
        within: list[Any] = [one.min_price_cents.is_not(None)]
        if least is not None:
            within.append(one.max_price_cents >= least * 100)
        if most is not None:
            within.append(one.min_price_cents < most * 100)
        columns.append(func.count().filter(*within).label(f"price_{place}"))
    for place, rating in enumerate(_RATINGS):
        columns.append(func.count().filter(one.rating_average >= rating).label(f"rating_{place}"))
    for hours in _HOURS:
        soon = one.next_available_at <= func.now() + func.make_interval(0, 0, 0, 0, hours)
        columns.append(func.count().filter(soon).label(f"within_{hours}"))
    told = ((_TAGS, "tags"), (_CITIES, "cities"), (_WORDS, "words"))
    return select(*columns, *(literal_column(sql, JSONB).label(name) for sql, name in told)).select_from(chosen)


def _named(counts: Mapping[str, int], names: Mapping[str, str], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"id": int(facet[1:]), "name": names[facet], "count": count}
        for facet, count in counts.items()
        if facet[0] == prefix and facet in names
    ]
    return sorted(found, key=lambda one: (-one["count"], one["name"]))[:_MOST]


def _worded(counts: Mapping[str, int], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"id": facet.removeprefix(prefix), "name": facet.removeprefix(prefix).replace("_", " "), "count": count}
        for facet, count in counts.items()
        if facet.startswith(prefix)
    ]
    return sorted(found, key=lambda one: (-one["count"], one["name"]))[:_MOST]
