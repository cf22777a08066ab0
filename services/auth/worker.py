"""The worker process of auth: relay, consumer and clock."""

from services.auth import jobs
from services.auth.events import PUBLISHES, SNAPSHOTS
from services.auth.handlers import media, payments, people, practitioners
from services.auth.settings import settings
from shared import jobs as shared_jobs
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "auth",
        settings=settings(),
        handlers=[practitioners, payments, media, people],
        jobs=[jobs, shared_jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
