"""What goes over the wire, and how a connection is opened."""

import random
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pika

HEARTBEAT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to publish.

    `order` names what the message must not overtake: when one is refused, later ones of the same batch with an
    equal `order` are held back.
    """

    exchange: str
    key: str
    body: bytes
    message_id: str
    type: str
    app_id: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    correlation_id: str | None = None
    persistent: bool = True
    mandatory: bool = True
    order: Hashable = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the broker handed over; it stays the broker's until it is acknowledged."""

    tag: int
    body: bytes
    message_id: str
    type: str
    app_id: str
    headers: dict[str, Any]
    exchange: str
    key: str

    @property
    def crashes(self) -> int:
        """How often it was handed over before without an answer: its reader, the broker or the link died."""
        return int(self.headers.get("x-delivery-count", 0))

    @property
    def attempt(self) -> int:
        """How often a handler refused it for the moment."""
        return int(self.headers.get("x-attempt", 0))


class Backoff:
    """How long to wait before trying again: from 0.2 s, doubling to 5 s, each time half of it at random."""

    def __init__(self, *, first: float = 0.2, most: float = 5.0) -> None:
        self._first = first
        self._most = most
        self._next = first

    def reset(self) -> None:
        """Begin small again, after a success."""
        self._next = self._first

    def wait(self, stop: threading.Event) -> None:
        """Wait the present delay, or until `stop`."""
        delay = self._next * (0.5 + random.random() / 2)  # noqa: S311 - Spreads reconnects; no secret.
        self._next = min(self._most, self._next * 2)
        stop.wait(delay)


def parameters_of(url: str, name: str) -> pika.URLParameters:
    """Return how to connect: a dead peer is noticed within a minute, and the broker shows the connection's name."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_SECONDS
    parameters.blocked_connection_timeout = 30
    parameters.socket_timeout = 5
    parameters.stack_timeout = 10
    parameters.client_properties = {"connection_name": name}
    return parameters
