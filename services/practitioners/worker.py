"""The worker process of practitioners: relay, consumer and clock."""

from services.practitioners import jobs
from services.practitioners.events import PUBLISHES, SNAPSHOTS
from services.practitioners.handlers import auth, bookings, catalog, locations, media, payments, reviews
from services.practitioners.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker

HANDLERS = [identity_handlers, auth, catalog, bookings, locations, payments, reviews, media]


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "practitioners",
        settings=settings(),
        handlers=HANDLERS,
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
