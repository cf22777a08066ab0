"""Places on the sphere. Two points are compared by the chord between them, so no place is a special case."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import asin, atan2, cos, degrees, floor, pi, radians, sin
from typing import Final

EARTH_METRES: Final = 6_371_008.8
"""The mean radius of the Earth (IUGG); distances on the sphere are off the ellipsoid's by less than 0.6 %."""
METRES_PER_MILE: Final = 1609.344
CELL_DEGREES: Final = 0.01
_HUNDREDTH: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees of latitude and longitude, WGS 84; -180 of longitude is written as 180."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if self.longitude == -180:
            object.__setattr__(self, "longitude", 180.0)

    @property
    def vector(self) -> tuple[float, float, float]:
        """The point in metres from the Earth's centre."""
        latitude, longitude = radians(self.latitude), radians(self.longitude)
        return (
            EARTH_METRES * cos(latitude) * cos(longitude),
            EARTH_METRES * cos(latitude) * sin(longitude),
            EARTH_METRES * sin(latitude),
        )

    @property
    def cube(self) -> str:
        """The point as PostgreSQL's `cube` reads it."""
        x, y, z = self.vector
        return f"({x!r},{y!r},{z!r})"


def chord_of(metres: float) -> float:
    """Return the straight line between two points that lie so far apart over ground."""
    return 2 * EARTH_METRES * sin(min(metres, pi * EARTH_METRES) / (2 * EARTH_METRES))


def metres_of(chord: float) -> float:
    """Return the distance over ground of a chord."""
    return 2 * EARTH_METRES * asin(min(1.0, chord / (2 * EARTH_METRES)))


def metres_between(one: Point, other: Point) -> float:
    """Return the great-circle distance of two points."""
    chord = sum((a - b) ** 2 for a, b in zip(one.vector, other.vector, strict=True)) ** 0.5
    return metres_of(chord)


def bearing(start: Point, end: Point) -> float:
    """Return the direction in which the great circle leaves `start`, in degrees from north, 0 to 360."""
    north, south = radians(start.latitude), radians(end.latitude)
    turn = radians(end.longitude - start.longitude)
    east = sin(turn) * cos(south)
    ahead = cos(north) * sin(south) - sin(north) * cos(south) * cos(turn)
    return round(degrees(atan2(east, ahead)) % 360, 2) % 360


def miles(metres: float) -> Decimal:
    """Return miles, two places, half up."""
    return Decimal(repr(metres / METRES_PER_MILE)).quantize(_HUNDREDTH, ROUND_HALF_UP)


def kilometres(metres: float) -> Decimal:
    """Return kilometres, two places, half up."""
    return Decimal(repr(metres / 1000)).quantize(_HUNDREDTH, ROUND_HALF_UP)


def snapped(point: Point) -> Point:
    """Return the centre of the cell of about 1.1 km that the point lies in: the same for ever, not random.

    Cells are 0.01 degrees high and as wide over ground as high. A random shift would average out over many looks.
    """
    row = min(floor(point.latitude / CELL_DEGREES), round(90 / CELL_DEGREES) - 1)
    latitude = (row + 0.5) * CELL_DEGREES
    columns = max(1, floor(360 / CELL_DEGREES * cos(radians(latitude))))
    width = 360 / columns
    column = floor((point.longitude + 180) / width) % columns
    return Point(round(latitude, 6), round((column + 0.5) * width - 180, 6))


@dataclass(frozen=True, slots=True)
class Bounds:
    """A part of the map. Where west is more than east it crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """The longitudes inside, as one or two ranges."""
        if self.west <= self.east:
            return [(self.west, self.east)]
        return [(self.west, 180.0), (-180.0, self.east)]

    @property
    def width(self) -> float:
        """Degrees from west to east."""
        return sum(east - west for west, east in self.ranges)

    @property
    def cube(self) -> str:
        """The smallest box in space that holds this part of the sphere, as PostgreSQL's `cube` reads it."""
        corners = [self._box(west, east) for west, east in self.ranges]
        low = [min(box[axis][0] for box in corners) - 1 for axis in range(3)]
        high = [max(box[axis][1] for box in corners) + 1 for axis in range(3)]
        return "({}),({})".format(",".join(map(repr, low)), ",".join(map(repr, high)))

    def _box(self, west: float, east: float) -> list[tuple[float, float]]:
        """Return the least and most of x, y and z between two longitudes."""
        widths = [cos(radians(self.south)), cos(radians(self.north))]
        if self.south <= 0 <= self.north:
            widths.append(1.0)
        turns = [west, east, *(turn for turn in (-90, 0, 90) if west <= turn <= east)]
        across = [width * cos(radians(turn)) for width in widths for turn in turns]
        along = [width * sin(radians(turn)) for width in widths for turn in turns]
        up = [sin(radians(self.south)), sin(radians(self.north))]
        return [(EARTH_METRES * min(axis), EARTH_METRES * max(axis)) for axis in (across, along, up)]
