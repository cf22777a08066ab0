"""The worker process of catalog: relay, consumer and clock."""

from services.catalog import jobs
from services.catalog.events import PUBLISHES, SNAPSHOTS
from services.catalog.handlers import auth, bookings, locations, media, practitioners, reviews
from services.catalog.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "catalog",
        settings=settings(),
        handlers=[identity_handlers, auth, practitioners, locations, bookings, reviews, media],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
