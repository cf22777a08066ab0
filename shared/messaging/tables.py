"""The tables that messaging keeps in every service's database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.tables import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("aggregate_type", Text, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("sequence", BigInteger),
    Column("epoch", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False, server_default=false()),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("correlation_id", Uuid),
    Column("causation_id", Uuid),
    Column("traceparent", Text),
    Column("actor", JSONB),
    Column("payload", JSONB, nullable=False),
    Column("published_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    UniqueConstraint("event_id"),
    UniqueConstraint("aggregate_type", "aggregate_id", "sequence", "type"),
    Index("outbox_pending", "seq", postgresql_where=text("published_at IS NULL")),
)

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("processed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("consumer", "event_id"),
    Index("inbox_processed", "processed_at"),
)

# One row: how often this database was set back to an earlier state.
event_epoch = Table(
    "event_epoch",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("epoch", BigInteger, nullable=False, server_default="1"),
)

# What this service still has to be told, or was told completely, before its replicas can be trusted.
replica_states = Table(
    "replica_states",
    metadata,
    Column("type", Text, primary_key=True),
    Column("requested_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    Column("source", Text),
    Column("told", BigInteger),
)

# Whom this service still has to tell its whole state.
snapshot_requests = Table(
    "snapshot_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("types", JSONB, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("completed_at", DateTime(timezone=True)),
)

# When jobs that only one worker may run were last started.
job_runs = Table(
    "job_runs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
)
