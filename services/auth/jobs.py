"""What happens by itself in auth."""

from services.auth.operations.keys import forget_signer, rotate_keys
from services.auth.operations.sweeping import sweep
from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every

ACTIVITY_MONTHS = 14


@every(hours=1)
def rotate_signing_keys() -> None:
    """Make the first signing key, the next one every thirty days, and withdraw those that are over."""
    with transaction() as session:
        rotate_keys(session, now=utc_now())
    forget_signer()


@every(minutes=10)
def sweep_expired() -> None:
    """Delete what has run out: links, revocations, counters, sessions that ended long ago."""
    while True:
        with transaction() as session:
            if not sweep(session, now=utc_now()):
                return


@daily(at="03:35")
def keep_activity_partitions() -> None:
    """Make the activity log's coming months, and drop those older than 400 days."""
    with transaction() as session:
        keep_partitions(session, "activities", now=utc_now(), keep_months=ACTIVITY_MONTHS)
