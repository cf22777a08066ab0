"""One connection to a service.

Small on purpose: it talks to our own services only. httptools parses; an answer of up to 64 KiB is handed over
whole, a larger one as a stream with back-pressure.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httptools

from gateway.upstream_answers import (
    STREAM_BUFFER_BYTES,
    Answer,
    AnswerStream,
    BadAnswer,
    ConnectionDied,
    Headers,
    UpstreamError,
)

WHOLE_BYTES = 64 * 1024
MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024
Told = Callable[[Answer | UpstreamError], None]


class Connection(asyncio.Protocol):
    """One keep-alive connection; serves one request at a time.

    `deadline` (loop time) is watched by the pool's ticker, which costs nothing per request.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._told: Told | None = None
        self._busy = False
        self._drained: asyncio.Future[None] | None = None
        self._writing_paused = False
        self.deadline = 0.0
        self.idle_since = 0.0
        self._begin(head_only=False)

    def _begin(self, *, head_only: bool) -> None:
        self._head_only = head_only
        self._body_follows = False
        self._headers: Headers = []
        self._header_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._length: int | None = None
        self._until_close = False
        self._status = 0
        self._answered = False
        self._complete = False
        self._keeps_alive = False
        self._stream: AnswerStream | None = None

    # What the pool and the proxy call.

    def send(self, data: bytes, *, head_only: bool, deadline: float, told: Told, body_follows: bool = False) -> None:
        """Send a request; `told` is called once, with the answer or with what went wrong.

        With `body_follows`, `write` and `end_body` send the rest.
        """
        self._begin(head_only=head_only)
        self._body_follows = body_follows
        self.deadline = deadline
        self._busy = True
        self._told = told
        if self._transport is None or self._transport.is_closing():
            self._fail(ConnectionDied(answered=False))
        else:
            self._transport.write(data)

    async def write(self, chunk: bytes) -> None:
        """Send a part of the body; returns when the service has room for more. Raises ConnectionDied."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionDied(answered=self._answered)
        self._transport.write(chunk)
        if self._writing_paused:
            self._drained = self._loop.create_future()
            await self._drained

    def end_body(self) -> None:
        """Say that the body is complete: only then may the connection be used again."""
        self._body_follows = False

    def abort(self, error: UpstreamError) -> None:
        """End the exchange and the connection with it."""
        if self._transport is not None:
            self._transport.abort()
        self._fail(error)

    def close(self) -> None:
        """Close an idle connection."""
        if self._transport is not None:
            self._transport.close()

    @property
    def is_open(self) -> bool:
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def pause(self) -> None:
        """Read no more for now; nobody's fault, so no deadline runs meanwhile."""
        self.deadline = float("inf")
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self.touch()
        if self._transport is not None:
            self._transport.resume_reading()

    def touch(self) -> None:
        """Give the rest of a stream a minute from now."""
        self.deadline = self._loop.time() + 60

    # What the owner makes of it.

    def released(self, *, reusable: bool) -> None:
        """Take note that the exchange is over, and whether the connection may be used again."""
        raise NotImplementedError

    def lost(self) -> None:
        """Take note that the connection is no more."""
        raise NotImplementedError

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream = cast("asyncio.Transport", transport)
        stream.set_write_buffer_limits(high=STREAM_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            # Bytes that nobody asked for would be read as the next request's answer.
            self.close()
            return
        self._answered = True
        is_clean = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, BadAnswer):
            is_clean = False
        if self._complete:
            # Told only now: whoever is told may send the next request, and the parser must be done with this answer.
            self._finish(reusable=is_clean and self._keeps_alive)
        elif not is_clean:
            self.abort(BadAnswer())
        elif not self._status:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self.abort(BadAnswer())

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(ConnectionDied(answered=self._answered))
        if self._until_close and exc is None:
            self._finish(reusable=False)
        self._fail(ConnectionDied(answered=self._answered))
        self.lost()

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._complete:
            # More than one answer to one request.
            raise BadAnswer

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) >= MAX_HEADERS:
            raise BadAnswer
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status: int = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise BadAnswer
            self._headers = []
            return
        self._status = status
        chunked = False
        for name, value in self._headers:
            if name == b"content-length":
                self._length = int(value)
            elif name == b"transfer-encoding":
                chunked = True
        if self._head_only:
            # The parser would wait for the body that Content-Length announces; the next answer gets a new one.
            self._parser = httptools.HttpResponseParser(self)
            self._complete = self._keeps_alive = True
            return
        self._until_close = not chunked and self._length is None and status not in {204, 304}
        if (self._length or 0) > WHOLE_BYTES:
            self._start_stream()

    def on_body(self, chunk: bytes) -> None:
        if self._stream is not None:
            self.touch()
            self._stream.feed(chunk)
            return
        self._body.append(chunk)
        self._body_bytes += len(chunk)
        if self._body_bytes > WHOLE_BYTES:
            self._start_stream()

    def on_message_complete(self) -> None:
        if self._status >= 200:
            self._complete = True
            # Asked after the end, the parser speaks of the next answer.
            self._keeps_alive = self._parser.should_keep_alive()

    def _start_stream(self) -> None:
        self._stream = stream = AnswerStream(self)
        self.touch()
        for chunk in self._body:
            stream.feed(chunk)
        self._body = []
        self._tell(Answer(self._status, self._headers, b"", stream, self._length, stream.close))

    def _finish(self, *, reusable: bool) -> None:
        if not self._busy:
            return
        stream = self._stream
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._release(reusable=reusable)
        if stream is not None:
            stream.finish()
        elif self._told is not None:
            told, self._told = self._told, None
            told(Answer(self._status, self._headers, body, None, self._length))

    def _fail(self, error: UpstreamError) -> None:
        if not self._busy:
            return
        stream = self._stream
        self._release(reusable=False)
        if stream is not None:
            stream.fail(error)
        else:
            self._tell(error)

    def _tell(self, outcome: Answer | UpstreamError) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(outcome)

    def _release(self, *, reusable: bool) -> None:
        self._busy = self._until_close = False
        self.released(reusable=reusable and not self._body_follows)
