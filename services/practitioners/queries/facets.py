"""Facets of a search in the form in which they are answered: how many candidates carry each."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from services.practitioners.domain.words import SERVICE_TYPES
from services.practitioners.models import Place, Practitioner
from services.practitioners.queries.search import Asked, conditions, facet_counts, place_parameters

_LISTS: Final = {"s": "specializations", "y": "styles", "t": "topics"}
_MOST: Final = 30
_PRICES: Final = ((None, 50), (50, 100), (100, 200), (200, None))
_RATINGS: Final = (3.0, 4.0, 4.5)
_HOURS: Final = (24, 72, 168)
_WORDS = text("""
    SELECT 's' || id AS facet, content AS name FROM specializations
    UNION ALL SELECT 'y' || id, content FROM styles
    UNION ALL SELECT 't' || id, content FROM topics
    UNION ALL SELECT 'm' || id, name FROM modalities WHERE kind = 'modality' AND deleted_at IS NULL
""")


def facets(connection: Connection, asked: Asked) -> dict[str, Any]:
    """Return every facet of a search with its count, the most frequent first."""
    counts = facet_counts(connection, asked)
    names = {row.facet: row.name for row in connection.execute(_WORDS)}
    measured = connection.execute(_measures(asked), place_parameters(asked)).mappings().one()
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
        "cities": [
            {"id": row.city_slug or row.city_name, "name": row.city_name, "count": row.number}
            for row in connection.execute(_cities(asked), place_parameters(asked))
        ],
        "price": [
            {"min": least, "max": most, "count": measured[f"price_{place}"]}
            for place, (least, most) in enumerate(_PRICES)
        ],
        "rating": [{"min": least, "count": measured[f"rating_{place}"]} for place, least in enumerate(_RATINGS)],
        "availability": [{"within_hours": hours, "count": measured[f"within_{hours}"]} for hours in _HOURS],
    }


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


def _measures(asked: Asked) -> Any:
    """Return one statement that counts prices, ratings and free times."""
    columns: list[Any] = []
    for place, (least, most) in enumerate(_PRICES):
        within: list[Any] = [Practitioner.min_price_cents.is_not(None)]
        if least is not None:
            within.append(Practitioner.max_price_cents >= least * 100)
        if most is not None:
            within.append(Practitioner.min_price_cents < most * 100)
        columns.append(func.count().filter(*within).label(f"price_{place}"))
    for place, rating in enumerate(_RATINGS):
        columns.append(func.count().filter(Practitioner.rating_average >= rating).label(f"rating_{place}"))
    for hours in _HOURS:
        soon = Practitioner.next_available_at <= func.now() + func.make_interval(0, 0, 0, 0, hours)
        columns.append(func.count().filter(soon).label(f"within_{hours}"))
    return select(*columns).where(*conditions(asked))


def _cities(asked: Asked) -> Any:
    number = func.count(Place.practitioner_id.distinct()).label("number")
    return (
        select(Place.city_slug, Place.city_name, number)
        .join(Practitioner, Practitioner.id == Place.practitioner_id)
        .where(Place.deleted_at.is_(None), Place.city_name.is_not(None), *conditions(asked))
        .group_by(Place.city_slug, Place.city_name)
        .order_by(number.desc(), Place.city_name)
        .limit(_MOST)
    )
