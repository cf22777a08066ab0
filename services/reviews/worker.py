"""The worker process of reviews: relay, consumer and clock."""

from services.reviews import jobs
from services.reviews.events import PUBLISHES, SNAPSHOTS
from services.reviews.handlers import auth, bookings, catalog, media, practitioners
from services.reviews.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "reviews",
        settings=settings(),
        handlers=[identity_handlers, auth, bookings, catalog, practitioners, media],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
