"""What must exist in RabbitMQ, worked out from what each service publishes and handles.

    estuary.events     topic    every event, by type; what no queue takes goes to events.unrouted
    <service>.x        direct   a service's own exchange; keys in | retry.5s … | quarantine | dead
    snapshots          topic    states told again, for one reader: <reader>.<type>
    <service>.live     fanout   hints for connected processes; nothing is kept

Queues of a service: `in`, `retry.5s` … `retry.30m` (which give back to `in` when their time is over), `quarantine`
(messages whose reader died, taken one at a time) and `dead` (for people). All are quorum queues; everything that
can change later is set by policy, not by the queue's arguments.
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from shared.messaging.events import EventType
from shared.messaging.handlers import Handlers
from shared.messaging.names import (
    EVENTS,
    RETRIES,
    SNAPSHOT_COMPLETED,
    SNAPSHOT_REQUESTED,
    SNAPSHOTS,
    UNROUTED,
    live_exchange,
    own_exchange,
    queue_names,
)
from shared.messaging.snapshots import Snapshot

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = ROOT / "deploy" / "rabbitmq" / "definitions.json"

# Processes that hear events by a queue of their own (`shared.messaging.live`), by the user they connect as.
LISTENERS: Mapping[str, Sequence[str]] = {
    "gateway": ("session.revoked", "signing_keys.changed"),
    "notifications": ("session.revoked", "signing_keys.changed", "user.changed", "user.deleted"),
}


@dataclass(frozen=True, kw_only=True)
class Participant:
    """A service as RabbitMQ sees it: the events it announces, those it wants, and what it can tell again."""

    name: str
    publishes: tuple[type[Any], ...] = ()
    handlers: Handlers
    snapshots: tuple[Snapshot, ...] = ()
    nothing_to_tell: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str) -> "Participant":
        """Read a service's `events.py`, everything in `handlers/`, and the handlers that its `worker.py` imports."""
        worker = _module(f"services.{name}.worker")
        imported = [member for member in vars(worker).values() if isinstance(member, ModuleType)] if worker else []
        handlers = Handlers.of([*_modules(f"services.{name}.handlers"), *imported])
        events = _module(f"services.{name}.events")
        if events is None:
            return cls(name=name, handlers=handlers)
        return cls(
            name=name,
            handlers=handlers,
            publishes=published_by(events),
            snapshots=tuple(getattr(events, "SNAPSHOTS", ())),
            nothing_to_tell=tuple(getattr(events, "NOTHING_TO_TELL", ())),
        )

    @property
    def events(self) -> list[EventType]:
        """The announced events, by key."""
        return sorted((event.__event__ for event in self.publishes), key=lambda declared: declared.key)

    @property
    def has_own_events(self) -> bool:
        """Whether it announces anything beside what every service does."""
        return any(event.__module__.startswith(f"services.{self.name}.events") for event in self.publishes)

    @property
    def keys(self) -> list[str]:
        """The routing keys it may publish under."""
        return [declared.key for declared in self.events if not declared.live]

    @property
    def is_live(self) -> bool:
        """Whether it sends hints to connected processes."""
        return any(declared.live for declared in self.events)


def published_by(events: ModuleType) -> tuple[type[Any], ...]:
    """Return the event classes that a module declares, imports, or lists in PUBLISHES."""
    members = [*vars(events).values(), *getattr(events, "PUBLISHES", ())]
    found = {id(member): member for member in members if isinstance(member, type)}
    return tuple(member for member in found.values() if "__event__" in vars(member))


def participants(services: Iterable[str] | None = None) -> list[Participant]:
    """Return the services of this checkout, or those named, as RabbitMQ sees them."""
    return [Participant.of(name) for name in (service_names() if services is None else services)]


def service_names() -> list[str]:
    """Return the services of this checkout, sorted."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/__init__.py"))


def definitions(
    members: Sequence[Participant],
    *,
    virtual_host: str = "/",
    retries: Mapping[str, float] = RETRIES,
    lengths: Mapping[str, int] | None = None,
    listeners: Mapping[str, Sequence[str]] = LISTENERS,
) -> dict[str, Any]:
    """Return exchanges, queues, bindings, policies and rights in the form that RabbitMQ imports.

    Users are left out: their passwords belong to an installation. `retries` (seconds by name), `lengths` (messages
    by queue) and `listeners` differ in tests only.
    """
    limits = {"in": 200_000, "retry": 100_000, "quarantine": 20_000, "dead": 100_000, **(lengths or {})}
    host = {"vhost": virtual_host}
    exchanges = [(EVENTS, "topic"), (SNAPSHOTS, "topic"), (UNROUTED, "fanout")]
    queues, bindings = [UNROUTED], [(UNROUTED, UNROUTED, "")]
    policies = [
        _policy("events", EVENTS, "exchanges", {"alternate-exchange": UNROUTED}),
        _policy("unrouted", UNROUTED, "queues", {"max-length": 10_000, "overflow": "drop-head"}),
    ]
    for member in members:
        exchanges.append((own_exchange(member.name), "direct"))
        if member.is_live:
            exchanges.append((live_exchange(member.name), "fanout"))
        for name in queue_names(retries):
            queue = f"{member.name}.{name}"
            queues.append(queue)
            bindings.append((own_exchange(member.name), queue, name))
            policies.append(_policy(queue, queue, "queues", _queue_policy(member.name, name, retries, limits)))
        bindings += [(EVENTS, f"{member.name}.in", key) for key in wanted_keys(member)]
        bindings.append((SNAPSHOTS, f"{member.name}.in", f"{member.name}.#"))
    return {
        "exchanges": [_exchange(virtual_host, name, kind) for name, kind in exchanges],
        "queues": [
            {"name": name, **host, "durable": True, "auto_delete": False, "arguments": _arguments(name)}
            for name in queues
        ],
        "bindings": [_binding(virtual_host, *binding) for binding in bindings],
        "policies": [{**host, **policy} for policy in policies],
        "permissions": [{**host, **_permission(user, members, listeners)} for user in broker_users(members, listeners)],
        "topic_permissions": [
            {**host, "user": user, "exchange": exchange, **rights}
            for user in broker_users(members, listeners)
            for exchange, rights in _topic_rights(user, members, listeners).items()
        ],
    }


def _exchange(virtual_host: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "vhost": virtual_host,
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _binding(virtual_host: str, source: str, queue: str, key: str) -> dict[str, Any]:
    return {
        "source": source,
        "vhost": virtual_host,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": key,
        "arguments": {},
    }


def wanted_keys(member: Participant) -> list[str]:
    """Return the keys under which a service's `in` queue is bound to the events."""
    asked = [f"*.{SNAPSHOT_REQUESTED}"] if member.keys else []
    return [*member.handlers.keys, *asked]


def broker_users(members: Sequence[Participant], listeners: Mapping[str, Sequence[str]] = LISTENERS) -> list[str]:
    """Return the broker's users: the services, and readers that are none."""
    return sorted({member.name for member in members} | set(listeners))


def policies_by_name(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings of each policy."""
    return {policy["name"]: policy["definition"] for policy in definition["policies"]}


def _arguments(queue: str) -> dict[str, Any]:
    """Return what is fixed when a queue is made and can not change later."""
    if queue.endswith(".quarantine"):
        # One reader at a time, whatever number of workers runs: a message that kills its reader must meet no other.
        return {"x-queue-type": "quorum", "x-single-active-consumer": True}
    return {"x-queue-type": "quorum"}


def _queue_policy(service: str, name: str, retries: Mapping[str, float], limits: Mapping[str, int]) -> dict[str, Any]:
    """Return a queue's settings. At-least-once dead-lettering needs overflow=reject-publish, or it is silently off."""
    safely = {
        "dead-letter-exchange": own_exchange(service),
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
    }
    if name == "in":
        return {**safely, "dead-letter-routing-key": "dead", "delivery-limit": 20, "max-length": limits["in"]}
    if name == "quarantine":
        return {**safely, "dead-letter-routing-key": "dead", "delivery-limit": 3, "max-length": limits["quarantine"]}
    if name == "dead":
        return {"overflow": "reject-publish", "max-length": limits["dead"]}
    return {
        **safely,
        "dead-letter-routing-key": "in",
        "message-ttl": int(retries[name.removeprefix("retry.")] * 1000),
        "max-length": limits["retry"],
    }


def _policy(name: str, pattern: str, applies_to: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "pattern": f"^{re.escape(pattern)}$",
        "apply-to": applies_to,
        "definition": settings,
        "priority": 0,
    }


def _permission(user: str, members: Sequence[Participant], listeners: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return a user's rights: its own queues; the common exchanges to write to; nothing to declare but live queues."""
    member = next((one for one in members if one.name == user), None)
    writes = [rf"{user}\.live\..*"]
    reads = [rf"{user}\..*"]
    if member is not None:
        writes += [re.escape(EVENTS), re.escape(SNAPSHOTS), rf"{user}\.x"]
        if member.is_live:
            writes.append(re.escape(live_exchange(user)))
            reads.append(re.escape(live_exchange(user)))
    if user in listeners:
        reads.append(re.escape(EVENTS))
    return {
        "user": user,
        "configure": rf"^{user}\.live\..*$" if user in listeners else "^$",
        "write": f"^({'|'.join(writes)})$",
        "read": f"^({'|'.join(reads)})$",
    }


def _topic_rights(
    user: str, members: Sequence[Participant], listeners: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, str]]:
    """Return what a user may publish, exactly, and what its live queues may be bound to."""
    member = next((one for one in members if one.name == user), None)
    told = [] if member is None else [*member.keys, f"{user}.{SNAPSHOT_REQUESTED}"]
    again = "^$"
    if member is not None:
        tellable = "|".join(map(re.escape, [*member.keys, SNAPSHOT_COMPLETED]))
        again = rf"^[a-z0-9_]+\.({tellable})$"
    return {
        EVENTS: {"write": _any_of(told), "read": _any_of(listeners.get(user, ()))},
        SNAPSHOTS: {"write": again, "read": "^$"},
    }


def _any_of(keys: Iterable[str]) -> str:
    return f"^({'|'.join(map(re.escape, keys))})$"


def _module(name: str) -> ModuleType | None:
    """Import a module that a service may lack."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is not None and name.startswith(missing.name):
            return None
        raise


def _modules(package: str) -> list[ModuleType]:
    """Return a package and all modules in it, imported; nothing if there is no such package."""
    found = _module(package)
    if found is None:
        return []
    names = [module.name for module in pkgutil.iter_modules(getattr(found, "__path__", []))]
    return [found, *(importlib.import_module(f"{package}.{name}") for name in names)]


def render(members: Sequence[Participant] | None = None) -> str:
    """Return the checked-in definitions file as it ought to be."""
    return json.dumps(definitions(participants() if members is None else members), indent=1) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write deploy/rabbitmq/definitions.json; with --check, only say whether it is up to date."""
    wanted = render()
    if "--check" in arguments:
        fresh = DEFINITIONS.exists() and DEFINITIONS.read_text() == wanted
        if not fresh:
            print(f"{DEFINITIONS.relative_to(ROOT)} is stale: run python -m shared.messaging.topology")  # noqa: T201 - A command.
        return 0 if fresh else 1
    DEFINITIONS.parent.mkdir(parents=True, exist_ok=True)
    DEFINITIONS.write_text(wanted)
    return 0


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
