"""The worker process of media: relay, consumer and clock."""

from services.media.events import PUBLISHES, SNAPSHOTS
from services.media.handlers import auth
from services.media.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "media",
        settings=settings(),
        handlers=[identity_handlers, auth],
        jobs=[shared_jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
