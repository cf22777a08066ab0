"""What comes back from a service: an answer, whole or as a stream, or an error that says how it failed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

WHOLE_BYTES = 64 * 1024
STREAM_BUFFER_BYTES = 128 * 1024
BODYLESS = frozenset({204, 304})


class UpstreamError(Exception):
    """The service did not answer in a usable way; the subclass says how."""


class NotSent(UpstreamError):
    """Nothing was sent: the connection could not be made."""


class ConnectionDied(UpstreamError):
    """The connection ended; `answered` says whether a byte of the answer had come."""

    def __init__(self, *, answered: bool) -> None:
        super().__init__("connection died")
        self.answered = answered


class BadAnswer(UpstreamError):
    """What came is not an HTTP answer that we accept."""


class TooSlow(UpstreamError):
    """The answer did not begin, or did not go on, in time."""


class ClientGone(UpstreamError):
    """Nobody waits for this answer any more."""


@dataclass(slots=True)
class Answer:
    """A service's answer: `body` when it is whole, else `stream`, which is given up with `abandon`.

    `said` holds, by names in lower case, the fields that the gateway decides by; `lines` are those for the client.
    """

    status: int
    said: dict[bytes, bytes]
    lines: list[bytes]
    body: bytes
    stream: AsyncIterator[bytes] | None = None
    length: int | None = None
    abandon: Callable[[], None] | None = None


class Source(Protocol):
    """The connection that a stream comes from."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read on."""

    def abort(self, error: UpstreamError) -> None:
        """End the connection."""


class AnswerStream:
    """The body of a large answer, chunk by chunk; the service waits while nobody reads."""

    def __init__(self, connection: Source) -> None:
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._paused = False
        self._ended = False
        self._error: UpstreamError | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> "AnswerStream":
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        if self._paused and self._buffered < STREAM_BUFFER_BYTES // 2:
            self._paused = False
            self._connection.resume()
        return chunk

    def close(self) -> None:
        """Give the answer up; harmless when it has ended."""
        if not self._ended and self._error is None:
            self._connection.abort(ClientGone())

    def feed(self, chunk: bytes) -> None:
        """Take the next part."""
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        if not self._paused and self._buffered > STREAM_BUFFER_BYTES:
            self._paused = True
            self._connection.pause()
        self._wake()

    def finish(self) -> None:
        """Take note that this was all."""
        self._ended = True
        self._wake()

    def fail(self, error: UpstreamError) -> None:
        """Take note that the rest will not come."""
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def make_whole(answer: Answer) -> None:
    """Read an error's body that did not come whole; a huge one is nothing that we could show."""
    assert answer.stream is not None
    chunks, size = [], 0
    try:
        async for chunk in answer.stream:
            chunks.append(chunk)
            size += len(chunk)
            if size > WHOLE_BYTES:
                chunks = []
                break
    except UpstreamError:
        chunks = []
    finally:
        if answer.abandon is not None:
            answer.abandon()
    answer.body, answer.stream = b"".join(chunks), None
