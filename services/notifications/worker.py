"""The worker process of notifications: relay, consumer and clock."""

from services.notifications import jobs
from services.notifications.events import PUBLISHES, SNAPSHOTS
from services.notifications.handlers import (
    accounts,
    auth,
    bookings,
    media,
    payments,
    practitioners,
    reviews,
    standing,
    streams,
)
from services.notifications.settings import settings
from shared import jobs as shared_jobs
from shared.identity import handlers as identity_handlers
from shared.messaging.worker import Worker


def create_worker() -> Worker:
    """Return the worker; `.run()` runs until it is told to stop."""
    return Worker(
        "notifications",
        settings=settings(),
        handlers=[
            identity_handlers,
            accounts,
            auth,
            bookings,
            media,
            payments,
            practitioners,
            reviews,
            standing,
            streams,
        ],
        jobs=[shared_jobs, jobs],
        publishes=PUBLISHES,
        snapshots=SNAPSHOTS,
    )
