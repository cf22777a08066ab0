"""Declaring what a service does when an event arrives, and finding the right function for a message."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from shared.messaging.errors import Unreadable
from shared.messaging.events import wire_key
from shared.messaging.messages import Message
from shared.messaging.schemas import load, schema_of

E = TypeVar("E")
Handler = Callable[[Session, E, Message], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One function that wants one event, in the form that it reads."""

    key: str
    version: int
    reads: type[Any]
    function: Handler[Any]

    @property
    def is_replica(self) -> bool:
        """Whether the event may carry whole states, so that a new reader asks for all of them."""
        return self.key.removesuffix(f".v{self.version}").endswith(".changed")

    @property
    def origin(self) -> str:
        """Where the function stands, for documentation: `bookings.handlers.payments.confirm_paid_booking`."""
        return f"{self.function.__module__}.{getattr(self.function, '__name__', 'handler')}"


def handles(name: str, reads: type[E], *, version: int = 1) -> Callable[[Handler[E]], Handler[E]]:
    """Declare that the function below applies the event `name`, read as the dataclass `reads`.

    A name may begin with `*.` for any first word.

    The function gets a session whose transaction also remembers that the event was applied: either both are
    committed or neither. It raises NotYet to be called again later; any other DomainError ends in the dead
    queue. It must not commit, and must not call anything over a network.
    """

    def declare(function: Handler[E]) -> Handler[E]:
        schema_of(reads)
        found = getattr(function, "__handles__", ())
        subscription = Subscription(key=wire_key(name, version), version=version, reads=reads, function=function)
        function.__handles__ = (*found, subscription)  # type: ignore[attr-defined]
        return function

    return declare


class Handlers:
    """Every subscription of a service, by event."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._by_key: dict[str, list[Subscription]] = {}
        for subscription in subscriptions:
            self._by_key.setdefault(subscription.key, []).append(subscription)

    @classmethod
    def of(cls, modules: Iterable[ModuleType | SimpleNamespace]) -> "Handlers":
        """Collect the `@handles` functions that are defined in `modules`, or imported into them."""
        seen: dict[int, Handler[Any]] = {}
        for module in modules:
            for member in vars(module).values():
                if getattr(member, "__handles__", None) is not None:
                    seen[id(member)] = member
        return cls(subscription for function in seen.values() for subscription in _declared(function))

    def joined(self, others: "Handlers") -> "Handlers":
        """Return these subscriptions and `others`."""
        return Handlers([*self.subscriptions, *others.subscriptions])

    @property
    def keys(self) -> list[str]:
        """The routing keys to bind, sorted."""
        return sorted(self._by_key)

    @property
    def replica_keys(self) -> list[str]:
        """Those of them that carry whole states, sorted."""
        return sorted(key for key, found in self._by_key.items() if any(one.is_replica for one in found))

    @property
    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, by event and then in the order of declaration."""
        return [one for key in self.keys for one in self._by_key[key]]

    def apply(self, session: Session, message: Message) -> None:
        """Call every function that wants the message. Raises Unreadable when none does, or it does not fit."""
        wanted = self._by_key.get(message.type) or self._by_key.get(f"*.{message.type.partition('.')[2]}")
        if not wanted:
            raise Unreadable(f"nothing here handles {message.type}")
        for one in wanted:
            if message.version != one.version:
                raise Unreadable(f"{message.type} has schema version {message.version}, read here is {one.version}")
            one.function(session, load(one.reads, message.data), message)


def _declared(function: Handler[Any]) -> tuple[Subscription, ...]:
    return tuple(function.__handles__)  # type: ignore[attr-defined]
