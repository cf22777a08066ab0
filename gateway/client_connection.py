"""A client's connection: aiohttp's, with our answers to what never becomes a request, and less work for what does."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from aiohttp import EMPTY_PAYLOAD, StreamReader
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web import RequestHandler, Server
from aiohttp.web_protocol import ERROR

from gateway.client_request import ClientRequest
from gateway.errors import REFUSALS, error_envelope
from gateway.responses import GatewayResponse, Response, date_line
from gateway.wire import BODY_BYTES_MAX, Requests
from gateway.writes import Writes

HEADER_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 75.0
LINGER_SECONDS = 2.0
MAX_LINE_BYTES = 8190
# Services take 64; ours are added to the client's.
MAX_HEADERS = 50
_CANCELLED_METHODS = frozenset({"GET", "HEAD"})
log = logging.getLogger("gateway")


class Handler(Protocol):
    """What makes answers."""

    def __call__(self, request: ClientRequest) -> Coroutine[Any, Any, Response] | None:
        """Answer with `request.reply`, now or later, or return what has to be awaited for the answer."""


class ClientConnection(RequestHandler):
    """One client's connection. Requests are answered one after the other, in the order they came.

    What is beyond doubt is read at once, the rest by aiohttp's parser. aiohttp's loop over requests, with two tasks and
    three objects for each, is replaced: most requests of a gateway need none of that. A task is made only for what has
    to be waited for here, `_request_in_progress` says that one is under way.

    A header block must be complete within ten seconds. When the client leaves, its reads are cancelled and its
    writes run on: somebody who pressed a button and closed the window has pressed the button.
    """

    __slots__ = ("_going_on", "_handler", "_header_timer", "_parser_is_empty", "_requests", "loop", "remote", "writes")

    def __init__(
        self,
        manager: Server,
        handler: Handler,
        requests: Requests,
        writes: Writes,
        *,
        loop: asyncio.AbstractEventLoop,
        **options: Any,
    ) -> None:
        super().__init__(manager, loop=loop, **options)
        self._handler = handler
        self._requests = requests
        self.writes = writes
        self._parser_is_empty = True
        self._header_timer: asyncio.TimerHandle | None = None
        self._going_on = False
        self.loop = loop
        self.remote = ""

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the first request ten seconds to arrive."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.remote = str(peer[0]) if isinstance(peer, tuple) else str(peer or "")
        self._header_timer = self._loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun must be complete in time, however slowly it trickles."""
        if self._parser_is_empty and not self._request_in_progress and not self._force_close and not self._close:
            read = self._requests.read(data)
            if read is not None:
                if self._header_timer is not None:
                    self._stop_header_timer()
                method, target, incoming, body = read
                content = self._content_of(body) if body else EMPTY_PAYLOAD
                self._begin(ClientRequest(self, method, target, content, incoming))
                return
        self._parse(data)
        if self._messages or self._request_in_progress:
            self._stop_header_timer()
            self._go_on()
        elif self._header_timer is None:
            self._header_timer = self._loop.call_later(HEADER_SECONDS, self._give_up)

    def eof_received(self) -> None:
        """Let what is written already go out: the transport closes now."""
        self.writes.flush()
        super().eof_received()

    def force_close(self) -> None:
        """Close, when what is written already has gone out."""
        self.writes.flush()
        super().force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop working for somebody who has left, unless the work changes something."""
        if self._header_timer is not None:
            self._header_timer.cancel()
        request: Any = self._current_request
        task = self._task_handler
        super().connection_lost(exc)
        if request is not None and request.method in _CANCELLED_METHODS:
            if request.abandon is not None:
                request.abandon()
            elif task is not None:
                # Not at once: it may not have begun, and would never await what it was made for.
                self._loop.call_soon(task.cancel)

    async def start(self) -> None:
        """Do nothing: this was aiohttp's loop over requests."""

    # What answers a request.

    def reply(self, answer: GatewayResponse) -> None:
        """Answer the request under way; what cannot be written at once is sent by a task."""
        request: Any = self._current_request
        has_come = not request.has_body or request.content.is_eof()
        if has_come and answer.is_whole and self.transport is not None and not self._upgraded:
            answer.write_out(request)
            if not self._paused:
                answer.end()
                self._done(keep_alive=answer.keep_alive)
                if self._messages:
                    self._go_on()
                return
        self.await_answer(_itself(answer))

    def await_answer(self, coming: Coroutine[Any, Any, Response]) -> None:
        """Wait in a task for the answer to the request under way, and send it."""
        self._task_handler = self._loop.create_task(self._serve(coming))

    def drop(self) -> None:
        """End the request under way without an answer: nobody waits for it."""
        self._done(keep_alive=False)

    # What goes on inside.

    def _parse(self, data: bytes) -> None:
        """Leave bytes to aiohttp's parser, and find out whether it has come to an end with them.

        It surely has when one request without a body came out and the last bytes are those that end its header lines.
        """
        is_first = not self._messages
        super().data_received(data)
        self._parser_is_empty = (
            is_first
            and len(self._messages) == 1
            and self._messages[0][1] is EMPTY_PAYLOAD
            and not self._upgraded
            and data.endswith(b"\r\n\r\n")
        )

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _content_of(self, body: bytes) -> StreamReader:
        content = StreamReader(self, BODY_BYTES_MAX, loop=self._loop)
        content.feed_data(body)
        content.feed_eof()
        return content

    def _go_on(self) -> None:
        """Begin the next requests, as long as each is answered at once."""
        if self._going_on:
            return
        self._going_on = True
        while self._messages and not self._request_in_progress and not self._force_close and not self._close:
            self._begin_next()
        self._going_on = False

    def _begin_next(self) -> None:
        message: Any
        message, payload = self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        if isinstance(message, RawRequestMessage):
            self._begin(ClientRequest(self, message.method, message.path, payload, None, message))
            return
        self._request_in_progress = True
        self._current_request = ClientRequest(self, "", "", payload, None, ERROR)  # type: ignore[assignment]
        self.reply(_unreadable(message.exc))

    def _begin(self, request: ClientRequest) -> None:
        self._request_in_progress = True
        self._current_request = request  # type: ignore[assignment]
        try:
            coming = self._handler(request)
        except Exception:
            log.exception("a request failed in the server")
            self.reply(_refusal("internal_error"))
            return
        if coming is not None:
            self.await_answer(coming)

    async def _serve(self, coming: Coroutine[Any, Any, Response]) -> None:
        keep_alive = False
        try:
            keep_alive = await self._send(coming)
        except ConnectionError:
            pass
        except Exception:
            log.exception("a connection failed")
        finally:
            self._done(keep_alive=keep_alive)
        self._go_on()

    async def _send(self, coming: Coroutine[Any, Any, Response]) -> bool:
        """Send an answer that is still to come; return whether the connection takes another request."""
        request: Any = self._current_request
        answer: Any
        try:
            answer = await coming
        except ConnectionError:
            raise
        except Exception:
            log.exception("a request failed in the server")
            answer = _refusal("internal_error")
        if self._upgraded:
            # Its second half reads on after an upgrade that was refused.
            _, is_lost = await self.finish_response(request, answer, None)
            if is_lost:
                return False
        else:
            await answer.prepare(request)
            await answer.write_eof()
        return await self._linger(request.content) and bool(answer.keep_alive)

    async def _linger(self, payload: StreamReader) -> bool:
        """Read the rest of a body that nobody wanted, for a moment: closed at once, the answer would be lost."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not payload.is_eof() and not self._force_close:
                    await payload.readany()
        except TimeoutError:
            return False
        return True

    def _done(self, *, keep_alive: bool) -> None:
        self._current_request = None
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        if not keep_alive or self._close or self._force_close:
            self.force_close()
            return
        self._next_keepalive_close_time = self._loop.time() + KEEP_ALIVE_SECONDS
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)

    def _process_keepalive(self) -> None:
        """Close a connection on which nothing has come for long."""
        self._keepalive_handle = None
        if self._request_in_progress or self._force_close:
            return
        if self._loop.time() < self._next_keepalive_close_time:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)
        else:
            self.force_close()

    def _give_up(self) -> None:
        self._header_timer = None
        if not self._request_in_progress and not self._messages:
            self.force_close()


async def _itself(answer: GatewayResponse) -> Response:
    return answer


def _unreadable(error: BaseException) -> GatewayResponse:
    """Return the answer to what could not be parsed."""
    return _refusal("headers_too_large" if isinstance(error, LineTooLong) else "bad_request")


def _refusal(code: str) -> GatewayResponse:
    """Return an answer in the envelope that closes the connection: what follows on it cannot be trusted."""
    status, sentence = REFUSALS[code]
    body = error_envelope(message=sentence, code=code, request_id="")
    return GatewayResponse(status, [b"Content-Type: application/json\r\n", date_line()], body, close=True)
