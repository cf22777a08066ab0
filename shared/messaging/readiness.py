"""Whether a service was told everything that it keeps copies of."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from shared.database import reading
from shared.messaging.tables import replica_states


def untold(connection: Connection, types: Iterable[str] | None = None) -> list[str]:
    """Return the event types whose states this service still waits to be told, of `types` or of all it asked for."""
    rows = connection.execute(select(replica_states.c.type, replica_states.c.completed_at))
    states = {row.type: row.completed_at for row in rows}
    return sorted(key for key in (states if types is None else types) if states.get(key) is None)


def replicas_check(types: Sequence[str] | None = None) -> str | None:
    """Return what the process's database still waits to be told, or None: a check for `/health/ready`.

    A web process, which does not know what its worker handles, asks without `types`.
    """
    try:
        with reading() as connection:
            waiting = untold(connection, types)
    except SQLAlchemyError:
        return "unknown"
    return f"waiting for {', '.join(waiting)}" if waiting else None
