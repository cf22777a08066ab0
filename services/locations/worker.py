"""The worker process of locations: relay, consumer and clock."""

from services.locations import jobs
from services.locations.events import PUBLISHES, SNAPSHOTS
from services.locations.handlers import auth, catalog, practitioners
from services.locations.operations.geocoding import Geocoding, use_geocoding
from services.locations.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    use_geocoding(Geocoding.of(settings()))
    return Worker(
        "locations",
        settings=settings(),
        handlers=[identity_handlers, auth, practitioners, catalog],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
