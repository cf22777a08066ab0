"""aiohttp's server, with our answers to what never becomes a request, and without its waits."""

import asyncio
from typing import Any

from aiohttp.http_exceptions import LineTooLong
from aiohttp.web import BaseRequest, RequestHandler, Server, StreamResponse

from gateway.errors import REFUSALS, error_envelope
from gateway.responses import GatewayResponse, date_line

HEADER_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 75.0
LINGER_SECONDS = 2.0
MAX_LINE_BYTES = 8190
# Services take 64; ours are added to the client's.
MAX_HEADERS = 50
_CANCELLED_METHODS = frozenset({"GET", "HEAD"})


class ClientConnection(RequestHandler):
    """One client's connection.

    A header block must be complete within ten seconds. When the client leaves, its reads are cancelled and its
    writes run on: somebody who pressed a button and closed the window has pressed the button.
    """

    __slots__ = ("_header_timer",)

    def __init__(self, manager: Server, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(manager, loop=loop, **options)
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the first request ten seconds to arrive."""
        super().connection_made(transport)
        self._header_timer = self._loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun must be complete in time, however slowly it trickles."""
        super().data_received(data)
        if not self._awaits_request:
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

    def handle_error(
        self,
        request: BaseRequest,  # noqa: ARG002 (aiohttp's signature)
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (aiohttp's signature)
    ) -> StreamResponse:
        """Answer what could not be parsed, in the envelope, and close: what follows cannot be trusted."""
        code = "bad_request" if status == 400 else "internal_error"
        if isinstance(exc, LineTooLong):
            code = "headers_too_large"
        if status >= 500:
            self.log_exception("a request failed in the server", exc_info=exc)
        refused, sentence = REFUSALS[code]
        body = error_envelope(message=sentence, code=code, request_id="")
        return GatewayResponse(refused, b"Content-Type: application/json\r\n" + date_line(), body, close=True)

    def _give_up(self) -> None:
        self._header_timer = None
        if self._awaits_request:
            self.force_close()

    @property
    def _awaits_request(self) -> bool:
        """Whether no whole request is at hand: none has begun, or its headers have not ended."""
        return self._current_request is None and not self._messages


class GatewayServer(Server):
    """Makes a ClientConnection for each client."""

    def __call__(self) -> ClientConnection:
        """Return the protocol of a new connection."""
        return ClientConnection(
            self,
            loop=self._loop,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            auto_decompress=False,
            access_log=None,
        )
