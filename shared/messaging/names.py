"""The fixed names in RabbitMQ, and how a service's own names are formed."""

from collections.abc import Mapping

EVENTS = "estuary.events"
SNAPSHOTS = "snapshots"
UNROUTED = "events.unrouted"
SNAPSHOT_REQUESTED = "snapshot.requested"
SNAPSHOT_COMPLETED = "snapshot.completed"

RETRIES: Mapping[str, float] = {"5s": 5, "30s": 30, "5m": 300, "30m": 1800}
ATTEMPTS_MAX = 8


def live_exchange(service: str) -> str:
    """Return the exchange of a service's hints to connected processes."""
    return f"estuary.{service}.live"


def own_exchange(service: str) -> str:
    """Return the exchange that leads to a service's own queues."""
    return f"{service}.x"


def retry_key(attempt: int) -> str:
    """Return where a message waits after its `attempt`-th refusal (from 1): 5 s, 30 s, 5 min, then 30 min."""
    names = list(RETRIES)
    return f"retry.{names[min(attempt, len(names)) - 1]}"


def queue_names(retries: Mapping[str, float] = RETRIES) -> list[str]:
    """Return the last words of the names of a service's queues."""
    return ["in", *(f"retry.{name}" for name in retries), "quarantine", "dead"]
