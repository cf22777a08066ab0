"""The worker process of locations: relay, consumer and clock."""

from services.locations.events import PUBLISHES, SNAPSHOTS
from services.locations.handlers import auth
from services.locations.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "locations",
        settings=settings(),
        handlers=[identity_handlers, auth],
        jobs=[shared_jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
