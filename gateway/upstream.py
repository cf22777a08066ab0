"""One connection to a service.

Small on purpose: it talks to our own services only.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from gateway.upstream_answers import STREAM_BUFFER_BYTES, Answer, AnswerStream, BadAnswer, ConnectionDied, UpstreamError
from gateway.upstream_parser import AnswerParser
from gateway.wire import read_answer
from gateway.writes import Writes

Told = Callable[[Answer | UpstreamError], None]


class Connection(asyncio.Protocol):
    """One keep-alive connection; serves one request at a time.

    `deadline` (loop time) is watched by the pool's ticker, which costs nothing per request.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, writes: Writes) -> None:
        self._loop = loop
        self._writes = writes
        self._transport: asyncio.Transport | None = None
        self._told: Told | None = None
        self._busy = False
        self._head_only = False
        self._body_follows = False
        self._parser: AnswerParser | None = None
        self._drained: asyncio.Future[None] | None = None
        self._writing_paused = False
        self.deadline = 0.0
        self.idle_since = 0.0

    # What the pool and the proxy call.

    def send(self, data: bytes, *, head_only: bool, deadline: float, told: Told, body_follows: bool = False) -> None:
        """Send a request; `told` is called once, with the answer or with what went wrong.

        With `body_follows`, `write` and `end_body` send the rest.
        """
        self._head_only = head_only
        self._body_follows = body_follows
        self._parser = None
        self.deadline = deadline
        self._busy = True
        self._told = told
        if self._transport is None or self._transport.is_closing():
            self._fail(ConnectionDied(answered=False))
        elif body_follows:
            self._transport.write(data)
        else:
            self._writes.add(self._transport, data)

    async def write(self, chunk: bytes) -> None:
        """Send a part of the body; returns when the service has room for more. Raises ConnectionDied."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionDied(answered=self._parser is not None)
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

    def tell(self, outcome: Answer | UpstreamError) -> None:
        """Tell whoever asked, once."""
        told, self._told = self._told, None
        if told is not None:
            told(outcome)

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
        parser = self._parser
        if parser is None:
            answer = None if self._head_only else read_answer(data)
            if answer is not None:
                # As `_finish`, for what nearly every answer is.
                self._busy = False
                self.released(reusable=not self._body_follows)
                self.tell(answer)
                return
            parser = self._parser = AnswerParser(self, head_only=self._head_only)
        is_clean = parser.feed(data)
        if parser.is_complete:
            # Told only now: whoever is told may send the next request, and the parser must be done with this answer.
            self._finish(parser.answer(), reusable=is_clean and parser.keeps_alive)
        elif not is_clean:
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
            self._drained.set_exception(ConnectionDied(answered=self._parser is not None))
        if self._parser is not None and self._parser.until_close and exc is None:
            self._finish(self._parser.answer(), reusable=False)
        self._fail(ConnectionDied(answered=self._parser is not None))
        self.lost()

    def _finish(self, answer: Answer, *, reusable: bool) -> None:
        if self._busy:
            stream = self._release(reusable=reusable)
            if stream is not None:
                stream.finish()
            else:
                self.tell(answer)

    def _fail(self, error: UpstreamError) -> None:
        if self._busy:
            stream = self._release(reusable=False)
            if stream is not None:
                stream.fail(error)
            else:
                self.tell(error)

    def _release(self, *, reusable: bool) -> AnswerStream | None:
        """End the exchange; return the stream that its answer is handed over by, if it is."""
        parser, self._parser = self._parser, None
        self._busy = False
        self.released(reusable=reusable and not self._body_follows)
        if parser is None:
            return None
        parser.end()
        return parser.stream
