"""The way to one service: its addresses, how many requests may be under way, and when to stop asking.

Bulkhead: 64 requests in flight per process, 64 waiting for at most a second, then 503, so that a slow service
cannot take the gateway's memory with it.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.breaker import Breaker
from gateway.errors import Refusal
from gateway.line import Address, Line, UpstreamRequest, address_of
from gateway.upstream_answers import Answer, ClientGone, ConnectionDied, NotSent, TooSlow, UpstreamError
from gateway.writes import Writes

IN_FLIGHT_MAX = 64
WAITING_MAX = 64
WAITING_SECONDS = 1.0
CONNECT_SECONDS = 2.0
IDLE_SECONDS = 10.0
WRITE_IDLE_SECONDS = 1.0
ADDRESS_OUT_SECONDS = 2.0
_REPEATABLE = frozenset({"GET", "HEAD"})


class Service:
    """Everything the gateway holds about one service."""

    def __init__(self, name: str, urls: tuple[str, ...], loop: asyncio.AbstractEventLoop, writes: Writes) -> None:
        self.name = name
        self.writes = writes
        self.breaker = Breaker()
        self.in_flight = 0
        self._loop = loop
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._addresses = [address_of(url) for url in urls]
        self._turn = 0
        self.busy: set[Line] = set()

    def ready(self, method: str) -> Line | None:
        """Return an idle connection, and a slot with it: it must be used for one request, with `Line.ask`.

        None when there is none, when all slots are taken, and when the service is being left alone.
        """
        if self.in_flight >= IN_FLIGHT_MAX or self.breaker.is_open:
            return None
        line = self._idle(self._choose(), IDLE_SECONDS if method in _REPEATABLE else WRITE_IDLE_SECONDS)
        if line is not None:
            self.in_flight += 1
        return line

    async def exchange(self, request: UpstreamRequest) -> Answer:
        """Send the request and return the answer.

        Repeated once, on a new connection, when nothing was sent, or for GET and HEAD when the connection died
        before the first byte. Raises Refusal: service_unavailable, bad_gateway, gateway_timeout; ClientGone.
        """
        return await self._exchange(request, self._attempt)

    async def repeat(self, request: UpstreamRequest) -> Answer:
        """Send a request again, on a new connection, as `exchange` would."""
        return await self._exchange(request, self._attempt_anew)

    async def _exchange(
        self, request: UpstreamRequest, attempt: Callable[[UpstreamRequest], Awaitable[Answer]]
    ) -> Answer:
        self._ask_breaker()
        try:
            answer = await attempt(request)
        except UpstreamError as error:
            raise self.refusal(error) from error
        except BaseException:
            self.breaker.abandon()
            raise
        self.note(answer)
        return answer

    async def begin(self, request: UpstreamRequest) -> tuple[Line, "asyncio.Future[Answer]"]:
        """Send only the head, on a new connection, and return what to write the body to and the answer to come."""
        self._ask_breaker()
        try:
            line = await self._acquire(idle_seconds=0)
        except UpstreamError as error:
            raise self.refusal(error) from error
        except BaseException:
            self.breaker.abandon()
            raise
        self.breaker.record(self._loop.time(), failed=False)
        return line, self._coming(line, request, body_follows=True)

    def note(self, answer: Answer) -> None:
        """Count an answer for the breaker."""
        self.breaker.record(self._loop.time(), failed=answer.status in {502, 504})

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
        for connection in [line for line in self.busy if line.deadline < now]:
            connection.abort(TooSlow())
        for address in self._addresses:
            while address.idle and address.idle[0].idle_since < now - IDLE_SECONDS:
                address.idle.pop(0).close()

    def close(self) -> None:
        """Close every connection."""
        for address in self._addresses:
            while address.idle:
                address.idle.pop().close()
        for connection in list(self.busy):
            connection.abort(ConnectionDied(answered=True))

    def _ask_breaker(self) -> None:
        if not self.breaker.allows(self._loop.time()):
            raise Refusal("service_unavailable", headers=[("Retry-After", "5")])

    async def _attempt(self, request: UpstreamRequest) -> Answer:
        repeatable = request.method in _REPEATABLE
        line = await self._acquire(idle_seconds=IDLE_SECONDS if repeatable else WRITE_IDLE_SECONDS)
        try:
            return await self._answer(line, request)
        except ConnectionDied as error:
            if error.answered or not repeatable:
                raise
        return await self._attempt_anew(request)

    async def _attempt_anew(self, request: UpstreamRequest) -> Answer:
        return await self._answer(await self._acquire(idle_seconds=0), request)

    async def _answer(self, line: Line, request: UpstreamRequest) -> Answer:
        coming = self._coming(line, request)
        try:
            return await coming
        except asyncio.CancelledError:
            # Nobody waits any more. What is under way must not keep its slot until the service has answered.
            if coming.cancelled():
                line.abort(ClientGone())
            elif coming.exception() is None and (abandon := coming.result().abandon) is not None:
                abandon()
            raise

    def _coming(self, line: Line, request: UpstreamRequest, *, body_follows: bool = False) -> "asyncio.Future[Answer]":
        coming: asyncio.Future[Answer] = self._loop.create_future()

        def told(outcome: Answer | UpstreamError) -> None:
            if not coming.done():
                if isinstance(outcome, Answer):
                    coming.set_result(outcome)
                else:
                    coming.set_exception(outcome)

        line.ask(request, told, body_follows=body_follows)
        return coming

    async def _acquire(self, *, idle_seconds: float) -> Line:
        """Take a slot and a connection that has been idle for no longer than that; the slot goes with it."""
        if self.in_flight >= IN_FLIGHT_MAX:
            await self._wait_for_slot()
        self.in_flight += 1
        try:
            address = self._choose()
            return self._idle(address, idle_seconds) or await self._connect(address)
        except BaseException:
            self.leave()
            raise

    def _idle(self, address: Address, seconds: float) -> Line | None:
        """Return the connection that was used last, if that was within so many seconds."""
        idle = address.idle
        if not idle or not seconds:
            return None
        newest = self._loop.time() - seconds
        while idle and idle[-1].idle_since >= newest:
            line = idle.pop()
            if line.is_open:
                return line
        return None

    async def _connect(self, address: Address) -> Line:
        """Connect there, or, if that cannot be, once to the next address. Raises NotSent."""
        try:
            return await self._connect_to(address)
        except NotSent:
            return await self._connect_to(self._choose())

    async def _connect_to(self, address: Address) -> Line:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, line = await self._loop.create_connection(
                    lambda: Line(self._loop, self, address), address.host, address.port
                )
        except (OSError, TimeoutError) as error:
            address.out_until = self._loop.time() + ADDRESS_OUT_SECONDS
            raise NotSent from error
        return line

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

    def leave(self) -> None:
        """Give a slot back, to whoever waits longest."""
        self.in_flight -= 1
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break
