"""How many services each further choice would leave; every facet is counted without its own condition."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from services.catalog.domain import words
from services.catalog.queries.search import COUNT_MAX, MATCHES, Wish

MOST = 50

# facet: what is counted (value, label), from what, and the conditions of the search that choose the same thing.
_COUNTED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "category": ("c.slug", "c.name", "JOIN service_categories c ON c.id = s.category_id", ("category",)),
    "service_type": ("s.type_id::text", "s.type_id::text", "", ("service_type",)),
    "location_type": ("s.location_type", "s.location_type", "", ("location_type",)),
    "experience_level": ("s.experience_level", "s.experience_level", "", ("experience_level",)),
    "price": ("band.value", "band.value", """CROSS JOIN LATERAL (SELECT CASE
        WHEN s.price_cents < 5000 THEN '0-50' WHEN s.price_cents < 10000 THEN '50-100'
        WHEN s.price_cents < 20000 THEN '100-200' ELSE '200+' END AS value) band""", ("min_price", "max_price")),
    "rating": ("band.value", "band.value", """JOIN (VALUES ('3+', 3.0), ('4+', 4.0), ('4.5+', 4.5)) band(value, least)
        ON s.rating_average >= band.least""", ("min_rating",)),
    "duration": ("band.value", "band.value", """CROSS JOIN LATERAL (SELECT CASE
        WHEN s.duration_minutes <= 30 THEN '0-30' WHEN s.duration_minutes <= 60 THEN '31-60'
        WHEN s.duration_minutes <= 90 THEN '61-90' ELSE '90+' END AS value) band""", ("min_duration", "max_duration")),
    "modality": ("m.slug", "m.name", """JOIN service_modalities sm ON sm.service_id = s.id
        JOIN modalities m ON m.id = sm.modality_id AND m.is_active""", ("modality",)),
    "modality_category": ("mc.slug", "mc.name", """JOIN service_modalities sm ON sm.service_id = s.id
        JOIN modalities m ON m.id = sm.modality_id JOIN modality_categories mc ON mc.id = m.category_id""",
        ("modality_category",)),
    "language": ("l.code", "l.name", """JOIN service_languages sl ON sl.service_id = s.id
        JOIN languages l ON l.id = sl.language_id""", ("language",)),
    "city": ("s.city_slug", "l.city_name", "JOIN locations l ON l.id = s.location_id AND s.city_slug IS NOT NULL",
        ("city",)),
}  # fmt: skip
FACETS = tuple(_COUNTED)


def facets_of(connection: Connection, wish: Wish, wanted: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the wished facets of a search, the most frequent values first.

    Facets of which nothing is chosen are counted among the same services, which are looked for once.
    """
    if not wanted:
        return {}
    pools: dict[tuple[str, ...], str] = {}
    parts = []
    for name in wanted:
        pool = pools.setdefault(_others(name, wish), f"pool_{len(pools)}")
        parts.append(_counting(name, pool))
    looked = ", ".join(
        f"{pool} AS MATERIALIZED (SELECT {_FIELDS} FROM services s"  # noqa: S608 - our own text; values are bound.
        f" WHERE {' AND '.join(('s.listed', MATCHES, *conditions))} LIMIT {COUNT_MAX})"
        for conditions, pool in pools.items()
    )
    statement = f"WITH {looked} {' UNION ALL '.join(parts)}"
    rows = connection.exec_driver_sql(statement, {**wish.parameters, "q": wish.q}).all()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted}
    for row in sorted(rows, key=lambda row: (-row.number, row.value)):
        found[row.facet].append(_value(row, wish))
    return found


_FIELDS = ", ".join(
    f"s.{name}"
    for name in (
        *("id", "category_id", "type_id", "location_type", "experience_level", "price_cents", "rating_average"),
        *("duration_minutes", "city_slug", "location_id"),
    )
)


def _others(name: str, wish: Wish) -> tuple[str, ...]:
    """Return the conditions of the search without those that choose what the facet counts."""
    own = _COUNTED[name][3]
    return tuple(
        condition
        for place, condition in enumerate(wish.conditions)
        if place >= len(wish.named) or wish.named[place] not in own
    )


def _counting(name: str, pool: str) -> str:
    value, label, joins, _ = _COUNTED[name]
    return (
        f"(SELECT '{name}' AS facet, {value} AS value, max({label}) AS label, count(DISTINCT s.id) AS number"  # noqa: S608 - our own text; values are bound.
        f" FROM {pool} s {joins} GROUP BY {value} ORDER BY number DESC, value LIMIT {MOST})"
    )


def facets_among(connection: Connection, among: Mapping[str, Sequence[int]]) -> dict[str, list[dict[str, Any]]]:
    """Return each named facet, counted among the services given for it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, ids in among.items():
        value, label, joins, _ = _COUNTED[name]
        rows = connection.exec_driver_sql(
            f"SELECT '{name}' AS facet, {value} AS value, max({label}) AS label, count(DISTINCT s.id) AS number"  # noqa: S608 - our own text; values are bound.
            f" FROM (SELECT * FROM services WHERE id = ANY(%(ids)s::bigint[])) s {joins}"
            f" GROUP BY {value} ORDER BY number DESC, value LIMIT {MOST}",
            {"ids": list(ids)},
        ).all()
        found[name] = [_value(row, Wish(q="")) for row in rows]
    return found


def own_parameters(facet: str) -> tuple[str, ...]:
    """Return the parameters that choose what a facet counts."""
    own: tuple[str, ...] = (*_COUNTED[facet][3], *_ALSO.get(facet, ()))
    return own


_ALSO = {
    "category": ("categories", "category_id"),
    "service_type": ("service_type_id", "exclude_types", "is_package", "is_bundle"),
    "rating": ("max_rating",),
    "modality": ("modality_id",),
    "city": ("location",),
}


def _value(row: Any, wish: Wish) -> dict[str, Any]:
    value, label = row.value, row.label
    if row.facet == "service_type":
        value, label = words.CODES[int(value)], words.NAMES[int(value)]
    chosen = wish.parameters.get(row.facet, ())
    chosen = chosen if isinstance(chosen, list) else [chosen]
    selected = value in chosen or (row.facet == "service_type" and int(row.value) in chosen)
    return {"value": value, "label": label, "count": row.number, "selected": selected}
