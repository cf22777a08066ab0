"""The words that the API, the tables and the events share."""

from typing import Final

IN_PERSON: Final = "in_person"
VIRTUAL: Final = "virtual"
BOTH: Final = "both"
LOCATION_TYPES: Final = (IN_PERSON, VIRTUAL, BOTH)

PUBLIC: Final = "public"
AFTER_BOOKING: Final = "after_booking"
VISIBILITIES: Final = (PUBLIC, AFTER_BOOKING)

OK: Final = "ok"
APPROXIMATE: Final = "approximate"
PENDING: Final = "pending"
FAILED: Final = "failed"
MANUAL: Final = "manual"
NOT_NEEDED: Final = "not_needed"
GEOCODE_STATUSES: Final = (OK, APPROXIMATE, PENDING, FAILED, MANUAL, NOT_NEEDED)

GOOGLE: Final = "google"
OFFLINE: Final = "offline"
CLIENT: Final = "client"
CACHE: Final = "cache"
GEOCODE_SOURCES: Final = (GOOGLE, OFFLINE, MANUAL, CLIENT)

PRECISIONS: Final = ("rooftop", "street", "postal_code", "city", "state", "country", MANUAL)
"""Finest first."""

PLATFORMS: Final = ("estuary", "zoom", "google_meet", "teams", "phone", "other")
ACCESSIBILITY: Final = (
    *("step_free", "accessible_toilet", "lift", "parking", "public_transport", "gender_neutral_toilet"),
)

MILES: Final = "mi"
KILOMETRES: Final = "km"
UNITS: Final = (MILES, KILOMETRES)

PLACE_TYPES: Final = ("city", "state", "country", "postal_code", "address")
ZIP_KINDS: Final = {"STANDARD": "standard", "PO BOX": "po_box", "UNIQUE": "unique", "MILITARY": "military"}

VIRTUAL_MAX: Final = 20
PIN_MAX_METRES: Final = 50_000

TERRITORIES: Final = frozenset({"PR", "GU", "VI", "AS", "MP"})
"""Parts of the United States that have a country's code as well: their cities hang on the US state."""
