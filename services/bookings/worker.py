"""The worker process of bookings: relay, consumer and clock."""

from services.bookings import jobs
from services.bookings.events import PUBLISHES, SNAPSHOTS
from services.bookings.handlers import auth, catalog, locations, payments, practitioners
from services.bookings.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "bookings",
        settings=settings(),
        handlers=[identity_handlers, auth, catalog, locations, payments, practitioners],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
