"""Reference data from packages, and the places where the demo's practitioners work."""

import time
from collections import Counter
from typing import Any

from sqlalchemy import select

from services.locations.domain import words
from services.locations.domain.demo_places import PLACES, DemoPlace
from services.locations.models import Practitioner, PractitionerLocation
from services.locations.operations.geocoding import Geocoding, use_geocoding
from services.locations.operations.locations import create_location
from services.locations.operations.seeding import load_reference
from services.locations.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.identity import Identity
from shared.messaging import NotYet
from shared.observability import logger

ENOUGH = 31
PATIENCE_SECONDS = 30.0
log = logger(__name__)
_began = time.monotonic()


def seed() -> None:
    """Bring the reference data up to the packages, and open the demo's studios that are not there yet.

    In production the reference data alone. A second run changes nothing. Raises NotYet while the demo's practitioners
    have not arrived.
    """
    connect(settings().database_url, application_name="locations-seed")
    with transaction() as session:
        written = load_reference(session, inhabitants=settings().locations_city_min_population)
    log.info("reference_data_loaded", **written)
    if not settings().is_production:
        open_studios()


def open_studios() -> None:
    """Give each of the demo's practitioners who has no location a studio. Raises NotYet while they are unknown."""
    # The demo's places have pins, and nobody's calls to Google are spent on them.
    use_geocoding(Geocoding())
    with transaction() as session:
        people = session.scalars(select(Practitioner).where(Practitioner.is_listed).order_by(Practitioner.id)).all()
        settled = set(session.scalars(select(PractitionerLocation.practitioner_id).distinct()))
    if not people or (len(people) < ENOUGH and time.monotonic() - _began < PATIENCE_SECONDS):
        raise NotYet("The practitioners are not known yet.")
    nth: Counter[str] = Counter()
    for number, practitioner in enumerate(people[:ENOUGH]):
        zone = practitioner.timezone if practitioner.timezone in PLACES else "America/New_York"
        places = PLACES[zone or ""]
        place = places[nth[zone or ""] % len(places)]
        nth[zone or ""] += 1
        if practitioner.id not in settled:
            by = Identity(user_id=practitioner.user_id, roles=frozenset({"user", "practitioner"}))
            for body in _bodies(place, number):
                create_location(body, by=by, now=utc_now())


def _bodies(place: DemoPlace, number: int) -> list[dict[str, Any]]:
    """Return the requests for a practitioner's studio and, for two of three, the room for video calls."""
    studio: dict[str, Any] = {
        "name": place.name,
        "address_line1": place.line1,
        "input_city_name": place.city,
        "input_state_code": place.state,
        "postal_code": place.postal_code,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "is_virtual": number % 3 == 0,
        "address_visibility": words.PUBLIC if number % 4 == 0 else words.AFTER_BOOKING,
        "accessibility": [["step_free", "lift"], ["public_transport"], ["step_free", "parking"]][number % 3],
        "arrival_notes": "Ring the bell with the practice's name; the waiting room is to the left.",
        "is_primary": True,
    }
    if number % 5 == 2:
        studio["service_radius_miles"] = 15
    if number % 3 == 0:
        return [studio]
    video = {"name": "Video call", "is_virtual": True, "is_in_person": False, "virtual_platform": "estuary"}
    return [studio, video]
