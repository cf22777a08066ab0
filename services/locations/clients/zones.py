"""The time zone of a point, from polygons inside the package timezonefinder."""

import atexit
import warnings
from functools import cache
from typing import Any

from services.locations.domain.sphere import Point


@cache
def _finder() -> Any:
    """Load the polygons, half a second, once a process that needs them."""
    from timezonefinder import TimezoneFinder

    atexit.register(_forget)
    return TimezoneFinder()


def _forget() -> None:
    """Let the finder go: it leaves its files to the garbage collector, which would warn of that at the very end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        _finder.cache_clear()


def zone_at(point: Point) -> str | None:
    """Return the IANA zone of a point; None at sea, where it would be a bare offset."""
    found: str | None = _finder().timezone_at(lat=point.latitude, lng=point.longitude)
    return None if found is None or found.startswith("Etc/") else found
