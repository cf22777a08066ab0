"""Where an address lies: the point, how good it is, what is still to be tried, and the time zone there."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from services.locations.clients.zones import zone_at
from services.locations.domain import words
from services.locations.domain.addresses import Found
from services.locations.domain.hiding import public_point
from services.locations.domain.sphere import Point, metres_between
from services.locations.models import lookups
from services.locations.operations.geocoding import Answer, geocoding
from services.locations.operations.resolving import Address
from shared.database import reading

FIRST_RETRY: Final = timedelta(minutes=1)
LAST_RETRY: Final = timedelta(hours=24)
NEAREST_CITY_METRES: Final = 30_000
FINE: Final = ("rooftop", "street")
LOCAL: Final = (*FINE, "postal_code", words.MANUAL)

PIN_FAR: Final = "pin_far: The point lies more than 50 km from the address."
APPROXIMATE_POINT: Final = "approximate_point: The point on the map is approximate; set a pin to mend it."
NO_POINT: Final = "no_point: The address was not found on the map; set a pin."
UNKNOWN_CITY: Final = "unknown_city: We do not know this city; its name is kept as you wrote it."
NEAREST_CITY: Final = "nearest_city: We do not know this city; the nearest one that we know is used."


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The columns that say where a location is, and what its owner should know."""

    columns: dict[str, Any]
    city: dict[str, Any] | None = None
    warnings: tuple[str, ...] = field(default=())


def nowhere() -> Placed:
    """Return the place of what has none: a virtual location."""
    return Placed(columns={**exact_columns(None, None), "geocode_status": words.NOT_NEEDED, **_SETTLED})


_SETTLED: Final[dict[str, Any]] = {"geocode_due_at": None, "geocode_attempts": 0}


def place_address(address: Address, *, pin: Point | None, source: str, now: datetime) -> Placed:
    """Find the address on the map, or take `pin` for it; asks geocoders, so never inside a transaction.

    `source` is what a pin counts as. An unknown city is replaced by the nearest known one within 30 km.
    """
    answer = geocoding().geocode(address.question)
    placed = _pinned(pin, source, answer, now) if pin else _found(answer, address, now)
    if address.city is not None or not address.city_name:
        return placed
    point = pin or (answer.best.point if answer.best and answer.best.precision in LOCAL else None)
    nearest = None
    if point is not None and address.country is not None:
        with reading() as connection:
            nearest = lookups.nearest_city(connection, point, NEAREST_CITY_METRES, country_id=address.country["id"])
            if nearest is not None and address.state is not None and nearest["state_id"] != address.state["id"]:
                nearest = None
    told = UNKNOWN_CITY if nearest is None else NEAREST_CITY
    return replace(placed, city=nearest, warnings=(*placed.warnings, told))


def _pinned(pin: Point, source: str, answer: Answer, now: datetime) -> Placed:
    is_far = answer.best is not None and is_too_far(pin, answer.best)
    columns = {
        **exact_columns(pin, words.MANUAL),
        "geocode_status": words.MANUAL,
        "geocode_source": source,
        "geocoded_at": now,
        **_SETTLED,
    }
    return Placed(columns=columns, warnings=(PIN_FAR,) if is_far else ())


def is_too_far(pin: Point, found: Found) -> bool:
    """Tell whether a pin lies too far from the address; the middle of a state or country says nothing of that."""
    return found.precision in (*LOCAL, "city") and metres_between(pin, found.point) > words.PIN_MAX_METRES


def _found(answer: Answer, address: Address, now: datetime) -> Placed:
    best = answer.best
    if best is None:
        best_city = lookups.point_of(address.city)
        best_precision = "city" if best_city else None
        point: Point | None = best_city
    else:
        point, best_precision = best.point, best.precision
    is_google = answer.source in (words.GOOGLE, words.CACHE)
    is_fine = is_google and best_precision in FINE
    has_google = geocoding().has_google
    status = words.OK if is_fine else (words.APPROXIMATE if point else words.FAILED)
    if not answer.is_final:
        status = words.PENDING
    due = now + FIRST_RETRY if not answer.is_final else (now + LAST_RETRY if has_google and not is_fine else None)
    columns = {
        **exact_columns(point, best_precision),
        "geocode_status": status,
        "geocode_source": None if point is None else (words.GOOGLE if is_google else words.OFFLINE),
        "geocoded_at": now if point else None,
        "place_id": best.place_id if best else None,
        "geocode_due_at": due,
        "geocode_attempts": 0,
    }
    warning = NO_POINT if point is None else APPROXIMATE_POINT
    return Placed(columns=columns, warnings=() if is_fine else (warning,))


def exact_columns(point: Point | None, precision: str | None) -> dict[str, Any]:
    """Return the columns of an exact point; where it comes from is the caller's to add."""
    return {
        "latitude": _degrees(point.latitude) if point else None,
        "longitude": _degrees(point.longitude) if point else None,
        "precision": precision,
        "geocode_source": None,
        "place_id": None,
        "geocoded_at": None,
    }


def public_columns(columns: dict[str, Any], visibility: str) -> dict[str, Any]:
    """Return the columns of the point that everybody may know, from those of the exact one."""
    latitude, longitude = columns["latitude"], columns["longitude"]
    exact = None if latitude is None or longitude is None else Point(float(latitude), float(longitude))
    shown = public_point(exact, visibility)
    return {
        "public_latitude": _degrees(shown.latitude) if shown else None,
        "public_longitude": _degrees(shown.longitude) if shown else None,
    }


def zone_of(columns: dict[str, Any], address: Address, *, practitioner_zone: str | None) -> str:
    """Return the time zone of a place: of its exact point, else of its city, its postal code, its practitioner."""
    if columns["latitude"] is not None and columns["precision"] not in ("state", "country"):
        found = zone_at(Point(float(columns["latitude"]), float(columns["longitude"])))
        if found:
            return found
    for row in (address.city, address.postal):
        if row is not None and row["timezone"]:
            return str(row["timezone"])
    return practitioner_zone or "UTC"


def _degrees(value: float) -> Decimal:
    return Decimal(f"{180.0 if value == -180 else value:.6f}")
