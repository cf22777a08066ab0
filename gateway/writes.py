"""Writes that go out together.

A write wakes whoever reads at the other end, and that costs more than the write itself. Who gets many writes at once,
or whose neighbours on the same machine do, is woken once.
"""

import asyncio

TOGETHER = 32


class Writes:
    """Keeps what is to be written until this turn of the event loop is over, or until there is enough of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def add(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write this soon."""
        waiting = self._waiting
        waiting.append((transport, data))
        if len(waiting) == 1:
            self._loop.call_soon(self.flush)
        elif len(waiting) >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write all that waits: to be called before a transport is written to, or closed, in any other way."""
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
