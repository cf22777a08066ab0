"""Who works in a city or around a point: found, counted and sorted in the places' own indexes.

Places carry what the usual order needs, so that nobody's profile is read but those on the page, and neither is a row
of the table of places. What it costs grows by a small part of a microsecond with each who matches.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Connection, any_, bindparam

from services.practitioners.domain.geo import Circle
from services.practitioners.models import Practitioner
from services.practitioners.models.referring import LISTED
from services.practitioners.queries.columns import SUMMARY_COLUMNS, profiles
from services.practitioners.queries.listing import FILTERS, PRACTITIONERS
from shared.errors import NotFound
from shared.listing import COUNT_EXACT_MAX, PAGE_SIZE_MAX, Page, Row, window
from shared.listing.statements import Compiled, compiled, run

_USUAL: Final = tuple(PRACTITIONERS.default_ordering.split(","))
_BY_DISTANCE: Final = ("distance",)
_MOST: Final = COUNT_EXACT_MAX + 1

_ORDERS: Final = {
    _USUAL: "featured DESC, since DESC, practitioner_id DESC",
    _BY_DISTANCE: "distance, practitioner_id",
}
# Somebody may work at several places there, and a city's name may be another's slug.
_CITY = f"""
    (SELECT practitioner_id, featured, since FROM places
     WHERE listed AND deleted_at IS NULL AND city_key = %(city)s
     ORDER BY featured DESC, since DESC, practitioner_id DESC LIMIT {_MOST})
    UNION
    (SELECT practitioner_id, featured, since FROM places
     WHERE listed AND deleted_at IS NULL AND city_slug = %(city)s
     ORDER BY featured DESC, since DESC, practitioner_id DESC LIMIT {_MOST})
"""  # noqa: S608 - our own number.
_POINT = "cube(ARRAY[%(px)s::float8, %(py)s::float8, %(pz)s::float8])"
_AROUND = f"""
    SELECT practitioner_id, featured, since, min(distance) AS distance FROM (
        SELECT practitioner_id, featured, since, cube_distance(geo, {_POINT}) AS distance FROM places
        WHERE listed AND deleted_at IS NULL AND geo <@ cube_enlarge({_POINT}, %(chord)s::float8, 3)
          AND cube_distance(geo, {_POINT}) <= %(chord)s::float8
        LIMIT {_MOST}) AS near
    GROUP BY practitioner_id, featured, since
"""  # noqa: S608 - our own words only.


def _page_of(there: str, order: str) -> Compiled:
    sql = f"""
        WITH there AS MATERIALIZED ({there})
        SELECT practitioner_id AS id, (SELECT count(*) FROM there) AS found FROM there
        ORDER BY {order} LIMIT %(p_limit)s::bigint OFFSET %(p_offset)s::bigint
    """  # noqa: S608 - our own words only.
    return Compiled(sql, {}, is_preparable=True)


_IN_CITY: Final = _page_of(_CITY, _ORDERS[_USUAL])
_NEAR: Final = {order: _page_of(_AROUND, sorted_by) for order, sorted_by in _ORDERS.items()}
_PROFILES: Final = compiled(
    profiles(SUMMARY_COLUMNS).where(Practitioner.id == any_(bindparam("ids", type_=ARRAY(BigInteger))), LISTED),
    is_preparable=True,
)


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
    rows = run(connection, statement, {**values, "p_limit": size + 1, "p_offset": offset})
    if rows and rows[0]["found"] > most:
        return None
    if not rows and offset:
        raise NotFound("There is no such page.")
    return Page(
        rows=_profiles_of(connection, [row["id"] for row in rows[:size]]),
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
        return _NEAR.get(order), circle.parameters
    if circle is None and used == {"city"} and order == _USUAL:
        return _IN_CITY, {"city": query["city"]}
    return None, {}


def _profiles_of(connection: Connection, ids: list[int]) -> list[Row]:
    """Return what a list shows of these, in their order."""
    found = {row["id"]: row for row in run(connection, _PROFILES, {"ids": ids})}
    return [found[one] for one in ids if one in found]
