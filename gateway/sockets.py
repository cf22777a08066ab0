"""WebSockets, passed through message by message.

Both sides are real endpoints, so that a frame's size, a close code and an idle connection can be judged; what the
messages say is the realtime process's business.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import (
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    TCPConnector,
    WSCloseCode,
    WSMessage,
    WSMsgType,
)
from aiohttp.web import WebSocketResponse

from gateway.cors import Cors
from gateway.errors import Refusal
from gateway.exchange import Exchange
from gateway.incoming import Incoming
from gateway.metrics import Metrics
from gateway.responses import Response

MAX_MESSAGE_BYTES = 64 * 1024
IDLE_SECONDS = 70.0
HEARTBEAT_SECONDS = 30.0
MAX_PER_ADDRESS = 100
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 5.0
_FORBIDDEN_PARAMETERS = re.compile(r"(?:^|&)(?:token|access_token|jwt)(?:=|&|$)", re.IGNORECASE)
# Sixteen bytes in base64. Source: RFC 6455, section 4.2.1.
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_HANDSHAKE = frozenset(
    {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"}
)
_COPIED = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})


class _Accepted(WebSocketResponse):
    """aiohttp's socket without the header that names its version.

    One that is closed for what its client sends, says so and reads on (`lingers`): closed with bytes unread, a
    connection is reset, and the reset would overtake the code.
    """

    lingers = False

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self._headers.popall("Server", None)

    def _set_code_close_transport(self, code: WSCloseCode) -> None:
        transport = self._req.transport if self._req is not None else None
        if code != WSCloseCode.ABNORMAL_CLOSURE or self._close_code is None or transport is None:
            super()._set_code_close_transport(code)
        elif not transport.is_closing():
            self.lingers = True
            transport.write_eof()


class Sockets:
    """All sockets of one process; `finished` is told of each when it is closed."""

    def __init__(
        self,
        realtime_urls: tuple[str, ...],
        cors: Cors,
        metrics: Metrics,
        *,
        finished: Callable[[Exchange, int, int], None],
    ) -> None:
        self._finished = finished
        self._addresses = [urlsplit(url).netloc for url in realtime_urls]
        self._cors = cors
        self._metrics = metrics
        self._turn = 0
        self._per_address: Counter[str] = Counter()
        self._open: set[WebSocketResponse] = set()
        self._session: ClientSession | None = None

    async def serve(self, exchange: Exchange, headers: bytes) -> Response:
        """Connect to realtime, accept the client, copy until one side closes.

        `headers` are the lines for the service. Raises Refusal: bad_request, permission_denied, rate_limited,
        service_unavailable, and whatever realtime refuses the handshake with.
        """
        self._judge(exchange)
        self._per_address[exchange.address] += 1
        try:
            return await self._connect(exchange, headers)
        finally:
            self._per_address[exchange.address] -= 1
            if not self._per_address[exchange.address]:
                del self._per_address[exchange.address]

    async def close(self) -> None:
        """Tell every client that we go away (1001)."""
        await asyncio.gather(
            *(socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart") for socket in list(self._open)),
            return_exceptions=True,
        )
        if self._session is not None:
            await self._session.close()

    def _judge(self, exchange: Exchange) -> None:
        incoming = exchange.said
        if exchange.request.method != "GET" or incoming.get(b"upgrade").lower() != b"websocket":
            raise Refusal("bad_request", "Connect to this address as a WebSocket.")
        key = _KEY.fullmatch(incoming.get(b"sec-websocket-key"))
        if not exchange.request.upgrades or incoming.get(b"sec-websocket-version") != b"13" or key is None:
            raise Refusal("bad_request", "This is not the handshake of a WebSocket, version 13.")
        origin = incoming.get(b"origin")
        if origin and not self._cors.allows(origin):
            raise Refusal("permission_denied", "This origin may not connect.")
        if _FORBIDDEN_PARAMETERS.search(exchange.query):
            raise Refusal("bad_request", "Never put a token in an address; ask for a ticket.")
        if self._per_address[exchange.address] >= MAX_PER_ADDRESS:
            raise Refusal("rate_limited", headers=[("Retry-After", "30")])

    async def _connect(self, exchange: Exchange, headers: bytes) -> Response:
        query = f"?{exchange.query}" if exchange.query else ""
        self._turn = (self._turn + 1) % len(self._addresses)
        if self._session is None:
            self._session = ClientSession(connector=TCPConnector(limit=0), auto_decompress=False)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                service = await self._session.ws_connect(
                    f"ws://{self._addresses[self._turn]}{exchange.place.encoded}{query}",
                    protocols=_protocols(exchange.said),
                    headers=_pairs(headers),
                    max_msg_size=0,
                    autoping=True,
                    timeout=ClientWSTimeout(ws_close=CLOSE_SECONDS),
                )
        except (ClientError, OSError, TimeoutError) as error:
            raise _handshake_refusal(error) from error
        client = _Accepted(
            protocols=(service.protocol,) if service.protocol else (),
            timeout=CLOSE_SECONDS,
            max_msg_size=MAX_MESSAGE_BYTES,
            heartbeat=HEARTBEAT_SECONDS,
            compress=False,
        )
        await client.prepare(exchange.request.for_aiohttp())
        self._open.add(client)
        self._metrics.sockets.inc()
        try:
            await _copy_both_ways(client, service, exchange.route.message_bytes)
        finally:
            self._metrics.sockets.dec()
            self._open.discard(client)
            self._finished(exchange, 101, 0)
            await service.close()
        if client.lingers:
            # Ends with the client's connection, if not before.
            await asyncio.sleep(CLOSE_SECONDS)
        return client


async def _copy_both_ways(client: WebSocketResponse, service: ClientWebSocketResponse, message_bytes: int) -> None:
    """Copy until one side closes, then close the other with the same code."""
    to_service = asyncio.create_task(_copy(client, service, message_bytes))
    to_client = asyncio.create_task(_copy(service, client))
    try:
        await asyncio.wait({to_service, to_client}, return_when=asyncio.FIRST_COMPLETED)
        if client.close_code is None:
            # The service takes no more: its close code may still be on the way behind what was sent to it meanwhile.
            await asyncio.wait({to_client}, timeout=CLOSE_SECONDS)
    finally:
        for task in (to_service, to_client):
            task.cancel()
        await asyncio.gather(to_service, to_client, return_exceptions=True)
    code = _close_code(service.close_code)
    if client.close_code is not None and service.close_code is None:
        await service.close(code=_close_code(client.close_code))
    if not client.closed:
        await client.close(code=code)


async def _copy(
    source: WebSocketResponse | ClientWebSocketResponse,
    sink: WebSocketResponse | ClientWebSocketResponse,
    message_bytes: int = 0,
) -> None:
    """Copy until there is no more; a message over `message_bytes` ends it, if that is not 0."""
    while True:
        try:
            message: WSMessage = await source.receive(
                timeout=IDLE_SECONDS if isinstance(source, WebSocketResponse) else None
            )
        except TimeoutError:
            await source.close(code=WSCloseCode.GOING_AWAY, message=b"idle")
            return
        if message.type not in _COPIED:
            return
        if message_bytes and _size(message.data) > message_bytes:
            # The service would end the connection over it, and what it says could be lost with the connection.
            await source.close(code=WSCloseCode.MESSAGE_TOO_BIG, message=b"too large")
            return
        try:
            if message.type is WSMsgType.TEXT:
                await sink.send_str(message.data)
            else:
                await sink.send_bytes(message.data)
        except ConnectionError:
            return


def _size(data: str | bytes) -> int:
    return len(data.encode() if isinstance(data, str) else data)


def _close_code(code: int | None) -> int:
    """Return a code that may be sent: 1005 and 1006 only describe a connection that ended without one."""
    if code is None or code in {1004, 1005, 1006} or not (1000 <= code <= 1014 or code >= 3000):
        return WSCloseCode.INTERNAL_ERROR
    return code


def _protocols(incoming: Incoming) -> tuple[str, ...]:
    offered = incoming.get(b"sec-websocket-protocol").decode("latin-1")
    return tuple(part.strip() for part in offered.split(",") if part.strip())


def _pairs(headers: bytes) -> list[tuple[str, str]]:
    lines = (line.partition(": ") for line in headers.decode("latin-1").split("\r\n") if line)
    return [(name, value) for name, _, value in lines if name.lower() not in _HANDSHAKE]


def _handshake_refusal(error: Exception) -> Refusal:
    """Return what the client is told when realtime does not accept: its own status where we have a word for it."""
    codes = {400: "bad_request", 401: "authentication_failed", 403: "permission_denied", 429: "rate_limited"}
    code = codes.get(getattr(error, "status", 0), "service_unavailable")
    return Refusal(code, headers=[("Retry-After", "5")] if code in {"service_unavailable", "rate_limited"} else ())
