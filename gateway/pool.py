"""The way to one service: its addresses, how many requests may be under way, and when to stop asking.

Bulkhead: 64 requests in flight per process, 64 waiting for at most a second, then 503, so that a slow service
cannot take the gateway's memory with it.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.breaker import Breaker
from gateway.errors import Refusal
from gateway.upstream import Connection
from gateway.upstream_answers import Answer, ClientGone, ConnectionDied, NotSent, TooSlow, UpstreamError

IN_FLIGHT_MAX = 64
WAITING_MAX = 64
WAITING_SECONDS = 1.0
CONNECT_SECONDS = 2.0
IDLE_SECONDS = 10.0
WRITE_IDLE_SECONDS = 1.0
ADDRESS_OUT_SECONDS = 2.0
_REPEATABLE = frozenset({"GET", "HEAD"})


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
    idle: list[Connection] = field(default_factory=list)
    out_until: float = 0.0


class Service:
    """Everything the gateway holds about one service."""

    def __init__(self, name: str, urls: tuple[str, ...], loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self.breaker = Breaker()
        self.in_flight = 0
        self._loop = loop
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._addresses = [_address(url) for url in urls]
        self._turn = 0
        self._busy: set[Connection] = set()

    async def exchange(self, request: UpstreamRequest) -> Answer:
        """Send the request and return the answer.

        Repeated once, on a new connection, when nothing was sent, or for GET and HEAD when the connection died
        before the first byte. Raises Refusal: service_unavailable, bad_gateway, gateway_timeout; ClientGone.
        """
        self._ask_breaker()
        try:
            answer = await self._attempt(request)
        except UpstreamError as error:
            raise self.refusal(error) from error
        except BaseException:
            self.breaker.abandon()
            raise
        self.breaker.record(self._loop.time(), failed=answer.status in {502, 504})
        return answer

    async def begin(self, request: UpstreamRequest) -> "tuple[Connection, asyncio.Future[Answer]]":
        """Send only the head, on a new connection, and return what to write the body to and the answer to come."""
        self._ask_breaker()
        try:
            connection, address = await self._acquire(idle_seconds=0)
        except UpstreamError as error:
            raise self.refusal(error) from error
        except BaseException:
            self.breaker.abandon()
            raise
        self.breaker.record(self._loop.time(), failed=False)
        return connection, self._send(connection, address, request, body_follows=True)

    def refusal(self, error: UpstreamError) -> Refusal:
        """Note the failure and return what the client is told of it. Raises ClientGone again."""
        if isinstance(error, ClientGone):
            self.breaker.abandon()
            raise error
        unreachable = isinstance(error, NotSent | ConnectionDied)
        self.breaker.record(self._loop.time(), failed=True, connection=unreachable)
        return Refusal("gateway_timeout" if isinstance(error, TooSlow) else "bad_gateway")

    def tick(self) -> None:
        """End what is past its deadline and close what has been idle for long; called four times a second."""
        now = self._loop.time()
        for connection in [busy for busy in self._busy if busy.deadline < now]:
            connection.abort(TooSlow())
        for address in self._addresses:
            while address.idle and address.idle[0].idle_since < now - IDLE_SECONDS:
                address.idle.pop(0).close()

    def close(self) -> None:
        """Close every connection."""
        for address in self._addresses:
            while address.idle:
                address.idle.pop().close()
        for connection in list(self._busy):
            connection.abort(ConnectionDied(answered=True))

    def _ask_breaker(self) -> None:
        if not self.breaker.allows(self._loop.time()):
            raise Refusal("service_unavailable", headers=[("Retry-After", "5")])

    async def _attempt(self, request: UpstreamRequest) -> Answer:
        repeatable = request.method in _REPEATABLE
        connection, address = await self._acquire(idle_seconds=IDLE_SECONDS if repeatable else WRITE_IDLE_SECONDS)
        try:
            return await self._answer(connection, address, request)
        except ConnectionDied as error:
            if error.answered or not repeatable:
                raise
        connection, address = await self._acquire(idle_seconds=0)
        return await self._answer(connection, address, request)

    async def _answer(self, connection: Connection, address: Address, request: UpstreamRequest) -> Answer:
        coming = self._send(connection, address, request)
        try:
            return await coming
        except asyncio.CancelledError:
            # Nobody waits any more. What is under way must not keep its slot until the service has answered.
            if coming.cancelled():
                connection.abort(ClientGone())
            elif coming.exception() is None and (abandon := coming.result().abandon) is not None:
                abandon()
            raise

    async def _acquire(self, *, idle_seconds: float) -> tuple[Connection, Address]:
        """Take a slot and a connection that has been idle for no longer than that; the slot goes with it."""
        if self.in_flight >= IN_FLIGHT_MAX:
            await self._wait_for_slot()
        self.in_flight += 1
        try:
            address = self._choose()
            newest = self._loop.time() - idle_seconds
            while idle_seconds and address.idle and address.idle[-1].idle_since >= newest:
                connection = address.idle.pop()
                if connection.is_open:
                    return connection, address
            return await self._connect(address)
        except BaseException:
            self._leave()
            raise

    async def _connect(self, address: Address) -> tuple[Connection, Address]:
        """Connect there, or, if that cannot be, once to the next address. Raises NotSent."""
        try:
            return await self._connect_to(address), address
        except NotSent:
            other = self._choose()
            return await self._connect_to(other), other

    async def _connect_to(self, address: Address) -> Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._loop, lambda lost: _forget(address, lost)), address.host, address.port
                )
        except (OSError, TimeoutError) as error:
            address.out_until = self._loop.time() + ADDRESS_OUT_SECONDS
            raise NotSent from error
        return connection

    def _send(
        self, connection: Connection, address: Address, request: UpstreamRequest, *, body_follows: bool = False
    ) -> "asyncio.Future[Answer]":
        def released(connection: Connection, reusable: bool) -> None:  # noqa: FBT001 (the shape of a callback)
            self._busy.discard(connection)
            self._leave()
            if reusable:
                connection.idle_since = self._loop.time()
                address.idle.append(connection)
            else:
                connection.close()

        self._busy.add(connection)
        return connection.send(
            b"".join((request.head, address.host_line, request.body)),
            head_only=request.method == "HEAD",
            deadline=self._loop.time() + request.seconds,
            released=released,
            body_follows=body_follows,
        )

    def _choose(self) -> Address:
        """Return the next address in turn, passing over those that refused a moment ago."""
        if len(self._addresses) == 1:
            return self._addresses[0]
        now = self._loop.time()
        for _ in self._addresses:
            self._turn = (self._turn + 1) % len(self._addresses)
            if self._addresses[self._turn].out_until <= now:
                break
        return self._addresses[self._turn]

    async def _wait_for_slot(self) -> None:
        if len(self._waiting) >= WAITING_MAX:
            raise Refusal("service_unavailable", headers=[("Retry-After", "1")])
        turn = self._loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(WAITING_SECONDS):
                await turn
        except TimeoutError:
            raise Refusal("service_unavailable", headers=[("Retry-After", "1")]) from None
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)

    def _leave(self) -> None:
        self.in_flight -= 1
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break


def _address(url: str) -> Address:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    return Address(host, port, f"Host: {parts.netloc}\r\n\r\n".encode())


def _forget(address: Address, connection: Connection) -> None:
    if connection in address.idle:
        address.idle.remove(connection)
