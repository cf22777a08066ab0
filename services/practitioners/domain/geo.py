"""Places on the sphere. Two points are compared by the chord between them, so no place is a special case."""

from dataclasses import dataclass
from math import asin, cos, radians, sin
from typing import Final

EARTH_KM: Final = 6371.0088
KM_PER_MILE: Final = 1.609344


@dataclass(frozen=True)
class Circle:
    """A place and what lies around it."""

    latitude: float
    longitude: float
    radius_km: float

    @property
    def point(self) -> tuple[float, float, float]:
        """The place on the unit sphere."""
        latitude, longitude = radians(self.latitude), radians(self.longitude)
        return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)

    @property
    def chord(self) -> float:
        """The straight line to the circle's edge, on the unit sphere."""
        return 2 * sin(self.radius_km / EARTH_KM / 2)

    @property
    def parameters(self) -> dict[str, float]:
        """The point and the chord, by the names under which statements bind them."""
        return dict(zip(("px", "py", "pz"), self.point, strict=True)) | {"chord": self.chord}


def kilometres(chord: float) -> float:
    """Return the distance over ground of a chord of the unit sphere."""
    return 2 * EARTH_KM * asin(min(chord / 2, 1.0))
