"""What happens by itself in auth."""

from prometheus_client import Gauge

from services.auth.operations.deletion import count_overdue, erase_due, erase_unverified, remind
from services.auth.operations.exporting import assemble_next, expire_exports
from services.auth.operations.keys import forget_signer, rotate_keys
from services.auth.operations.staff_changes import reset_second_factors_due
from services.auth.operations.sweeping import sweep
from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every

ACTIVITY_MONTHS = 14
ERASURE_OVERDUE = Gauge("erasure_overdue", "People whom some service has not erased a day after their deletion.")


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


@every(minutes=1)
def erase_people_due() -> None:
    """Erase the people whose fourteen days are over."""
    erased = 1
    while erased:
        with transaction() as session:
            erased = erase_due(session, now=utc_now())


@daily(at="04:10")
def erase_people_unverified() -> None:
    """Erase accounts that never proved their address; off unless UNVERIFIED_DAYS is set."""
    erased = 1
    while erased:
        with transaction() as session:
            erased = erase_unverified(session, now=utc_now())


@every(minutes=10)
def reset_second_factors() -> None:
    """Take second factors off that staff promised to people who lost theirs, a day after they were told."""
    with transaction() as session:
        reset_second_factors_due(session, now=utc_now())


@every(hours=1)
def watch_erasures() -> None:
    """Tell everybody again of people whom somebody has not erased within a day."""
    with transaction() as session:
        remind(session, now=utc_now())
        ERASURE_OVERDUE.set(count_overdue(session, now=utc_now()))


@every(minutes=1)
def assemble_exports() -> None:
    """Put exports together that are complete or waited for a day, and throw old archives away."""
    found = True
    while found:
        with transaction() as session:
            found = assemble_next(session, now=utc_now())
    with transaction() as session:
        expire_exports(session, now=utc_now())
