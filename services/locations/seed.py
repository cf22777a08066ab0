"""Reference data from packages, and the places where the demo's practitioners work."""

from services.locations.operations.seeding import load_reference
from services.locations.settings import settings
from shared.database import connect, transaction
from shared.observability import logger

log = logger(__name__)


def seed() -> None:
    """Bring the reference data up to the packages; a second run changes nothing."""
    connect(settings().database_url, application_name="locations-seed")
    with transaction() as session:
        written = load_reference(session, inhabitants=settings().locations_city_min_population)
    log.info("reference_data_loaded", **written)
