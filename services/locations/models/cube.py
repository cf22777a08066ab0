"""Points and boxes in space, kept by PostgreSQL's extension `cube` and found by its GiST index."""

from typing import Any

from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from services.locations.domain.sphere import EARTH_METRES, METRES_PER_MILE


class Cube(UserDefinedType[str]):
    """A point or a box of PostgreSQL's extension `cube`."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the name of the type."""
        return "cube"


# So that reflected columns are known when models and migrations are compared.
ischema_names["cube"] = Cube


def point_sql(latitude: str, longitude: str) -> str:
    """Return the SQL of a point in metres from the Earth's centre, from two columns in degrees."""
    across = f"{EARTH_METRES} * cosd({latitude}::float8) * cosd({longitude}::float8)"
    along = f"{EARTH_METRES} * cosd({latitude}::float8) * sind({longitude}::float8)"
    up = f"{EARTH_METRES} * sind({latitude}::float8)"
    missing = f"{latitude} IS NULL OR {longitude} IS NULL"
    return f"CASE WHEN {missing} THEN NULL ELSE cube(ARRAY[{across}, {along}, {up}]) END"


def area_sql(latitude: str, longitude: str, radius_miles: str) -> str:
    """Return the SQL of the box that holds all that lies within so many miles of a point."""
    metres = f"least({radius_miles}::float8 * {METRES_PER_MILE}, pi() * {EARTH_METRES})"
    chord = f"2 * {EARTH_METRES} * sin({metres} / {2 * EARTH_METRES})"
    return f"cube_enlarge({point_sql(latitude, longitude)}, {chord}, 3)"
