"""The worker process of streams: relay, consumer and clock."""

from services.streams.events import NOTHING_TO_TELL, PUBLISHES, SNAPSHOTS
from services.streams.handlers import auth
from services.streams.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "streams",
        settings=settings(),
        handlers=[identity_handlers, auth],
        jobs=[shared_jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
        nothing_to_tell=NOTHING_TO_TELL,
    )
