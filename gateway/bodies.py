"""Bodies of requests: counted while they come, never trusted to say how long they are."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from gateway.client_request import ClientRequest
from gateway.errors import Refusal
from gateway.incoming import Incoming
from gateway.routes import Route

HELD_MAX = 256 * 1024 * 1024
PATIENCE_SECONDS = 10.0
SLOW_BYTES_PER_SECOND = 1024
SLOW_UPLOAD_BYTES_PER_SECOND = 8 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Bodies:
    """Reads bodies within their limits and within what this process may hold."""

    def __init__(self) -> None:
        self.held_bytes = 0

    def at_hand(self, request: ClientRequest, incoming: Incoming, route: Route) -> bytes:
        """Return a body that has come to its end, as `read` does."""
        _check(incoming, route)
        body = request.content.read_nowait(-1)
        if len(body) > route.body_bytes:
            raise Refusal("payload_too_large", close=True)
        self._hold(len(body))
        return body

    async def read(self, request: ClientRequest, incoming: Incoming, route: Route) -> bytes:
        """Return the whole body; the caller gives it back with `release`.

        Raises Refusal: unsupported_media_type, payload_too_large, request_timeout, service_unavailable, bad_request.
        """
        if request.content.is_eof():
            return self.at_hand(request, incoming, route)
        declared = _check(incoming, route)
        self._hold(declared)
        taken = declared
        chunks: list[bytes] = []
        try:
            size = 0
            async for chunk in self._chunks(request, incoming, route, SLOW_BYTES_PER_SECOND):
                chunks.append(chunk)
                size += len(chunk)
                if size > taken:
                    self._hold(size - taken)
                    taken = size
        except BaseException:
            self.release(taken)
            raise
        self.release(taken - size)
        return b"".join(chunks)

    def stream(self, request: ClientRequest, incoming: Incoming, route: Route) -> tuple[int, AsyncIterator[bytes]]:
        """Return the declared length and the chunks of an upload as they come.

        Raises Refusal as `read` does, and length_required.
        """
        declared = _check(incoming, route)
        if not incoming.get(b"content-length"):
            raise Refusal("length_required", close=True)
        return declared, self._chunks(request, incoming, route, SLOW_UPLOAD_BYTES_PER_SECOND)

    def release(self, size: int) -> None:
        """Say that a body of that size is no longer held."""
        self.held_bytes -= size

    def _hold(self, size: int) -> None:
        if self.held_bytes + size > HELD_MAX:
            raise Refusal("service_unavailable", headers=[("Retry-After", "1")], close=True)
        self.held_bytes += size

    async def _chunks(
        self, request: ClientRequest, incoming: Incoming, route: Route, bytes_per_second: int
    ) -> AsyncIterator[bytes]:
        """Yield the body; every ten seconds must bring ten seconds' worth of it."""
        if incoming.get(b"expect") and request.transport is not None:
            request.protocol.writes.add(request.transport, _CONTINUE)
        loop = asyncio.get_running_loop()
        size = mark = 0
        until = loop.time() + PATIENCE_SECONDS
        try:
            while True:
                async with asyncio.timeout_at(until):
                    chunk = await request.content.readany()
                if not chunk:
                    return
                size += len(chunk)
                if size > route.body_bytes:
                    raise Refusal("payload_too_large", close=True)
                if size - mark >= bytes_per_second * PATIENCE_SECONDS:
                    mark, until = size, loop.time() + PATIENCE_SECONDS
                yield chunk
        except TimeoutError:
            raise Refusal("request_timeout", close=True) from None
        except (RequestPayloadError, ClientPayloadError, HttpProcessingError) as error:
            raise Refusal("bad_request", "The body is broken.", close=True) from error


def _check(incoming: Incoming, route: Route) -> int:
    """Return the declared length, 0 when there is none."""
    if incoming.get(b"content-encoding").lower() not in {b"", b"identity"}:
        raise Refusal("unsupported_media_type", close=True)
    declared = int(incoming.get(b"content-length") or 0)
    if declared > route.body_bytes:
        raise Refusal("payload_too_large", close=True)
    return declared
