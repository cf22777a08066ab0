"""aiohttp's server, with our answers to what never becomes a request, and without what a gateway has no use for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import StreamReader
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web import RequestHandler, Server, StreamResponse
from aiohttp.web_protocol import ERROR

from gateway.client_request import ClientRequest
from gateway.errors import REFUSALS, error_envelope
from gateway.responses import GatewayResponse, date_line

HEADER_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 75.0
LINGER_SECONDS = 2.0
MAX_LINE_BYTES = 8190
# Services take 64; ours are added to the client's.
MAX_HEADERS = 50
_CANCELLED_METHODS = frozenset({"GET", "HEAD"})
log = logging.getLogger("gateway")
Handler = Callable[[ClientRequest], Awaitable[StreamResponse]]


class ClientConnection(RequestHandler):
    """One client's connection, served by one task.

    A header block must be complete within ten seconds. When the client leaves, its reads are cancelled and its
    writes run on: somebody who pressed a button and closed the window has pressed the button.
    """

    __slots__ = ("_header_timer", "_read_on", "loop", "remote")

    def __init__(self, manager: Server, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(manager, loop=loop, **options)
        self._header_timer: asyncio.TimerHandle | None = None
        self.loop = loop
        self.remote = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the first request ten seconds to arrive."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.remote = str(peer[0]) if isinstance(peer, tuple) else str(peer or "")
        self._header_timer = self._loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun must be complete in time, however slowly it trickles."""
        super().data_received(data)
        if self._messages or self._current_request is not None:
            if self._header_timer is not None:
                self._header_timer.cancel()
                self._header_timer = None
        elif self._header_timer is None:
            self._header_timer = self._loop.call_later(HEADER_SECONDS, self._give_up)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop working for somebody who has left, unless the work changes something."""
        if self._header_timer is not None:
            self._header_timer.cancel()
        request, task = self._current_request, self._task_handler
        super().connection_lost(exc)
        if request is not None and task is not None and request.method in _CANCELLED_METHODS:
            task.cancel()

    async def start(self) -> None:
        """Serve one request after the other until one side has had enough.

        aiohttp's own loop makes a task, a writer and a request with views of everything for each of them; here all
        is done in the connection's task, which halves the cost of a request in the server.
        """
        handler = cast("Handler", self._request_handler)
        try:
            while not self._force_close:
                message, payload = self._messages.popleft() if self._messages else await self._next_message()
                self._free_a_place()
                if not await self._serve(handler, message, payload):
                    break
                self._keep_alive_from_now()
        except asyncio.CancelledError:
            self.force_close()
            raise
        except Exception:
            log.exception("a connection failed")
            self.force_close()
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()

    async def _next_message(self) -> tuple[Any, StreamReader]:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return self._messages.popleft()

    def _free_a_place(self) -> None:
        """Let the parser go on where requests have been sent ahead of their answers."""
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()

    async def _serve(self, handler: Handler, message: Any, payload: StreamReader) -> bool:
        """Answer one request; return whether the connection takes another."""
        assert self._manager is not None
        self._manager.requests_count += 1
        self._request_in_progress = True
        try:
            if isinstance(message, RawRequestMessage):
                request = ClientRequest(message, payload, self)
                answer = await self._answer(handler, request)
            else:
                request, answer = ClientRequest(ERROR, payload, self), _unreadable(message.exc)
            if self._upgraded:
                _, is_lost = await self.finish_response(request, answer, None)  # type: ignore[arg-type]
                if is_lost:
                    return False
            else:
                await answer.prepare(request)  # type: ignore[arg-type]
                await answer.write_eof()
        except ConnectionError:
            return False
        finally:
            self._request_in_progress = False
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)
        self._keepalive = bool(answer.keep_alive)
        if payload is not EMPTY_PAYLOAD and not payload.is_eof():
            await self._linger(payload)
        return self._keepalive and not self._close and not self._force_close

    async def _answer(self, handler: Handler, request: ClientRequest) -> StreamResponse:
        self._current_request = request  # type: ignore[assignment]
        try:
            return await handler(request)
        except ConnectionError:
            raise
        except Exception:
            log.exception("a request failed in the server")
            return _refusal("internal_error")
        finally:
            self._current_request = None

    async def _linger(self, payload: StreamReader) -> None:
        """Read the rest of a body that nobody wanted, for a moment: closed at once, the answer would be lost."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not payload.is_eof() and not self._force_close:
                    await payload.readany()
        except TimeoutError:
            self.close()

    def _keep_alive_from_now(self) -> None:
        self._next_keepalive_close_time = self._loop.time() + KEEP_ALIVE_SECONDS
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)

    def _give_up(self) -> None:
        self._header_timer = None
        if self._current_request is None and not self._messages:
            self.force_close()


def _unreadable(error: BaseException) -> GatewayResponse:
    """Return the answer to what could not be parsed."""
    return _refusal("headers_too_large" if isinstance(error, LineTooLong) else "bad_request")


def _refusal(code: str) -> GatewayResponse:
    """Return an answer in the envelope that closes the connection: what follows on it cannot be trusted."""
    status, sentence = REFUSALS[code]
    body = error_envelope(message=sentence, code=code, request_id="")
    return GatewayResponse(status, b"Content-Type: application/json\r\n" + date_line(), body, close=True)


class GatewayServer(Server):
    """Makes a ClientConnection for each client."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(handler)  # type: ignore[arg-type]

    def __call__(self) -> ClientConnection:
        """Return the protocol of a new connection."""
        return ClientConnection(
            self,
            loop=self._loop,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            auto_decompress=False,
            access_log=None,
        )
