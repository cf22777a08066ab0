"""Who works in a city or around a point: found, counted and sorted in the places' own indexes.

Places carry what the usual order needs, so that nobody's profile is read but those on the page, and neither is a row
of the table of places. What it costs grows by a small part of a microsecond with each who matches.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from services.practitioners.domain.geo import Circle
from services.practitioners.queries.listing import FILTERS, PRACTITIONERS
from services.practitioners.queries.summaries import summary_rows
from shared.errors import NotFound
from shared.listing import COUNT_EXACT_MAX, PAGE_SIZE_MAX, Page, window
from shared.listing.statements import Compiled, run

_USUAL: Final = tuple(PRACTITIONERS.default_ordering.split(","))
_BY_DISTANCE: Final = ("distance",)
_MOST: Final = COUNT_EXACT_MAX + 1

# Somebody may work at several places there, and a city's name may be another's slug: so each is taken once from what
# comes in the usual order from its index, and no further than the page reaches.
_CALLED = """
    (SELECT DISTINCT featured, since, practitioner_id FROM places
     WHERE listed AND deleted_at IS NULL AND {name} = %(city)s
     ORDER BY featured DESC, since DESC, practitioner_id DESC LIMIT {reach})
"""
_FIRST, _ALL = (
    " UNION ".join(_CALLED.format(name=name, reach=reach) for name in ("city_key", "city_slug"))
    for reach in ("%(p_reach)s::bigint", _MOST)
)
_IN_CITY: Final = Compiled(
    f"""
        SELECT practitioner_id AS id, (SELECT count(*) FROM ({_ALL}) AS everybody) AS found FROM ({_FIRST}) AS first
        ORDER BY featured DESC, since DESC, practitioner_id DESC LIMIT %(p_limit)s::bigint OFFSET %(p_offset)s::bigint
    """,  # noqa: S608 - our own words only.
    {},
    is_preparable=True,
)
_ORDERS: Final = {
    _USUAL: ("featured, since", "featured DESC, since DESC, practitioner_id DESC"),
    _BY_DISTANCE: ("min(cube_distance(geo, %(point)s::cube)) AS distance", "distance, practitioner_id"),
}


def _around(kept: str, order: str) -> Compiled:
    sql = f"""
        WITH near AS (
            SELECT practitioner_id, featured, since, geo FROM places
            WHERE listed AND deleted_at IS NULL AND geo <@ cube_enlarge(%(point)s::cube, %(chord)s::float8, 3)
              AND cube_distance(geo, %(point)s::cube) <= %(chord)s::float8
            LIMIT {_MOST}),
        there AS MATERIALIZED (SELECT practitioner_id, {kept} FROM near GROUP BY practitioner_id, featured, since)
        SELECT practitioner_id AS id, (SELECT count(*) FROM there) AS found FROM there
        ORDER BY {order} LIMIT %(p_limit)s::bigint OFFSET %(p_offset)s::bigint
    """  # noqa: S608 - our own words only.
    return Compiled(sql, {}, is_preparable=True)


_NEAR: Final = {names: _around(kept, order) for names, (kept, order) in _ORDERS.items()}


def page_there(
    connection: Connection, query: Mapping[str, Any], circle: Circle | None, *, most: int = COUNT_EXACT_MAX
) -> Page | None:
    """Return a page of those who work in the asked city or circle; None where more is asked, or more than `most` do.

    Raises NotFound past the end.
    """
    statement, values = _asked(query, circle)
    size, number, offset = window(query, PAGE_SIZE_MAX)
    if statement is None or offset + size > most:
        return None
    window_values = {"p_limit": size + 1, "p_offset": offset, "p_reach": offset + size + 1}
    rows = run(connection, statement, values | window_values)
    if rows and rows[0]["found"] > most:
        return None
    if not rows and offset:
        raise NotFound("There is no such page.")
    return Page(
        rows=summary_rows(connection, [row["id"] for row in rows[:size]]),
        count=rows[0]["found"] if rows else 0,
        count_exact=True,
        number=number,
        size=size,
        next_cursor="more" if len(rows) > size else None,
        previous_number=number - 1 if number > 1 else None,
        by_offset="limit" in query or "offset" in query,
        offset=offset,
    )


def _asked(query: Mapping[str, Any], circle: Circle | None) -> tuple[Compiled | None, dict[str, Any]]:
    """Return the statement that answers a list, if one does, and its parameters."""
    used = {name for name in FILTERS if query.get(name) is not None}
    used |= {name for name in ("search", "cursor") if query.get(name)}
    order = tuple(query.get("ordering") or _USUAL)
    if circle is not None and not used:
        return _NEAR.get(order), {"point": str(circle.point), "chord": circle.chord}
    if circle is None and used == {"city"} and order == _USUAL:
        return _IN_CITY, {"city": query["city"]}
    return None, {}
