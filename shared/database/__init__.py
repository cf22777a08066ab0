"""PostgreSQL: one database a service, reached through one `Database` a process."""

from shared.database.engine import (
    Database,
    bounded_reading,
    connect,
    database,
    disconnect,
    joined,
    reading,
    retrying,
    transaction,
)
from shared.database.models import Key, ModelBase, Money, Timestamps, Versioned, service_metadata
from shared.database.standby import let_reads_lag

__all__ = [
    "Database",
    "Key",
    "ModelBase",
    "Money",
    "Timestamps",
    "Versioned",
    "bounded_reading",
    "connect",
    "database",
    "disconnect",
    "joined",
    "let_reads_lag",
    "reading",
    "retrying",
    "service_metadata",
    "transaction",
]
