"""aiohttp's server, whose connections are ours."""

from aiohttp.web import Server

from gateway.client_connection import KEEP_ALIVE_SECONDS, MAX_HEADERS, MAX_LINE_BYTES, ClientConnection, Handler
from gateway.wire import Requests
from gateway.writes import Writes


class GatewayServer(Server):
    """Makes a ClientConnection for each client."""

    def __init__(self, handler: Handler, writes: Writes) -> None:
        super().__init__(handler)  # type: ignore[arg-type]
        self._handler = handler
        self._writes = writes
        self._requests = Requests()

    def __call__(self) -> ClientConnection:
        """Return the protocol of a new connection."""
        return ClientConnection(
            self,
            self._handler,
            self._requests,
            self._writes,
            loop=self._loop,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            auto_decompress=False,
            access_log=None,
        )
