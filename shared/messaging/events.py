"""Declaring what a service announces."""

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import Any, TypeVar, cast

C = TypeVar("C", bound=type)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """The name, schema version and manner of an event.

    `state`: the payload is the subject's whole public state, so the newest one suffices.
    `live`: a hint for connected processes only; sent to the service's fan-out exchange, kept nowhere, may be lost.
    """

    name: str
    version: int = 1
    state: bool = False
    live: bool = False

    @property
    def key(self) -> str:
        """The `type` on the wire and the routing key; a second schema version is another key beside the first."""
        return wire_key(self.name, self.version)


def wire_key(name: str, version: int) -> str:
    """Return the routing key of a schema version: `booking.confirmed`, `booking.confirmed.v2`."""
    return name if version == 1 else f"{name}.v{version}"


def event(name: str, *, version: int = 1, state: bool = False, live: bool = False) -> Callable[[C], C]:
    """Declare a frozen dataclass as the payload of the event `name` (`<aggregate>.<fact>`).

    Its schema is derived from its annotations (`schema_of`). A change that old readers could not take is a new
    class with the next `version`, recorded beside the old one.
    """

    def declare(payload: C) -> C:
        if not is_dataclass(payload) or not payload.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise TypeError(f"@event({name!r}) belongs above @dataclass(frozen=True, slots=True, kw_only=True)")
        payload.__event__ = EventType(  # type: ignore[attr-defined]
            name=name, version=version, state=state, live=live
        )
        return payload

    return declare


def event_type(payload: Any) -> EventType:
    """Return the declaration of an event class or instance. Raises TypeError for anything else."""
    declared = getattr(payload, "__event__", None)
    if declared is None:
        raise TypeError(f"{payload!r} is not declared with @event")
    return cast("EventType", declared)
