"""Connections to the processes of a service, and what is sent on them."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.upstream import Connection, Told
from gateway.upstream_answers import ClientGone

if TYPE_CHECKING:
    from gateway.pool import Service


@dataclass(slots=True)
class UpstreamRequest:
    """A request ready for the wire: `head` is the request line and the headers, without `Host` and the empty line."""

    method: str
    head: bytes
    body: bytes
    seconds: float


@dataclass(slots=True, eq=False)
class Address:
    """One process of a service and the idle connections to it, the longest idle first."""

    host: str
    port: int
    host_line: bytes
    idle: list["Line"] = field(default_factory=list)
    out_until: float = 0.0


class Line(Connection):
    """A connection to one address of a service."""

    def __init__(self, loop: asyncio.AbstractEventLoop, service: "Service", address: Address) -> None:
        super().__init__(loop, service.writes)
        self._service = service
        self._address = address

    def ask(self, request: UpstreamRequest, told: Told, *, body_follows: bool = False) -> None:
        """Send a request; `told` is called once, with the answer or with what went wrong."""
        self._service.busy.add(self)
        self.send(
            b"".join((request.head, self._address.host_line, request.body)),
            head_only=request.method == "HEAD",
            deadline=self._loop.time() + request.seconds,
            told=told,
            body_follows=body_follows,
        )

    def desert(self) -> None:
        """End the exchange: its client has left."""
        self.abort(ClientGone())

    def released(self, *, reusable: bool) -> None:
        """Lie idle until the next request, or close."""
        self._service.busy.discard(self)
        self._service.leave()
        if reusable:
            self.idle_since = self._loop.time()
            self._address.idle.append(self)
        else:
            self.close()

    def lost(self) -> None:
        """Be forgotten."""
        if self in self._address.idle:
            self._address.idle.remove(self)


def address_of(url: str) -> Address:
    """Return where the process with that URL is reached."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    return Address(host, port, f"Host: {parts.netloc}\r\n\r\n".encode())
