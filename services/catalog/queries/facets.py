"""How many services each further choice would leave; every facet is counted without its own condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from services.catalog.domain import words
from services.catalog.queries.gauging import BOUNDS, COUNT_MAX, IN_SAMPLE, MATCHES, Bounds, gauge
from services.catalog.queries.search import Hits, Wish, looking, took_too_long

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
    "rating": ("band.value", "band.value", """CROSS JOIN LATERAL unnest(CASE
        WHEN s.rating_average >= 4.5 THEN '{3+,4+,4.5+}'::text[] WHEN s.rating_average >= 4 THEN '{3+,4+}'
        WHEN s.rating_average >= 3 THEN '{3+}' END) band(value)""", ("min_rating",)),
    "duration": ("band.value", "band.value", """CROSS JOIN LATERAL (SELECT CASE
        WHEN s.duration_minutes <= 30 THEN '0-30' WHEN s.duration_minutes <= 60 THEN '31-60'
        WHEN s.duration_minutes <= 90 THEN '61-90' ELSE '90+' END AS value) band""", ("min_duration", "max_duration")),
    "modality": ("m.slug", "m.name", "JOIN modalities m ON m.id = s.modality_id AND m.is_active", ("modality",)),
    "modality_category": ("mc.slug", "mc.name", """JOIN modalities m ON m.id = s.modality_id
        JOIN modality_categories mc ON mc.id = m.category_id""", ("modality_category",)),
    "language": ("l.code", "l.name", """JOIN service_languages sl ON sl.service_id = s.id
        JOIN languages l ON l.id = sl.language_id""", ("language",)),
    "city": ("s.city_slug", "l.city_name", "JOIN locations l ON l.id = s.location_id AND s.city_slug IS NOT NULL",
        ("city",)),
}  # fmt: skip
FACETS = tuple(_COUNTED)
_OF_MODALITIES = ("modality", "modality_category")


COLUMNS = (
    *("id", "category_id", "type_id", "location_type", "experience_level", "price_cents", "rating_average"),
    *("duration_minutes", "city_slug", "location_id"),
)
"""What is counted of a service."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The services that facets are counted among.

    `select` gives `COLUMNS` of them, with its `parameters`. There are about `number`; `is_sample`: it gives only some.
    """

    select: str
    parameters: Mapping[str, Any]
    number: int
    is_sample: bool = False

    def raised(self, number: int, looked_at: int, bounds: Bounds) -> int:
        """Return what was counted among so many that were looked at, raised to the whole where these are a part."""
        if not self.is_sample and looked_at < bounds.faceted:
            return number
        return round(number * max(1, min(self.number, COUNT_MAX) / looked_at))


def facets_of(
    wish: Wish, wanted: Sequence[str], hits: Hits, bounds: Bounds = BOUNDS
) -> dict[str, list[dict[str, Any]]]:
    """Return the wished facets of a search, the most frequent values first; of popular services if time runs out.

    They are of what was found: of the corrected words where those were looked for.
    """
    wish = replace(wish, q=hits.corrected or wish.q)
    try:
        with looking() as connection:
            return _facets_of(connection, wish, wanted, hits, bounds)
    except OperationalError as slow:
        if not took_too_long(slow):
            raise
    popular = replace(wish, conditions=(*wish.conditions, "s.hot"))
    with looking() as connection:
        return _facets_of(connection, popular, wanted, hits, bounds)


def _facets_of(
    connection: Connection, wish: Wish, wanted: Sequence[str], hits: Hits, bounds: Bounds
) -> dict[str, list[dict[str, Any]]]:
    """Count; facets of which nothing is chosen among the same services, which are looked for once."""
    pools: dict[tuple[str, ...], Pool] = {}
    for name in wanted:
        conditions = _others(name, wish)
        if conditions not in pools:
            known = hits.count if conditions == wish.conditions and hits.exact else None
            pools[conditions] = _found(connection, conditions, {**wish.parameters, "q": wish.q}, known, bounds)
    among = {name: pools[_others(name, wish)] for name in wanted}
    return facets_among(connection, among, bounds=bounds, chosen=wish.parameters)


def _others(name: str, wish: Wish) -> tuple[str, ...]:
    """Return the conditions of the search without those that choose what the facet counts."""
    own = _COUNTED[name][3]
    return tuple(
        condition
        for place, condition in enumerate(wish.conditions)
        if place >= len(wish.named) or wish.named[place] not in own
    )


def _found(
    connection: Connection, conditions: Sequence[str], parameters: Mapping[str, Any], known: int | None, bounds: Bounds
) -> Pool:
    """Return what matches the words and these conditions; of frequent words, what is in the sample."""
    said = " AND ".join((MATCHES, *conditions))
    number, is_sample = known, False
    if number is None:
        number, _, has_words = gauge(connection, said, parameters, bounds)
        if has_words and number >= bounds.many:
            number, is_sample = COUNT_MAX, True
    columns = ", ".join(f"s.{name}" for name in COLUMNS)
    sampled = f"{IN_SAMPLE} AND " if is_sample else ""
    return Pool(f"SELECT {columns} FROM services s WHERE {sampled}s.listed AND {said}", parameters, number, is_sample)  # noqa: S608 - our own text; values are bound.


def facets_among(
    connection: Connection,
    among: Mapping[str, Pool],
    *,
    bounds: Bounds = BOUNDS,
    chosen: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, list[dict[str, Any]]]:
    """Return each named facet, counted among `bounds.faceted` services of its pool at most.

    What is counted in a part is raised to the whole, or to `COUNT_MAX` where the whole is larger.
    """
    if not among:
        return {}
    pools = {pool: f"pool_{place}" for place, pool in enumerate(dict.fromkeys(among.values()))}
    looked = [f"{name} AS MATERIALIZED ({pool.select} LIMIT {bounds.faceted})" for pool, name in pools.items()]
    # Both facets of modalities go through the same rows, which are the most.
    looked += [
        f"{pools[pool]}_modalities AS MATERIALIZED (SELECT s.id, sm.modality_id FROM {pools[pool]} s"  # noqa: S608 - our own text; values are bound.
        " JOIN service_modalities sm ON sm.service_id = s.id)"
        for pool in dict.fromkeys(among[facet] for facet in _OF_MODALITIES if facet in among)
    ]
    sizes = [
        f"SELECT '' AS facet, '{name}' AS value, '' AS label, count(*) AS number FROM {name}"  # noqa: S608 - our own text.
        for name in pools.values()
    ]
    parts = [_counting(facet, pools[pool]) for facet, pool in among.items()]
    parameters = {name: value for pool in pools for name, value in pool.parameters.items()}
    statement = f"WITH {', '.join(looked)} {' UNION ALL '.join(sizes + parts)}"
    rows = connection.exec_driver_sql(statement, parameters).all()
    size = {row.value: row.number for row in rows if not row.facet}
    found: dict[str, list[dict[str, Any]]] = {facet: [] for facet in among}
    for row in rows:
        if row.facet:
            pool = among[row.facet]
            found[row.facet].append(_value(row, pool.raised(row.number, size[pools[pool]], bounds), chosen))
    for values in found.values():
        values.sort(key=lambda value: (-value["count"], value["value"]))
    return found


def numbers(connection: Connection, selects: Sequence[tuple[str, Mapping[str, Any]]]) -> list[int]:
    """Return how many services each select gives, up to one more than `COUNT_MAX`."""
    counts = ", ".join(
        f"(SELECT count(*) FROM ({select} LIMIT {COUNT_MAX + 1}) found)"  # noqa: S608 - our own text; values are bound.
        for select, _ in selects
    )
    values = {name: value for _, parameters in selects for name, value in parameters.items()}
    return list(connection.exec_driver_sql(f"SELECT {counts}", values).one())


def _counting(facet: str, pool: str) -> str:
    value, label, joins, _ = _COUNTED[facet]
    # Only of a modality's category may a service have one several times.
    number = "count(DISTINCT s.id)" if facet == "modality_category" else "count(*)"
    source = f"{pool}_modalities" if facet in _OF_MODALITIES else pool
    return (
        f"(SELECT '{facet}' AS facet, {value} AS value, max({label}) AS label, {number} AS number"  # noqa: S608 - our own text; values are bound.
        f" FROM {source} s {joins} GROUP BY {value} ORDER BY number DESC, value LIMIT {MOST})"
    )


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


def _value(row: Any, number: int, chosen: Mapping[str, Any]) -> dict[str, Any]:
    value, label = row.value, row.label
    if row.facet == "service_type":
        value, label = words.CODES[int(value)], words.NAMES[int(value)]
    wanted = chosen.get(row.facet, ())
    wanted = wanted if isinstance(wanted, list) else [wanted]
    selected = value in wanted or (row.facet == "service_type" and int(row.value) in wanted)
    return {"value": value, "label": label, "count": number, "selected": selected}
