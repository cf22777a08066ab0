"""Which time zone holds at a place."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from services.locations.clients.zone_names import all_zones, countries_by_zone
from services.locations.clients.zones import zone_at
from services.locations.domain.sphere import Point
from services.locations.domain.text import folded
from services.locations.domain.timezones import described
from services.locations.models import lookups

AT_SEA_METRES: Final = 300_000


def zones(*, country: str | None, search: str | None, common: bool, at: datetime) -> list[dict[str, Any]]:
    """Return time zones by offset, then name; `common` ones are those in use, without former names."""
    countries = countries_by_zone()
    names = countries.keys() if common else all_zones() | countries.keys()
    wanted = folded(search) if search else ""
    found = [
        described(name, at, countries.get(name, []))
        for name in names
        if (country is None or country in countries.get(name, ())) and wanted in folded(name.replace("/", " "))
    ]
    return sorted(found, key=lambda zone: (zone["utc_offset_minutes"], zone["name"]))


def zone_of_point(connection: Connection, point: Point) -> str | None:
    """Return the zone of a point; at sea that of the nearest city within 300 km."""
    found = zone_at(point)
    if found is None:
        city = lookups.nearest_city(connection, point, AT_SEA_METRES)
        found = city["timezone"] if city else None
    return found


def zone_of_zip(connection: Connection, country_id: int, code: str) -> str | None:
    """Return the zone of a postal code: its own, its point's, its city's."""
    row = lookups.zipcode(connection, country_id, code)
    if row is None:
        return None
    if row["timezone"]:
        return str(row["timezone"])
    point = lookups.point_of(row)
    if point is not None:
        return zone_of_point(connection, point)
    city = lookups.city_by_id(connection, row["city_id"]) if row["city_id"] else None
    return city["timezone"] if city else None
