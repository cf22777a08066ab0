"""Query parameters that name places, and finding out which place they mean."""

from typing import Any

from sqlalchemy import Connection

from services.locations.api.shapes import LatLng, Number, line
from services.locations.domain.sphere import METRES_PER_MILE, Point
from services.locations.domain.words import TERRITORIES
from services.locations.queries import places
from shared.errors import Invalid
from shared.http import fields

COUNTRY_PARAMETER = "Number or two letters of ISO 3166-1."
STATE_PARAMETER = "Id, or country and code: US-CA."


def country_field() -> fields.String:
    """Return the parameter that names a country."""
    return line(100, metadata={"description": COUNTRY_PARAMETER})


def state_field() -> fields.String:
    """Return the parameter that names a state."""
    return line(40, metadata={"description": STATE_PARAMETER})


def near_fields(radius_max: float) -> dict[str, Any]:
    """Return the parameters of lists around a point."""
    described = {"description": f"Miles, 1 to {radius_max:g}; with near."}
    return {"near": LatLng(), "radius": Number(1, radius_max, metadata=described)}


def resolve_places(connection: Connection, query: dict[str, Any], *, states: bool = True) -> dict[str, Any]:
    """Return the query with ids where it names a country or a state. Raises Invalid for unknown ones.

    A territory that GeoNames calls a country is the US state; so its cities are found by either.
    """
    query = dict(query)
    if query.get("state") is not None:
        query["state"] = places.state_id(connection, query["state"])
        if query["state"] is None:
            raise Invalid.field("state", "There is no such state.")
    asked = query.get("country")
    if asked is None:
        return query
    if states and asked.strip().upper() in TERRITORIES and query.get("state") is None:
        query.pop("country")
        query["state"] = places.state_id(connection, f"US-{asked.strip().upper()}")
        return query
    query["country"] = country_id(connection, asked)
    return query


def country_id(connection: Connection, asked: str) -> int:
    """Return the country's id. Raises Invalid."""
    found = places.country_id(connection, asked)
    if found is None:
        raise Invalid.field("country", "There is no such country.")
    return found


def around(query: dict[str, Any], radius_miles: float) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the query without `near`, and the parameters of what is near, if it asks for that. Raises Invalid."""
    query = dict(query)
    near: Point | None = query.pop("near", None)
    radius = query.pop("radius", radius_miles)
    if near is None:
        if "distance" in str(query.get("ordering", "")):
            raise Invalid.field("ordering", "distance needs near.")
        return query, None
    query.setdefault("ordering", ("distance",))
    return query, places.near_parameters(near, radius * METRES_PER_MILE)
