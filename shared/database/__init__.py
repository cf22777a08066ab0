"""PostgreSQL: one database a service, reached through one `Database` a process."""

from shared.database.engine import Database, connect, database, disconnect, joined, reading, retrying, transaction
from shared.database.models import Key, ModelBase, Money, Timestamps, Versioned, service_metadata

__all__ = [
    "Database",
    "Key",
    "ModelBase",
    "Money",
    "Timestamps",
    "Versioned",
    "connect",
    "database",
    "disconnect",
    "joined",
    "reading",
    "retrying",
    "service_metadata",
    "transaction",
]
