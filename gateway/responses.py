"""Answers written as ready bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from time import time
from typing import Any

from aiohttp.web import StreamResponse

from gateway.client_request import ClientRequest
from gateway.errors import phrase
from gateway.upstream_answers import UpstreamError

STREAM_SECONDS = 600.0

_STATUS_LINES = {status: f"HTTP/1.1 {status} {phrase(status)}\r\n".encode() for status in range(200, 600)}


class GatewayResponse:
    """An answer whose header lines are ready; the body is whole, or a stream that is sent as it comes.

    `lines` are parts of header lines that end with a line break each and hold neither length nor connection. What is
    no stream `is_whole`, and can be written at once; a stream without `length` is sent in chunks. `sent` is called at
    the end with the number of body bytes, also when the client went away before it, and `abandon` gives up what a
    stream comes from.
    """

    # What a class holds for all costs nothing to make: most answers change only a few of these.
    _written = 0
    _chunked = False
    _eof_sent = False
    _request: ClientRequest | None = None

    def __init__(
        self,
        status: int,
        lines: list[bytes],
        body: bytes = b"",
        *,
        stream: AsyncIterator[bytes] | None = None,
        length: int | None = None,
        bodyless: bool = False,
        close: bool = False,
        sent: Callable[[int], None] | None = None,
        abandon: Callable[[], None] | None = None,
    ) -> None:
        self.status = status
        self.keep_alive = not close
        self.is_whole = stream is None
        self._lines = lines
        self._whole = body
        self._stream = stream
        self._length = length
        self._bodyless = bodyless
        self._sent = sent
        self._abandon = abandon

    def write_out(self, request: ClientRequest) -> None:
        """Write the head, and a whole body with it. Raises ConnectionResetError when the client has left."""
        transport = request.protocol.transport
        if transport is None:
            raise ConnectionResetError("the client went away")
        self._request = request
        if not request.keep_alive:
            self.keep_alive = False
        body = b"" if self._bodyless or request.method == "HEAD" else self._whole
        if self._stream is not None:
            framing = self._stream_framing(request)
        else:
            framing = b"" if self._bodyless else b"Content-Length: %d\r\n" % len(self._whole)
        ending = b"\r\n" if self.keep_alive else b"Connection: close\r\n\r\n"
        self._written = len(body)
        data = b"".join((_STATUS_LINES[self.status], *self._lines, framing, ending, body))
        if self.is_whole:
            request.protocol.writes.add(transport, data)
        else:
            request.protocol.writes.flush()
            transport.write(data)

    def end(self) -> None:
        """Say that all of it is written, or that the rest never will be."""
        if self._abandon is not None:
            self._abandon()
        if self._sent is not None:
            self._sent(self._written)

    async def prepare(self, request: ClientRequest) -> None:
        """Send the head, and a whole body with it."""
        if self._request is None:
            self.write_out(request)
        if request.protocol.writing_paused:
            await request.writer.drain()

    def _stream_framing(self, request: ClientRequest) -> bytes:
        if self._length is not None:
            return b"Content-Length: %d\r\n" % self._length
        if request.takes_chunks:
            self._chunked = True
            return b"Transfer-Encoding: chunked\r\n"
        self.keep_alive = False
        return b""

    async def write_eof(self) -> None:
        """Send what is left."""
        if self._eof_sent or self._request is None:
            return
        self._eof_sent = True
        try:
            if self._stream is not None and self._request.method != "HEAD":
                async with asyncio.timeout(STREAM_SECONDS):
                    await self._send_stream(self._request, self._stream)
        except (UpstreamError, TimeoutError) as error:
            # The client can tell: the announced length, or the last chunk, is missing.
            raise ConnectionResetError("the answer cannot be finished") from error
        finally:
            self.end()

    async def _send_stream(self, request: ClientRequest, stream: AsyncIterator[bytes]) -> None:
        writer = request.writer
        async for chunk in stream:
            if not chunk:
                continue
            self._written += len(chunk)
            await writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk)
        if self._chunked:
            await writer.write(b"0\r\n\r\n")


# A WebSocket's answer is aiohttp's own.
Response = GatewayResponse | StreamResponse


class _Date:
    """The `Date` line, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def __call__(self) -> bytes:
        second = int(time())
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._line


date_line = _Date()


def header_lines(headers: Any) -> bytes:
    """Return header lines of pairs of text; line breaks in values are taken out."""
    return "".join(f"{name}: {_flat(value)}\r\n" for name, value in headers).encode("latin-1", errors="replace")


def _flat(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")
