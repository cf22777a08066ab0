"""Who did what: an append-only trail of decisions that staff may have to explain later.

The table is partitioned by month and refuses UPDATE and DELETE; `keep_partitions` makes months ahead and drops old
ones.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, PrimaryKeyConstraint, Table, Text, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.database.tables import metadata
from shared.identity import Identity as Caller
from shared.observability import logger

MONTHS_AHEAD = 2
log = logger(__name__)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, Identity()),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor_user_id", BigInteger),
    Column("actor_role", Text, nullable=False),
    Column("acting_staff_id", BigInteger),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("client_ip", Text),
    Column("request_id", Text),
    Column("details", JSONB, nullable=False),
    PrimaryKeyConstraint("id", "at"),
    Index("ix_audit_log_subject", "subject_type", "subject_id", "at"),
    Index("ix_audit_log_actor", "actor_user_id", "at"),
    postgresql_partition_by="RANGE (at)",
)


def audit(
    session: Session, action: str, *, by: Caller, subject: tuple[str, object], details: Mapping[str, Any] | None = None
) -> None:
    """Write one line in the caller's transaction. `details` holds no secrets and no more of a person than needed."""
    session.execute(
        insert(audit_log).values(
            at=utc_now(),
            action=action,
            actor_user_id=by.user_id or None,
            actor_role=by.role,
            acting_staff_id=by.actor_id,
            subject_type=subject[0],
            subject_id=str(subject[1]),
            client_ip=by.client_ip or None,
            request_id=by.request_id or None,
            details=dict(details or {}),
        )
    )


def keep_partitions(session: Session, table: str, *, now: datetime, keep_months: int | None = None) -> None:
    """Make `table`'s monthly partitions up to two months ahead, and drop those older than `keep_months`.

    `table` is one of our own names, partitioned by a range of instants; partitions are named
    `partition_<table>_<yyyymm>`.
    """
    first = _month(now.astimezone(UTC).date(), 0)
    for ahead in range(-1, MONTHS_AHEAD + 1):
        _make_partition(session, table, _month(first, ahead), _month(first, ahead + 1))
    if keep_months is None:
        return
    oldest = f"partition_{table}_{_month(first, -keep_months):%Y%m}"
    names = session.scalars(
        text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE :like AND relname < :oldest"),
        {"like": f"partition_{table}_%", "oldest": oldest},
    )
    for name in names.all():
        session.execute(text(f"DROP TABLE {name}"))


def _make_partition(session: Session, table: str, start: date, end: date) -> None:
    """Make one month's partition; a month whose rows lie in the default partition already stays there."""
    statement = (
        f"CREATE TABLE IF NOT EXISTS partition_{table}_{start:%Y%m} PARTITION OF {table} "
        f"FOR VALUES FROM ('{start}') TO ('{end}')"
    )
    try:
        with session.begin_nested():
            session.execute(text(statement))
    except IntegrityError:
        log.info("month_stays_in_default_partition", table=table, month=f"{start:%Y-%m}")


def _month(day: date, offset: int) -> date:
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)
