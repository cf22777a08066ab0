"""What happens by itself in every service."""

from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.http.idempotency import purge
from shared.messaging import daily

AUDIT_MONTHS = 14


@daily(at="03:20")
def purge_idempotency_keys() -> None:
    """Delete idempotency keys older than 72 hours."""
    deleted = 1
    while deleted:
        with transaction() as session:
            deleted = purge(session)


@daily(at="03:25")
def keep_audit_partitions() -> None:
    """Make the audit trail's coming months, and drop those older than fourteen."""
    with transaction() as session:
        keep_partitions(session, "audit_log", now=utc_now(), keep_months=AUDIT_MONTHS)
