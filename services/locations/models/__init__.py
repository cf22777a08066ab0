"""Tables of locations."""

from services.locations.models.base import Base
from services.locations.models.geocoding import GeocodeCache, GeocodeUsage, Throttle
from services.locations.models.location import PractitionerLocation
from services.locations.models.places import City, Country, PlaceKey, ReferenceLoad, State, Zipcode
from services.locations.models.replicas import Practitioner, Service

# Filled by seeding; too much to be filled again for each test.
REFERENCE_TABLES = frozenset({"countries", "states", "cities", "zipcodes", "place_keys", "reference_loads"})

__all__ = [
    "REFERENCE_TABLES",
    "Base",
    "City",
    "Country",
    "GeocodeCache",
    "GeocodeUsage",
    "PlaceKey",
    "Practitioner",
    "PractitionerLocation",
    "ReferenceLoad",
    "Service",
    "State",
    "Throttle",
    "Zipcode",
]
