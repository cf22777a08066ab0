"""Which locations are near: by the index, nearest first, from the points that everybody may know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from services.locations.domain import words
from services.locations.domain.sphere import (
    EARTH_METRES,
    METRES_PER_MILE,
    Bounds,
    Point,
    chord_of,
    kilometres,
    metres_of,
    miles,
)
from services.locations.queries.locations import hidden_address, location_types, written

Row = dict[str, Any]
MOST: Final = 100
CLUSTERED_MOST: Final = 50_000
SAMPLED: Final = 64
"""One of so many stands for all where a map holds very many; an index holds just these."""
CLUSTER_ZOOM_MAX: Final = 9
CLUSTER_COLUMNS: Final = 24

_NAMES = (
    "id, public_uuid, name, practitioner_id AS practitioner, practitioner_uuid, practitioner_name, practitioner_slug,"
    " address_line1, address_line2, city_id AS city, state_id AS state, city_name, state_code, country_code,"
    " postal_code, public_latitude AS latitude, public_longitude AS longitude, is_virtual, is_in_person,"
    " service_radius_miles, address_visibility, timezone"
)
_REACH = f"2 * {EARTH_METRES} * sin(service_radius_miles::float8 * {METRES_PER_MILE} / {2 * EARTH_METRES})"
_FROM = f"SELECT {_NAMES}, {{chord}} AS chord, {{reach}} AS reach FROM practitioner_locations"  # noqa: S608 - our own words.
_LISTED = "listed AND deleted_at IS NULL"
_ON_MAP = f"{_LISTED} AND is_in_person AND geo IS NOT NULL"
_CHORD = "geo <-> CAST(:p AS cube)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which part of the world is asked for; the finest that is given counts."""

    city: int | None = None
    state: int | None = None
    country: int | None = None

    @property
    def condition(self) -> tuple[str, Row]:
        """The SQL and its parameters."""
        for column, value in (("city_id", self.city), ("state_id", self.state), ("country_id", self.country)):
            if value is not None:
                return f" AND {column} = :place", {"place": value}
        return "", {}

    @property
    def is_given(self) -> bool:
        """Whether any is."""
        return bool(self.condition[0])


def near(
    connection: Connection,
    point: Point,
    *,
    metres: float,
    limit: int,
    place: Place,
    include_mobile: bool = True,
) -> list[Row]:
    """Return locations within so many metres, nearest first; behind them those whose service area holds the point."""
    where, parameters = place.condition
    parameters |= {"p": point.cube, "r": chord_of(metres), "n": limit}
    columns = _FROM.format(chord=_CHORD, reach=_REACH)
    if place.is_given:
        inside = f" AND geo <@ cube_enlarge(CAST(:p AS cube), :r, 3) AND {_CHORD} <= :r"
        nearest = f"{columns} WHERE {_ON_MAP}{inside}{where} ORDER BY {_CHORD} LIMIT :n"
    else:
        # The index hands out the nearest in order; the radius cuts behind. A condition on the radius inside would let
        # the planner fetch and sort all that lies in a large one.
        ordered = f"{columns} WHERE {_ON_MAP} ORDER BY {_CHORD} LIMIT :n"
        nearest = f"SELECT * FROM ({ordered}) nearest WHERE chord <= :r ORDER BY chord"  # noqa: S608 - our own words.
    found = _rows(connection, nearest, parameters)
    if not include_mobile or len(found) >= limit:
        return found
    mobile = f"area @> CAST(:p AS cube) AND {_CHORD} <= {_REACH} AND {_CHORD} > :r"
    return found + _rows(
        connection,
        f"{columns} WHERE {_ON_MAP} AND service_radius_miles IS NOT NULL AND {mobile}{where}"
        f" ORDER BY {_CHORD} LIMIT :n",
        {**parameters, "n": limit - len(found)},
    )


def in_place(connection: Connection, place: Place, *, kind: str, limit: int) -> list[Row]:
    """Return locations of a city, state or country, primary ones first; those that are only virtual last."""
    where, parameters = place.condition
    kinds = {words.IN_PERSON: " AND is_in_person", words.VIRTUAL: " AND is_virtual", words.BOTH: ""}[kind]
    return _rows(
        connection,
        f"{_FROM.format(chord='NULL', reach='NULL')} WHERE {_LISTED}{kinds}{where}"
        " ORDER BY is_in_person DESC, is_primary DESC, id LIMIT :n",
        {**parameters, "n": limit},
    )


def only_virtual(connection: Connection, place: Place, *, limit: int) -> list[Row]:
    """Return locations that are virtual only, for the end of a list that is asked for a place."""
    where, parameters = place.condition
    return _rows(
        connection,
        f"{_FROM.format(chord='NULL', reach='NULL')} WHERE {_LISTED} AND is_virtual AND NOT is_in_person{where}"
        " ORDER BY is_primary DESC, id LIMIT :n",
        {**parameters, "n": limit},
    )


def virtual(connection: Connection, place: Place, *, limit: int) -> list[Row]:
    """Return virtual locations, wherever they are or in one place."""
    where, parameters = place.condition
    return _rows(
        connection,
        f"{_FROM.format(chord='NULL', reach='NULL')} WHERE {_LISTED} AND is_virtual{where} ORDER BY id LIMIT :n",
        {**parameters, "n": limit},
    )


def shown(row: Mapping[str, Any]) -> Row:
    """Return a location of a search, as everybody may see it."""
    view = dict(row)
    if row["address_visibility"] != words.PUBLIC:
        view |= hidden_address(row)
    metres = None if row["chord"] is None else metres_of(row["chord"])
    reach = row["reach"]
    return {
        **view,
        "practitioner_id": str(row["practitioner_uuid"]),
        "full_address": written(view, country_name=None),
        "location_types": location_types(row),
        "distance_miles": None if metres is None else miles(metres),
        "distance_km": None if metres is None else kilometres(metres),
        "within_service_radius": bool(reach is not None and row["chord"] is not None and row["chord"] <= reach),
    }


def in_bounds(connection: Connection, bounds: Bounds, *, kind: str, limit: int) -> list[Row]:
    """Return up to `limit` locations on a part of the map."""
    where, parameters = _inside(bounds, kind)
    return _rows(
        connection,
        f"{_FROM.format(chord='NULL', reach='NULL')} WHERE {where} LIMIT :n",
        {**parameters, "n": limit},
    )


def clusters(
    connection: Connection, bounds: Bounds, *, kind: str, zoom: int | None, most: int = CLUSTERED_MOST
) -> list[Row]:
    """Return how many locations lie where on a part of the map, by cells of a grid; at most `most` are looked at.

    Where there are more, a sixty-fourth stands for all: every part of the map is thinned alike.
    """
    where, parameters = _inside(bounds, kind)
    step = 45 / 2**zoom if zoom is not None else max(bounds.width, 0.000_1) / CLUSTER_COLUMNS
    sampled = f"{where} AND id % {SAMPLED} = 0"
    enough = text(f"SELECT count(*) FROM (SELECT FROM practitioner_locations WHERE {sampled} LIMIT :n) few")  # noqa: S608 - our own words.
    has_many = connection.execute(enough, {**parameters, "n": most // SAMPLED + 1}).scalar_one() > most // SAMPLED
    rows = connection.execute(
        text(
            "WITH found AS MATERIALIZED ("  # noqa: S608 - our own words, no input.
            f"SELECT public_latitude::float8 AS lat, public_longitude::float8 AS lng FROM practitioner_locations"
            f" WHERE {sampled if has_many else where} LIMIT :n)"
            " SELECT round(avg(lat)::numeric, 6) AS latitude, round(avg(lng)::numeric, 6) AS longitude,"
            " count(*) * :weight AS count"
            " FROM found GROUP BY floor(lat / :step), floor(lng / :step) ORDER BY count DESC, latitude, longitude"
        ),
        {**parameters, "n": most, "step": step, "weight": SAMPLED if has_many else 1},
    )
    return [dict(row._mapping) for row in rows]


def _inside(bounds: Bounds, kind: str) -> tuple[str, Row]:
    """Return the condition for a part of the map: the index's box in space, then degrees."""
    kinds = {words.IN_PERSON: "is_in_person", words.VIRTUAL: "is_virtual", words.BOTH: "true"}[kind]
    ranges = bounds.ranges
    across = " OR ".join(f"public_longitude BETWEEN :w{number} AND :e{number}" for number in range(len(ranges)))
    if ranges[0][0] == -180:
        # 180 is the only way that meridian is stored.
        across += " OR public_longitude = 180"
    parameters: Row = {"box": bounds.cube, "south": bounds.south, "north": bounds.north}
    for number, (west, east) in enumerate(ranges):
        parameters |= {f"w{number}": west, f"e{number}": east}
    where = (
        f"{_LISTED} AND is_in_person AND {kinds} AND geo <@ CAST(:box AS cube)"
        f" AND public_latitude BETWEEN :south AND :north AND ({across})"
    )
    return where, parameters


def _rows(connection: Connection, statement: str, parameters: Row) -> list[Row]:
    return [dict(row._mapping) for row in connection.execute(text(statement), parameters)]
