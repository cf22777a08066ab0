"""Telling a service's whole state to everybody who listens, for a person's command."""

from collections.abc import Iterable, Sequence

from shared.database import Database
from shared.messaging.snapshots import Teller, Told
from shared.messaging.topology import Participant


def republish(
    service: str,
    *,
    database_url: str,
    broker_url: str,
    types: Sequence[str] | None = None,
    reader: str | None = None,
    pages_per_second: float = 10.0,
) -> dict[str, Told]:
    """Send every state of a service as events with `snapshot: true`; return counts and digests by event type.

    `types` limits the event types; `reader` names the one service that shall hear it. It causes no effects but in
    replicas, and may be repeated. Raises ValueError for an unknown type, BrokerLost, NotConfirmed.
    """
    snapshots = Participant.of(service).snapshots
    known = {snapshot.declared.key for snapshot in snapshots}
    unknown = _beyond(types, known)
    if unknown:
        raise ValueError(f"{service} can tell {', '.join(sorted(known)) or 'nothing'} again, not {', '.join(unknown)}")
    database = Database(database_url, pool_size=2, application_name=f"{service}-republish")
    try:
        teller = Teller(service, database=database, broker_url=broker_url, snapshots=snapshots)
        return teller.tell(types, reader=reader, pages_per_second=pages_per_second)
    finally:
        database.close()


def _beyond(types: Iterable[str] | None, known: set[str]) -> list[str]:
    return sorted(set(types or ()) - known)
