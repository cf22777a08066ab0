"""Facets of a search in the form in which they are answered: how many candidates carry each."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import CTE, Connection, Label, Text, func, literal_column, select
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
# Told apart and counted here: PostgreSQL takes several times as long for it.
_TAGS = "(SELECT string_agg(array_to_string(tags, chr(10)), chr(10)) FROM candidates)"
_CITIES = f"""
    (SELECT coalesce(jsonb_agg(cities ORDER BY cities.count DESC, cities.name), '[]') FROM (
        SELECT coalesce(city_slug, city_name) AS id, city_name AS name, count(DISTINCT practitioner_id) AS count
        FROM places JOIN candidates ON candidates.id = places.practitioner_id
        WHERE places.deleted_at IS NULL AND city_name IS NOT NULL
        GROUP BY city_slug, city_name ORDER BY count(DISTINCT practitioner_id) DESC, city_name LIMIT {_MOST}) AS cities)
"""  # noqa: S608 - our own number.


def facets(connection: Connection, asked: Asked) -> dict[str, Any]:
    """Return every facet of a search with how many candidates carry it, the most frequent first: one statement."""
    among, _ = candidates(asked, Practitioner.tags)
    statement = select(*facet_columns(among)).add_cte(among)
    return told_facets(dict(connection.execute(statement, place_parameters(asked)).mappings().one()))


def facet_columns(among: CTE) -> list[Label[Any]]:
    """Return what facets are made of, counted among candidates that bring their tags: a column each, of one row."""
    counts = _numbers(among.c).select_from(among).scalar_subquery()
    return [
        counts.label("facet_counts"),
        literal_column(_TAGS, Text).label("facet_tags"),
        literal_column(_CITIES, JSONB).label("facet_cities"),
        literal_column(_WORDS, JSONB).label("facet_words"),
    ]


def told_facets(counted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facets of a row of `facet_columns`."""
    numbers, names = counted["facet_counts"], counted["facet_words"]
    tags = Counter((counted["facet_tags"] or "").split("\n"))
    return {
        **{name: _named(tags, names, prefix) for prefix, name in _LISTS.items()},
        "modalities": _named(tags, names, "m"),
        "languages": _worded(tags, "l:"),
        "service_types": [
            {"id": place, "name": code.capitalize(), "count": tags[f"k{place}"]}
            for place, code in enumerate(SERVICE_TYPES, start=1)
            if f"k{place}" in tags
        ],
        "location_types": _worded(tags, "v:"),
        "cities": counted["facet_cities"],
        "price": [
            {"min": least, "max": most, "count": numbers[f"price_{place}"]}
            for place, (least, most) in enumerate(_PRICES)
        ],
        "rating": [{"min": least, "count": numbers[f"rating_{place}"]} for place, least in enumerate(_RATINGS)],
        "availability": [{"within_hours": hours, "count": numbers[f"within_{hours}"]} for hours in _HOURS],
    }


def _numbers(one: Any) -> Any:
    """Return the select that counts prices, ratings and free times among the candidates, by name."""
    counted: list[Any] = []
    for place, (least, most) in enumerate(_PRICES):
        within: list[Any] = [one.min_price_cents.is_not(None)]
        if least is not None:
            within.append(one.max_price_cents >= least * 100)
        if most is not None:
            within.append(one.min_price_cents < most * 100)
        counted += [f"price_{place}", func.count().filter(*within)]
    for place, rating in enumerate(_RATINGS):
        counted += [f"rating_{place}", func.count().filter(one.rating_average >= rating)]
    for hours in _HOURS:
        soon = one.next_available_at <= func.now() + func.make_interval(0, 0, 0, 0, hours)
        counted += [f"within_{hours}", func.count().filter(soon)]
    return select(func.jsonb_build_object(*counted, type_=JSONB))


def _named(counts: Mapping[str, int], names: Mapping[str, str], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"id": int(facet[1:]), "name": names[facet], "count": count}
        for facet, count in counts.items()
        if facet[:1] == prefix and facet in names
    ]
    return sorted(found, key=lambda one: (-one["count"], one["name"]))[:_MOST]


def _worded(counts: Mapping[str, int], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"id": facet.removeprefix(prefix), "name": facet.removeprefix(prefix).replace("_", " "), "count": count}
        for facet, count in counts.items()
        if facet.startswith(prefix)
    ]
    return sorted(found, key=lambda one: (-one["count"], one["name"]))[:_MOST]
