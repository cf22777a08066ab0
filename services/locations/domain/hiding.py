"""What others may know of an address that is told only after booking."""

from services.locations.domain import words
from services.locations.domain.sphere import Point, snapped

POSTAL_CODE_SHOWN = 3


def shown_postal_code(code: str) -> str:
    """Return the beginning of a postal code: enough for a part of town."""
    return code[:POSTAL_CODE_SHOWN].rstrip()


def public_point(point: Point | None, visibility: str) -> Point | None:
    """Return the point that others see and that all their distances are measured from."""
    return point if point is None or visibility == words.PUBLIC else snapped(point)
