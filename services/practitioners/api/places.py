"""Reading the place and the time that a list is asked about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.practitioners.domain.geo import KM_PER_MILE, Circle
from shared.errors import Invalid

PLACE_NAMES = ("near", "latitude", "longitude", "radius_km", "radius", "bounds", "available_time")


def asked_circle(query: Mapping[str, Any], *, radius_km: float) -> Circle | None:
    """Return the place and how far around it, or None. Raises Invalid for half a place."""
    latitude, longitude = query.get("latitude"), query.get("longitude")
    if (latitude is None) != (longitude is None):
        missing = "longitude" if longitude is None else "latitude"
        raise Invalid.field(missing, "Latitude and longitude go together.")
    if "near" in query:
        latitude, longitude = query["near"]
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise Invalid.field("near", "Must be latitude (−90 to 90) and longitude (−180 to 180).")
    if latitude is None or longitude is None:
        return None
    radius = query.get("radius_km") or (query["radius"] * KM_PER_MILE if "radius" in query else radius_km)
    return Circle(latitude=latitude, longitude=longitude, radius_km=radius)


def asked_bounds(query: Mapping[str, Any]) -> dict[str, float] | None:
    """Return the bounds by name, or None. Raises Invalid."""
    if "bounds" not in query:
        return None
    south, west, north, east = query["bounds"]
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise Invalid.field("bounds", "Must be south, west, north, east.")
    return {"south": south, "west": west, "north": north, "east": east}


def asked_time(query: Mapping[str, Any]) -> datetime | None:
    """Return the day and time of day at which a start is wanted, without a zone: each practitioner has their own."""
    if "available_time" not in query or query.get("available_on") is None:
        return None
    return datetime.combine(query["available_on"], query["available_time"].replace(tzinfo=None))


def check_ranges(query: Mapping[str, Any]) -> None:
    """Refuse ranges that hold nothing, and what needs something else. Raises Invalid."""
    for least, most in (("min_price", "max_price"), ("min_experience", "max_experience")):
        if query.get(least) is not None and query.get(most) is not None and query[least] > query[most]:
            raise Invalid.field(least, f"Must not be above {most}.")
    if "available_time" in query and "available_on" not in query:
        raise Invalid.field("available_time", "Only together with available_on.")
